"""Cached machine code: used again, and never used if it is damaged, stale or of another function."""

import ast
import errno
import os
import shutil
import subprocess
import sys
from functools import cache as cache_of_calls
from pathlib import Path

import numba
import numpy as np
import pytest

import boltzmann_rl
from boltzmann_rl.kernels import cache
from boltzmann_rl.kernels.cache import CheckedCache
from boltzmann_rl.kernels.jit import compiled
from boltzmann_rl.kernels.sources import files_below

PACKAGE = Path(boltzmann_rl.__file__).parent


def half(x):
    return x / 2


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))
    return tmp_path


def fresh():
    """The function as in a new process: its result for 7, which is 3.5, and whether it came from the disk."""
    function = compiled(half)
    return function(7.0), sum(function.stats.cache_hits.values()) == 1


def only_file(folder):
    (path,) = folder.rglob("*.nbc")
    return path


def test_the_installed_numba_has_the_internals_that_the_cache_uses(folder):
    assert type(compiled(half)._cache) is CheckedCache


def test_machine_code_is_found_again_and_each_signature_has_one_file(folder):
    assert fresh() == (3.5, False)
    assert fresh() == (3.5, True)
    assert compiled(half)(np.float32(7.0)) == 3.5
    assert fresh() == (3.5, True)
    assert len([path for path in folder.rglob("*") if path.is_file()]) == 2


def emptied(path):
    path.write_bytes(b"")


def cut_in_the_checksum(path):
    path.write_bytes(path.read_bytes()[:20])


def cut_after_the_checksum(path):
    path.write_bytes(path.read_bytes()[:32])


def cut_in_the_middle(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def one_byte_short(path):
    path.write_bytes(path.read_bytes()[:-1])


def one_byte_more(path):
    path.write_bytes(path.read_bytes() + b"0")


def zeros(path):
    path.write_bytes(bytes(path.stat().st_size))


def noise(path):
    path.write_bytes(np.random.default_rng(0).bytes(path.stat().st_size))


def gone(path):
    path.unlink()


def of_another_signature(path):
    compiled(half)(np.float32(7.0))
    (other,) = set(path.parent.iterdir()) - {path}
    path.write_bytes(other.read_bytes())
    other.unlink()


def link_to_nowhere(path):
    path.unlink()
    path.symlink_to(path.with_suffix(".gone"))


DAMAGES = (emptied, cut_in_the_checksum, cut_after_the_checksum, cut_in_the_middle, one_byte_short, one_byte_more,
           zeros, noise, gone, of_another_signature, link_to_nowhere)  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_damaged_file_is_compiled_again_and_replaced(folder, damage):
    fresh()
    damage(only_file(folder))
    assert fresh() == (3.5, False)
    assert fresh() == (3.5, True)


def test_a_flipped_bit_anywhere_is_detected(folder):
    fresh()
    path = only_file(folder)
    whole = path.read_bytes()
    for place in np.random.default_rng(0).integers(0, len(whole), 25).tolist():
        damaged = bytearray(whole)
        damaged[place] ^= 1 << place % 8
        path.write_bytes(damaged)
        assert fresh() == (3.5, False)


def test_a_folder_in_place_of_a_file_only_disables_the_cache(folder):
    fresh()
    path = only_file(folder)
    path.unlink()
    path.mkdir()
    assert fresh() == fresh() == (3.5, False)


def test_an_unreadable_file_is_compiled_again(folder, monkeypatch):
    fresh()

    def refuse(path):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    with monkeypatch.context() as denied:
        denied.setattr(
            Path, "read_bytes", lambda path: refuse(path) if path.suffix == ".nbc" else path.open("rb").read()
        )
        assert fresh() == (3.5, False)


def test_the_code_of_another_version_of_numba_is_not_used(folder, monkeypatch):
    fresh()
    with monkeypatch.context() as other:
        other.setattr(numba, "__version__", "0.0.1")
        assert fresh() == (3.5, False)
    assert fresh() == (3.5, True)


def test_few_versions_are_kept_and_those_that_are_used_stay(folder, monkeypatch):
    """As of several copies of the package, one of which changes again and again."""
    assert fresh() == (3.5, False)
    for version in range(cache.KEPT + 3):
        with monkeypatch.context() as other:
            other.setattr(numba, "__version__", f"0.0.{version}")
            assert fresh() == (3.5, False)
            assert fresh() == (3.5, True)
        kept = list(folder.rglob("*.nbc"))
        assert len(kept) == min(version + 2, cache.KEPT)
        for age, path in enumerate(sorted(kept, key=lambda path: path.stat().st_mtime, reverse=True)):
            os.utime(path, ns=(0, path.stat().st_mtime_ns - 10**10 * (age + 1)))  # the clock may be coarse
        assert fresh() == (3.5, True)


def test_recompiling_deletes_only_what_these_sources_gave(folder, monkeypatch):
    fresh()
    with monkeypatch.context() as other:
        other.setattr(numba, "__version__", "0.0.1")
        fresh()
    function = compiled(half)
    function(7.0)
    function._cache.flush()
    assert len(list(folder.rglob("*.nbc"))) == 1
    assert fresh() == (3.5, False)


@pytest.mark.parametrize("call", ["write", "replace", "fsync", "mkdir"])
def test_a_full_disk_only_disables_the_cache(folder, monkeypatch, call):
    def full(*arguments, **options):
        raise OSError(errno.ENOSPC, "No space left on device")

    function = compiled(half)
    place = {"write": cache, "mkdir": Path}.get(call, os)
    monkeypatch.setattr(place, call, full)
    assert function(7.0) == 3.5
    assert not [path for path in folder.rglob("*") if path.is_file()]


def test_a_missing_folder_is_created_again(folder):
    function = compiled(half)
    for place in folder.iterdir():
        place.rmdir()
    assert function(7.0) == 3.5
    assert fresh() == (3.5, True)


def test_without_a_writable_folder_nothing_is_cached(monkeypatch):
    def refuse(cache, function):
        raise RuntimeError("cannot cache function 'half': no locator available for file")

    monkeypatch.setattr(CheckedCache, "__init__", refuse)
    assert fresh() == fresh() == (3.5, False)


@pytest.mark.parametrize("missing", ["numba.core.caching", "numba.core.serialize"])
def test_a_numba_without_these_internals_still_compiles(folder, monkeypatch, missing):
    monkeypatch.setitem(sys.modules, missing, None)
    monkeypatch.delitem(sys.modules, "boltzmann_rl.kernels.cache")
    assert fresh() == fresh() == (3.5, False)


PREPARED = """if True:
    import sys
    import numpy as np
    import boltzmann_rl as brl
    if len(sys.argv) > 1:
        import resource, signal
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    brl.prepare()
    rng = np.random.default_rng(0)
    print([brl.act(brl.Boltzmann(0.5), np.array([0.0, 1.0, 2.0]), rng) for _ in range(20)])
"""


def prepared(folder, *arguments):
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(folder)}
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", PREPARED, *arguments],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    ).stdout


