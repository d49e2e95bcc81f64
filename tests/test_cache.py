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
from numba.core import caching

import boltzmann_rl
from boltzmann_rl.kernels import cache
from boltzmann_rl.kernels.cache import CheckedCache
from boltzmann_rl.kernels.jit import compiled
from boltzmann_rl.kernels.sources import files_below

PACKAGE = Path(boltzmann_rl.__file__).parent


def locator(kind):
    """Numba's class that finds the folder for machine code; in older releases its name begins with an underscore."""
    return getattr(caching, f"{kind}CacheLocator", None) or getattr(caching, f"_{kind}CacheLocator")


needs_xdg = pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="this system has no XDG_CACHE_HOME")


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


def test_few_files_are_kept_and_those_that_are_used_stay(folder, monkeypatch):
    """As of several copies of the package, one of which changes again and again."""
    monkeypatch.setattr(cache, "KEPT", 4)
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


def test_a_function_that_moves_changes_or_has_another_name_fills_no_folder(folder, monkeypatch):
    monkeypatch.setattr(cache, "KEPT", 3)
    for line, name, body in [(1, "f", "x"), (5, "f", "x"), (9, "f", "x"), (9, "f", "x + x"), (9, "g", "x")]:
        names = {"__name__": __name__}  # by which Numba finds the module
        lines = "\n" * line + f"def {name}(x):\n    return {body}\n"
        exec(compile(lines, __file__, "exec"), names)
        compiled(names[name])(1.0)
    assert len(list(folder.rglob("*.nbc"))) == 3
    last = max(folder.rglob("*.nbc"), key=lambda path: path.stat().st_mtime_ns)
    assert last.name.startswith("test_cache.g-10.")


def test_a_folder_that_cannot_be_deleted_does_not_stop_the_deletion_of_files(folder, monkeypatch):
    monkeypatch.setattr(cache, "KEPT", 1)
    fresh()
    other = only_file(folder).with_name("a.nbc")
    other.mkdir()
    os.utime(other, (0, 0))
    compiled(half)(np.float32(7.0))
    assert len(list(folder.rglob("*.nbc"))) == 2


def test_temporary_files_of_killed_processes_are_deleted(folder):
    fresh()
    path = only_file(folder)
    left, in_use = path.with_name(f".{path.name}.0123abcd"), path.with_name(f".{path.name}.89abcdef")
    for temporary in (left, in_use):
        temporary.write_bytes(b"half of it")
    os.utime(left, (0, 0))
    compiled(half)(np.float32(7.0))
    assert not left.exists()
    assert in_use.exists()


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


