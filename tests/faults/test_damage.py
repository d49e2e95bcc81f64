"""Files in a folder of results that are damaged, foreign or left by the dead: reported, set aside, and made again."""

import json
import os
import shutil
import socket
import subprocess
import sys
import warnings

import pytest
from started import LONG, contents

import boltzmann_rl as brl
from boltzmann_rl.cli import main
from boltzmann_rl.runs.status import processes
from boltzmann_rl.storage.segments import _records

AGENTS = {
    "cool": brl.Agent(brl.SampleAverage(), brl.Boltzmann(0.1)),
    "greedy": brl.Agent(brl.UCB1(), brl.Greedy()),
}


def run(results, runs=30, agents=AGENTS, **others):
    """Run the experiment of these tests; returns the warnings."""
    experiment = brl.BanditExperiment("x", brl.GaussianBandit(arms=3), agents, runs=runs, steps=5, seed=1)
    with warnings.catch_warnings(record=True, action="always") as found:
        experiment.run(progress=False, results=results, **others)
    return "\n".join(str(warning.message) for warning in found)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A folder of results, 4 cells in one segment, that nobody changes."""
    folder = tmp_path_factory.mktemp("whole")
    assert run(folder) == ""
    return folder


@pytest.fixture
def results(whole, tmp_path):
    shutil.copytree(whole, tmp_path, dirs_exist_ok=True)
    return tmp_path


def segment_in(results):
    (path,) = (results / "x" / "cells").glob("*.cells")
    return path


def test_a_segment_that_is_cut_off_anywhere_is_reported_and_completed(whole, results, simulated):
    path, expected = segment_in(results), contents(whole / "x")
    content = path.read_bytes()
    ends = [0, *(begin + length for _, begin, length, _ in _records(content))]
    sizes = range(len(content)) if LONG else (0, 1, ends[1] - 1, ends[1], ends[1] + 1, ends[2] + 50, len(content) - 1)
    for size in sizes:
        shutil.rmtree(results / "x")
        shutil.copytree(whole / "x", results / "x")
        path.write_bytes(content[:size])
        os.utime(path, (0, 0))
        simulated.clear()
        said = run(results)
        complete = sum(end <= size for end in ends[1:])
        assert len(simulated) == 4 - complete
        assert (f"{path}" in said and "set aside" in said) == (size not in ends[1:])
        assert contents(results / "x") == expected
        assert run(results) == ""


@pytest.mark.parametrize("part", range(12))
def test_a_flipped_byte_costs_at_most_one_cell(whole, results, simulated, part):
    path = segment_in(results)
    content = bytearray(path.read_bytes())
    content[len(content) * part // 12 + part] ^= 1 << part % 8
    path.write_bytes(content)
    assert str(path) in run(results)
    assert len(simulated) == 1
    assert contents(results / "x") == contents(whole / "x")
    assert path.name in {aside.name for aside in (results / "x" / "cells" / "damaged").iterdir()}
    assert run(results) == ""


FOREIGN = {
    "text": lambda path: path.write_text("something else"),
    "nothing": lambda path: path.touch(),
    "noise": lambda path: path.write_bytes(bytes(range(256)) * 100),
    "a folder": lambda path: path.mkdir(),
    "a pipe": os.mkfifo,
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_a_foreign_segment_is_reported_and_set_aside(whole, results, simulated, kind):
    FOREIGN[kind](results / "x" / "cells" / "foreign.cells")
    assert "foreign.cells" in run(results)
    assert simulated == []
    assert contents(results / "x") == contents(whole / "x")
    assert run(results) == ""


@pytest.mark.parametrize("where", ["cells", "failures", "running", ""])
@pytest.mark.parametrize("kind", FOREIGN)
def test_foreign_files_anywhere_are_left_alone(whole, results, simulated, where, kind):
    folder = results / "x" / where
    folder.mkdir(exist_ok=True)
    FOREIGN[kind](folder / "notes.json")
    run(results)
    assert simulated == []
    assert contents(results / "x") == contents(whole / "x")
    assert (folder / "notes.json").exists()
    assert main(["status", str(results / "x")]) == 0


@pytest.mark.parametrize("name", ["manifest.json", "plan.json"])
@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b'{"format": 2}', b"[" * 100_000, b"NaN"])
def test_a_damaged_manifest_or_plan_is_set_aside_and_written_again(whole, results, simulated, name, content):
    (results / "x" / name).write_bytes(content)
    assert f"{results / 'x' / name} is" in (said := run(results))
    assert f"set aside in {results / 'x' / 'damaged'}" in said
    assert simulated == []
    assert contents(results / "x") == contents(whole / "x")
    assert (results / "x" / "damaged" / name).read_bytes() == content
    assert run(results) == ""


@pytest.mark.parametrize("name", ["manifest.json", "plan.json"])
def test_a_later_format_is_refused_and_not_overwritten(results, simulated, name):
    if name == "plan.json":
        (results / "x" / "manifest.json").unlink()
    path = results / "x" / name
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), "format": 99, "versions": {}}))
    before = {path: path.read_bytes() for path in results.rglob("*") if path.is_file()}
    with pytest.raises(ValueError, match=r"has format 99, written by .*--fresh"):
        run(results, runs=100)
    assert {path: path.read_bytes() for path in results.rglob("*") if path.is_file()} == before
    assert simulated == []


@pytest.mark.parametrize("table", ["curves", "summary", "runs"])
@pytest.mark.parametrize("damage", [lambda b: b"", lambda b: b[: len(b) // 2], lambda b: b.replace(b"0", b"1", 1)])
def test_a_damaged_table_is_made_again(whole, results, simulated, table, damage):
    path = results / "x" / f"{table}.csv"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match=f"{table}.csv is damaged"):
        brl.load(results / "x")
    run(results)
    assert simulated == []
    assert contents(results / "x") == contents(whole / "x")


@pytest.mark.parametrize("place", ["cells", "cells/damaged", "failures", "running", "figures", "damaged"])
@pytest.mark.parametrize("kind", ["a file", "a link"])
def test_a_place_that_cannot_be_a_folder_is_refused_before_the_work(tmp_path, simulated, place, kind):
    path = tmp_path / "results" / "x" / place
    path.parent.mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    path.touch() if kind == "a file" else path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FileExistsError, match=f"{place} is a "):
        run(tmp_path / "results")
    assert simulated == []
    assert not list((tmp_path / "elsewhere").iterdir())


# --- what the dead left -------------------------------------------------------------------------------------------


def dead():
    """The id of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def left_by(results, pid, **others):
    state = {"running": "cool on the lake", "left": 3.0}
    said = {"pid": pid, "host": socket.gethostname(), "time": 0.0, "state": state, **others}
    (results / "x" / "running" / "0.json").write_text(json.dumps(said))