@pytest.mark.skipif(sys.platform == "win32", reason="needs limits of a process")
def test_prepare_survives_a_power_cut_and_a_full_disk(tmp_path):
    told = prepared(tmp_path)
    files = sorted(tmp_path.rglob("*.nbc"))
    assert len(files) > 3
    for path in files:
        path.write_bytes(b"")
    assert prepared(tmp_path, "no room") == told
    assert not any(path.stat().st_size for path in files)
    assert prepared(tmp_path) == told
    assert all(path.stat().st_size for path in files)


COPIED = """if True:
    from boltzmann_rl.outer import g
    assert g(7) == 14
    print(sum(g.stats.cache_hits.values()))
"""
INNER = '"""."""\n\nfrom boltzmann_rl.kernels.jit import compiled\n\n\n@compiled\ndef f(x):\n    return x * 2\n'
OUTER = (
    INNER.replace("x * 2", "f(x)")
    .replace("def f", "def g")
    .replace("\n\n\n", "\nfrom boltzmann_rl.inner import f\n\n\n")
)


def test_a_comment_elsewhere_or_another_folder_compiles_nothing_again(tmp_path):
    def found_in(folder):
        environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / "cache"), "PYTHONPATH": str(folder)}
        command = [sys.executable, "-c", COPIED]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True, env=environment)
        return int(done.stdout) == 1

    copies = [tmp_path / name for name in ("one", "other")]
    for folder in copies:
        shutil.copytree(PACKAGE, folder / "boltzmann_rl", ignore=shutil.ignore_patterns("__pycache__"))
        (folder / "boltzmann_rl" / "inner.py").write_text(INNER)
        (folder / "boltzmann_rl" / "outer.py").write_text(OUTER)
    assert not found_in(copies[0])
    assert found_in(copies[0])
    assert found_in(copies[1])
    for elsewhere in ("streams.py", "policies/softmax.py"):
        with (copies[1] / "boltzmann_rl" / elsewhere).open("a") as file:
            file.write("# A comment.\n")
    assert found_in(copies[1])
    with (copies[1] / "boltzmann_rl" / "inner.py").open("a") as file:
        file.write("# A comment.\n")
    assert not found_in(copies[1])
    assert found_in(copies[0])


@cache_of_calls
def imports_in(path):
    """The files of the package that a file imports, found independently with Python's parser."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        for name in names:
            place = PACKAGE.parent.joinpath(*name.split("."))
            found |= {path for path in (place.with_suffix(".py"), place / "__init__.py") if path.exists()}
    return {path for path in found if PACKAGE in path.parents}


def test_the_files_behind_a_function_are_those_that_its_file_imports():
    paths = sorted(PACKAGE.rglob("*.py"))
    assert len(paths) > 250
    for path in paths:
        expected, waiting = {path}, [path]
        while waiting:
            new = imports_in(waiting.pop()) - expected
            expected |= new
            waiting += new
        assert files_below(path) == expected, path
