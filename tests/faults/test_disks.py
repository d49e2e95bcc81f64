"""Disks that are full, read-only or fail: said before the work where it can be known, and nothing is lost where not."""

import os
import resource
import shutil
import subprocess
import sys

import pytest
from started import LAKE, WITHOUT_FIGURES, Run, contents, declared, segments
from test_kills import keys_in, undisturbed

import boltzmann_rl as brl

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a limit on the size of files, and mounts of one's own")


def mounts():
    """The command before one that may mount file systems of its own; None where that is not allowed."""
    for command in (["unshare", "-m"], ["unshare", "-Urm"]):
        tried = [*command, "sh", "-c", "mount -t tmpfs tmpfs /mnt"]
        if shutil.which("unshare") and subprocess.run(tried, capture_output=True, check=False).returncode == 0:
            return command
    return None


def mounted(folder, mount, runs=1):
    """A run whose folder ``results`` is mounted; what is in it is copied to ``after`` at the end."""
    command = mounts()
    if command is None:
        pytest.skip("this user may not mount a file system")
    script = f'{mount} && "$@"; status=$?; cp -r results after; exit $status'
    before = [*command, "sh", "-c", script, "sh"]
    return Run(folder, "run", "file.py", "--quiet", "--runs", runs, "--jobs", 1, before=before, code=WITHOUT_FIGURES)


def test_a_disk_that_is_too_small_is_refused_before_the_work(tmp_path):
    (tmp_path / "file.py").write_text(declared(LAKE, 10, 1000), "utf-8")
    (tmp_path / "results").mkdir()
    status, _, error = mounted(tmp_path, "mount -t tmpfs -o size=256k tmpfs results", 10).ends()
    assert status == 1
    assert "results/x: the cells that are missing take about" in " ".join(error.split())
    assert not (tmp_path / "after" / "x" / "cells").exists()


def test_a_disk_that_fills_up_ends_the_run_with_its_path_and_loses_nothing(tmp_path):
    """The disk has room for the numbers of the cells, but not for their heads and the tables as well."""
    expected = undisturbed(tmp_path, declared(LAKE, 20, 50))
    (tmp_path / "results").mkdir()
    sizes = sum(map(len, segments(tmp_path / "undisturbed" / "x").values()))
    mount = f"mount -t tmpfs -o size={sizes // 1000 + 24}k tmpfs results"
    status, _, error = mounted(tmp_path, mount, 20).ends()
    assert status == 1
    assert "No space left on device" in error
    assert "results/x/" in error
    shutil.rmtree(tmp_path / "results")
    (tmp_path / "after").rename(tmp_path / "results")
    before = keys_in(segments(tmp_path / "results" / "x"))
    assert before
    names = {}
    exec((tmp_path / "file.py").read_text("utf-8"), names)
    names["EXPERIMENT"].run(progress=False, results=tmp_path / "results")
    assert contents(tmp_path / "results" / "x") == expected
    keys = keys_in(segments(tmp_path / "results" / "x"))
    assert len(keys) == len(set(keys)) == 40


def test_a_read_only_disk_is_refused_before_the_work(tmp_path):
    (tmp_path / "file.py").write_text(declared(LAKE, 10, 10), "utf-8")
    (tmp_path / "results").mkdir()
    mount = "mount --bind results results && mount -o remount,ro,bind results"
    status, _, error = mounted(tmp_path, mount, 10).ends()
    assert status == 1
    assert "results/x: Read-only file system" in error
    assert not list((tmp_path / "after").iterdir())


@pytest.mark.parametrize("limit", [0, 100, 3000, 6000])
def test_a_file_that_may_not_grow_ends_the_run_with_its_path(tmp_path, limit):
    expected = undisturbed(tmp_path, declared(LAKE, 2, 20))
    names = {}
    exec((tmp_path / "file.py").read_text("utf-8"), names)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        with pytest.raises(OSError, match="File too large") as error:
            names["EXPERIMENT"].run(progress=False, results=tmp_path / "results")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert str(tmp_path / "results" / "x") in str(error.value)
    there = keys_in(segments(tmp_path / "results" / "x"))
    names["EXPERIMENT"].run(progress=False, results=tmp_path / "results")
    assert contents(tmp_path / "results" / "x") == expected
    keys = keys_in(segments(tmp_path / "results" / "x"))
    assert set(there) <= set(keys)
    assert len(keys) == len(set(keys)) == 4


@pytest.mark.parametrize("mask", [0o077, 0o022])
def test_all_files_have_the_permissions_that_the_umask_gives_them(tmp_path, mask):
    agents = {"cool": brl.Agent(brl.SampleAverage(), brl.Boltzmann(0.1))}
    experiment = brl.BanditExperiment("x", brl.GaussianBandit(arms=3), agents, runs=20, steps=5, seed=1)
    before = os.umask(mask)
    try:
        experiment.run(progress=False, results=tmp_path / "results")
    finally:
        os.umask(before)
    found = {path: path.stat().st_mode & 0o777 for path in (tmp_path / "results").rglob("*")}
    assert len(found) >= 7
    assert found == {path: (0o777 if path.is_dir() else 0o666) & ~mask for path in found}