@pytest.mark.parametrize("setting", ["NUMBA_CACHE_DIR", pytest.param("XDG_CACHE_HOME", marks=needs_xdg)])
def test_a_relative_folder_is_passed_over(tmp_path, monkeypatch, setting):
    """Whoever can write to the working directory could otherwise put code there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(numba.config, "CACHE_DIR", "here" if setting == "NUMBA_CACHE_DIR" else "")
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    monkeypatch.setattr(locator("InTree"), "from_function", lambda function, file: None)  # sources that are read-only
    assert fresh() == fresh() == (3.5, False)
    assert not list(tmp_path.rglob("*.nbc"))


@needs_xdg
def test_an_empty_setting_means_the_folder_beside_the_sources(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(numba.config, "CACHE_DIR", "")
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    assert compiled(half)._cache._cache_file.folder == Path(__file__).parent / "__pycache__" / "boltzmann_rl"
    assert not list(tmp_path.iterdir())


def test_without_a_writable_user_cache_the_folder_beside_the_sources_is_used(tmp_path, monkeypatch):
    (tmp_path / "boltzmann_rl").write_bytes(b"a file in place of the folder")
    beside = tmp_path / "beside"
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(locator("UserProvided"), "get_cache_path", lambda locator: str(beside))
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != tmp_path / "boltzmann_rl")
    assert fresh() == (3.5, False)
    assert fresh() == (3.5, True)
    assert only_file(beside).parent == beside / "boltzmann_rl"


def test_if_no_folder_is_writable_nothing_is_cached(folder, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert fresh() == fresh() == (3.5, False)
    assert not list(folder.rglob("*.nbc"))


@pytest.mark.parametrize("missing", ["numba.core.caching", "numba.core.serialize"])
def test_a_numba_without_these_internals_still_compiles(folder, monkeypatch, missing):
    compiled(half, cache=False)(7.0)  # at the first compilation Numba imports the rest of itself
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


INNER = '"""."""\n\nfrom boltzmann_rl.kernels.jit import compiled\n\n\n@compiled\ndef f(x):\n    return x * 2\n'
OUTER = (
    INNER.replace("x * 2", "f(x)")
    .replace("def f", "def g")
    .replace("\n\n\n", "\nfrom boltzmann_rl.inner import f\n\n\n")
)


def copied(folder):
    """A copy of the package with two kernels, one of which calls the other."""
    shutil.copytree(PACKAGE, folder / "boltzmann_rl", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "boltzmann_rl" / "inner.py").write_text(INNER)
    (folder / "boltzmann_rl" / "outer.py").write_text(OUTER)


def told(folder, code, cache):
    """What a new process prints that imports the package from a folder."""
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(cache), "PYTHONPATH": str(folder)}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=cache.parent, capture_output=True, text=True, env=environment)
    assert not done.stderr
    return done.stdout.split()


FOUND = "from boltzmann_rl.outer import g; print(g(7), sum(g.stats.cache_hits.values()))"
EDITED = f"""if True:
    import subprocess, sys
    from pathlib import Path
    import boltzmann_rl.inner
    file = Path(boltzmann_rl.inner.__file__)
    file.write_text(file.read_text().replace("x * 2", "x * 33"))
    subprocess.run([sys.executable, "-c", {{between!r}}], check=True)
    {FOUND}
"""


def test_sources_that_change_after_their_import_neither_give_nor_take_machine_code(tmp_path):
    """Modules are imported when they are needed: between two imports an editor or an installer may be at work."""
    copied(tmp_path)
    folder = tmp_path / "cache"
    assert told(tmp_path, EDITED.format(between=""), folder) == ["14", "0"]
    assert told(tmp_path, FOUND, folder) == ["231", "0"]
    (tmp_path / "boltzmann_rl" / "inner.py").write_text(INNER)
    assert told(tmp_path, EDITED.format(between=FOUND), folder) == ["231", "1", "14", "0"]


RELOADED = f"""if True:
    import importlib
    from pathlib import Path
    from boltzmann_rl import inner, outer
    file = Path(inner.__file__)
    file.write_text(file.read_text().replace("x * 2", "x * 33"))
    importlib.reload(inner)
    importlib.reload(outer)
    {FOUND}
"""


def test_reloaded_sources_give_no_machine_code_to_the_old_ones(tmp_path):
    copied(tmp_path)
    assert told(tmp_path, RELOADED, tmp_path / "cache") == ["231", "0"]
    (tmp_path / "boltzmann_rl" / "inner.py").write_text(INNER)
    assert told(tmp_path, FOUND, tmp_path / "cache") == ["14", "0"]


SWAPPED = f"""if True:
    import os
    import boltzmann_rl.inner
    os.unlink("now")
    os.symlink("other", "now")
    {FOUND}
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs symbolic links")
def test_another_version_at_the_same_path_gives_no_machine_code(tmp_path):
    """As after a deployment is rolled back: all its files are older than the process."""
    one, other = tmp_path / "one", tmp_path / "other"
    copied(one)
    copied(other)
    (other / "boltzmann_rl" / "inner.py").write_text(INNER.replace("x * 2", "x * 33"))
    (tmp_path / "now").symlink_to("one")
    assert told(tmp_path / "now", SWAPPED, tmp_path / "cache") == ["14", "0"]
    assert told(tmp_path / "now", FOUND, tmp_path / "cache") == ["231", "0"]


def test_a_comment_elsewhere_or_another_folder_compiles_nothing_again(tmp_path):
    def found_in(folder):
        value, found = told(folder, FOUND, tmp_path / "cache")
        assert value == "14"
        return found == "1"

    copies = [tmp_path / name for name in ("one", "other")]
    for folder in copies:
        copied(folder)
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