def test_a_process_that_was_killed_is_named_with_what_it_did_and_then_forgotten(results, capsys):
    left_by(results, pid := dead())
    assert main(["status", str(results / "x")]) == 0
    assert f"process {pid} on {socket.gethostname()} was killed; it was at cool on the lake" in capsys.readouterr().out
    assert f"Process {pid} on {socket.gethostname()} was killed in this folder: it was at cool" in run(results)
    assert not list((results / "x" / "running").iterdir())
    assert run(results) == ""


def test_a_new_process_with_the_id_of_one_that_was_killed_is_not_taken_for_it(results):
    left_by(results, os.getpid(), begun="1")
    assert not processes(results / "x")[0].alive
    left_by(results, os.getpid())  # where it is not known when processes begin
    assert processes(results / "x")[0].alive


def test_a_silent_process_on_another_machine_is_not_forgotten(results):
    left_by(results, 1, host="another")
    assert run(results) == ""
    assert len(list((results / "x" / "running").iterdir())) == 1


def test_temporary_files_of_the_dead_are_removed_and_those_of_the_living_are_left(results):
    folders = [results / "x" / part for part in ("", "cells", "running", "figures", "failures")]
    for folder in folders:
        folder.mkdir(exist_ok=True)
        for name, age in ((".curves.csv.0123abcd", 0), (".curves.csv.89abcdef", None), (".hidden", 0)):
            (folder / name).touch()
            if age is not None:
                os.utime(folder / name, (age, age))
    run(results)
    for folder in folders:
        assert sorted(path.name for path in folder.glob(".*")) == [".curves.csv.89abcdef", ".hidden"]


def test_failures_of_an_earlier_declaration_do_not_remove_an_agent_from_the_tables(results, capsys):
    """A failure is that of a cell: an agent that was repaired has other cells."""
    failure = {"key": "ab" * 32, "problem": "GaussianBandit", "agent": "cool", "first": 0, "runs": 10, "seed": 0}
    failure |= {"declaration": "", "kind": "ValueError", "message": "of an earlier agent", "trace": ""}
    (results / "x" / "failures").mkdir()
    (results / "x" / "failures" / f"{failure['key']}.json").write_text(json.dumps(failure))
    before = contents(results / "x")
    assert main(["plot", str(results / "x")]) == main(["status", str(results / "x")]) == 0
    assert contents(results / "x") == before
    assert "earlier agent" not in capsys.readouterr().out


def test_a_folder_in_which_a_process_works_is_not_moved(results):
    left_by(results, os.getppid())
    with pytest.raises(ValueError, match=f"process {os.getppid()} works on .*: end it first, or wait for it"):
        run(results, fresh=True)
    assert segment_in(results).is_file()


# --- callbacks ------------------------------------------------------------------------------------------------------


def test_a_callback_that_raises_ends_the_run_and_loses_no_cell(results, simulated):
    shutil.rmtree(results / "x")
    seen = []

    def fails(done):
        seen.append(done)
        raise ZeroDivisionError("on purpose")

    with pytest.raises(ZeroDivisionError, match="on purpose"):
        run(results, on_cell=fails)
    assert len(seen) == 1
    before = len(simulated)
    assert len(list(_records(segment_in(results).read_bytes()))) == before
    run(results)
    assert len(simulated) == len(set(simulated)) == 4
