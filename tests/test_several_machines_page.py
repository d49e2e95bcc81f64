"""The code and the commands of docs/several_machines.md run, and make the tables of one undisturbed run."""

import shlex
import subprocess
import sys
import types
from pathlib import Path

import loky.backend  # noqa: F401 - which makes its way to start processes known to dask
import pytest
from pages import blocks, folder_with

import boltzmann_rl as brl
from boltzmann_rl.cli import main
from boltzmann_rl.cli.parser import parser
from boltzmann_rl.runs.executors.choice import library_of

BLOCKS = blocks("several_machines.md")
FILE = next(text for language, text in BLOCKS if text.startswith("# study.py"))
CLUSTER = next(text for language, text in BLOCKS if "SLURMCluster" in text)
JOINING, SCRIPT = (text for language, text in BLOCKS if language == "bash")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with the file of the page, from which Python imports; the tables are tested, not the figures."""
    monkeypatch.setattr("boltzmann_rl.results.folders.draw", lambda folder, name, figure: {})
    with folder_with("study", FILE, tmp_path, monkeypatch) as found:
        yield found


def command(line, capsys):
    """Run a command of the page; those that need a cluster are only parsed."""
    program, *arguments = shlex.split(line)
    assert program == "boltzmann-rl"
    if "--executor" in arguments:
        assert library_of(parser().options_of(arguments).executor) is not None
        return
    assert main(arguments) == 0, capsys.readouterr().err


def shell(script, folder, **variables):
    """Run a script of the page, with the command ``boltzmann-rl``."""
    (folder / "bin").mkdir(exist_ok=True)
    program = folder / "bin" / "boltzmann-rl"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m boltzmann_rl.cli "$@"\n')
    program.chmod(0o755)
    path = f"{program.parent}:/usr/bin:/bin"
    given = {"PATH": path, "PYTHONPATH": str(Path(brl.__file__).parents[1]), "HOME": str(folder), **variables}
    subprocess.run(["bash", "-ec", script], env=given, check=True, timeout=600)


def tables(folder):
    """The bytes of each table in a folder."""
    return {path.name: path.read_bytes() for path in folder.glob("*.csv")}


def test_the_code_and_the_commands_run_from_top_to_bottom(folder, capsys):
    namespace = {"__name__": "page"}
    for language, text in BLOCKS:
        if language == "sh":
            for line in text.splitlines():
                command(line, capsys)
        elif language == "python" and text not in (FILE, CLUSTER):
            exec(compile(text, "several_machines.md", "exec"), namespace)
    assert brl.load("results/study").manifest["runs"] == 200
    assert len(namespace["sweep"].run(progress=False).runs) == 200 * 2 * (3 + 1)  # seeds; temperatures, and one ε


def test_parts_of_two_machines_whose_cells_are_copied_together_are_one_run(folder, capsys):
    parts = [text for language, text in BLOCKS if language == "sh" and "--results" in text]
    assert [text.split("--results ")[1].strip() for text in parts] == ["here", "there"]
    for text in parts:
        command(text, capsys)
    kept = [sorted(path.name for path in Path(where, "study", "cells").iterdir()) for where in ("here", "there")]
    assert all(kept), "both machines have work"
    assert not tables(Path("here/study"))
    shell(JOINING, folder)
    assert sorted(path.name for path in Path("here/study/cells").iterdir()) == sorted([*kept[0], *kept[1]]), (
        "none is new"
    )
    assert main(["run", "study.py", "--quiet", "--results", "whole"]) == 0
    assert len(tables(Path("whole/study"))) == 4
    assert tables(Path("here/study")) == tables(Path("whole/study"))


def test_the_script_for_a_batch_system_does_all_parts(folder):
    for part in ("1", "2"):
        shell(SCRIPT, folder, SLURM_ARRAY_TASK_ID=part, SLURM_ARRAY_TASK_COUNT="2", SLURM_CPUS_PER_TASK="1")
    assert main(["plot", "results/study"]) == 0
    assert brl.load("results/study").manifest["runs"] == 200


def test_the_code_for_a_cluster_of_dask_runs_on_a_cluster_on_this_machine(folder, monkeypatch):
    """dask-jobqueue needs SLURM: in its place a cluster of two processes takes the same calls."""
    dask, distributed = pytest.importorskip("dask"), pytest.importorskip("distributed")
    asked = []

    class Cluster(distributed.LocalCluster):
        def __init__(self, **options):
            asked.append(options)
            super().__init__(n_workers=2, threads_per_worker=1, dashboard_address=":0", silence_logs=50, memory_limit=0)

        def scale(self, jobs):
            if jobs:
                asked.append(jobs)
            else:  # at the end
                super().scale(0)

    monkeypatch.setitem(sys.modules, "dask_jobqueue", types.SimpleNamespace(SLURMCluster=Cluster))
    from study import EXPERIMENT

    namespace = {"EXPERIMENT": EXPERIMENT}
    code = CLUSTER.replace("wait_for_workers(16)", "wait_for_workers(2)")
    assert code != CLUSTER
    with dask.config.set({"distributed.worker.multiprocessing-method": "loky"}):
        exec(compile(code, "several_machines.md", "exec"), namespace)
        namespace["cluster"].close()
    assert asked == [{"cores": 16, "processes": 16, "memory": "32GB", "walltime": "04:00:00"}, 4]
    whole = EXPERIMENT.run(progress=False)
    assert brl.load("results/study").runs.equals(whole.runs)
