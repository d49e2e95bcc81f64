"""Runs that are killed at any moment, stopped, or started several times in one folder: the same bytes in the end."""

import random
import shutil
import signal
import sys
import time

import pytest
from started import LAKE, LONG, SECONDS, SMALL, WITHOUT_FIGURES, Run, contents, declared, finished, segments

from boltzmann_rl.storage.segments import _records

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are found in /proc")

# The text, runs and steps of an experiment, and the number of jobs. Cells take about 2, 100, 5, 30 and 300 ms.
KINDS = {
    "small cells": (SMALL, 1000, 300, 1),
    "large cells": (SMALL, 4000, 1500, 1),
    "small cells, two jobs": (SMALL, 2000, 300, 2),
    "an environment": (LAKE, 24, 60, 1),
    "an environment, two jobs": (LAKE, 12, 400, 2),
}
KILLS = 20 if LONG else 3


def undisturbed(folder, text):
    """The results of an experiment that is run here; its file stands in the folder then."""
    (folder / "file.py").write_text(text, "utf-8")
    names = {"__name__": "__main__"}
    exec(text, names)
    names["EXPERIMENT"].run(progress=False, results=folder / "undisturbed")
    return contents(folder / "undisturbed" / "x")


def started(folder, jobs=1, *options):
    arguments = ["run", "file.py", "--jobs", jobs, "--quiet", "--results", "results"]
    return Run(folder, *arguments, *options, code=WITHOUT_FIGURES)


def size_of(segments):
    return sum(map(len, segments.values()))


def wait_for_cells(folder, run, more_than=0):
    """Wait until more than so many bytes of cells are there, or the run has ended."""
    while size_of(segments(folder / "results" / "x")) <= more_than and run.process.poll() is None:
        time.sleep(0.01)


def keys_in(segments):
    return [key.hex() for content in segments.values() for key, *_ in _records(content)]


@pytest.mark.parametrize("kind", KINDS if LONG else ("small cells", "an environment, two jobs"))
def test_a_run_that_is_killed_at_any_moment_is_resumed_with_the_same_bytes(tmp_path, kind):
    """Before the end it is sometimes asked for fewer runs."""
    *declaration, jobs = KINDS[kind]
    runs = declaration[1]
    expected = undisturbed(tmp_path, declared(*declaration))
    moments, before = random.Random(kind), {}
    for number in range(KILLS):
        run = started(tmp_path, jobs, "--runs", moments.choice([runs, runs // 2]))
        if number % 3:
            wait_for_cells(tmp_path, run, size_of(before))
            time.sleep(0.3 * moments.random())
        else:  # at start-up
            time.sleep(2.0 * moments.random())
        group = moments.random() < 0.5
        killed = run.send(signal.SIGKILL, group=group)
        run.ends(without_tracker=group)
        before = grown(tmp_path, before)
        if not killed:  # nothing is left to do
            finish(tmp_path, jobs, before, expected)
            shutil.rmtree(tmp_path / "results")
            before = {}
    finish(tmp_path, jobs, before, expected)


def grown(folder, before):
    """The segments, each of which begins with what it held before, unless that was no whole record."""
    now = segments(folder / "results" / "x")
    gone = {name: content for name, content in before.items() if name not in now}
    assert keys_in(gone) == []
    assert all(now[name].startswith(content) for name, content in before.items() if name not in gone)
    return now


def finish(folder, jobs, before, expected):
    finished(started(folder, jobs))
    keys = keys_in(grown(folder, before))
    assert len(keys) == len(set(keys)), "a cell was simulated again that was in the store"
    assert contents(folder / "results" / "x") == expected
    assert not list((folder / "results" / "x" / "running").iterdir())


SLOW = """
import time
from dataclasses import dataclass
import boltzmann_rl as brl

@dataclass(frozen=True)
class Slow:
    temperature: float
    def __call__(self, values, step):
        time.sleep(0.001)
        return brl.Boltzmann(self.temperature)(values, step)

agents = {f"τ = {t}": brl.Agent(brl.QLearning(0.3), Slow(t)) for t in (0.1, 1.0)}
EXPERIMENT = brl.GymnasiumExperiment("x", "FrozenLake-v1", agents, runs=RUNS, episodes=STEPS, seed=1)
"""
TOGETHER = """
import os, pathlib, time
import boltzmann_rl.results.running
pathlib.Path(f"ready{os.getpid()}").touch()
while not pathlib.Path("go").exists():
    time.sleep(0.01)
"""


@pytest.mark.parametrize("processes", [2, 3] if LONG else [2])
def test_processes_that_are_started_together_share_the_work(tmp_path, processes):
    expected = undisturbed(tmp_path, declared(SLOW, 50, 4))
    file = tmp_path / "file.py"
    file.write_text(TOGETHER + file.read_text("utf-8"), "utf-8")
    runs = [started(tmp_path) for _ in range(processes)]
    end = time.monotonic() + 60
    while len(list(tmp_path.glob("ready*"))) < processes and time.monotonic() < end:
        time.sleep(0.01)
    (tmp_path / "go").touch()
    for run in runs:
        finished(run)
    assert contents(tmp_path / "results" / "x") == expected
    keys = keys_in(segments(tmp_path / "results" / "x"))
    assert len(set(keys)) == 100
    assert len(keys) < (1.0 + 0.15 * processes) * 100  # each may do again what the others have in progress
    assert len(segments(tmp_path / "results" / "x")) == processes, "one of them simulated nothing"


def test_parts_in_any_order_and_at_the_same_time_make_the_same_tables(tmp_path):
    expected = undisturbed(tmp_path, declared(LAKE, 12, 10))
    runs = [started(tmp_path, 1, "--shard", f"{part}/3") for part in (3, 1)]
    for run in runs:
        finished(run)
    finished(started(tmp_path, 1, "--shard", "2/3"))
    finished(Run(tmp_path, "plot", "results/x", code=WITHOUT_FIGURES))
    assert contents(tmp_path / "results" / "x") == expected
    keys = keys_in(segments(tmp_path / "results" / "x"))
    assert len(keys) == len(set(keys)) == 24


STOPS = [
    (signal.SIGINT, False, 1, 1, 130),
    (signal.SIGTERM, True, 2, 1, 143),
    *([(signal.SIGINT, True, 2, 2, 130), (signal.SIGTERM, False, 1, 2, 143)] if LONG else []),
]


@pytest.mark.parametrize(("number", "group", "jobs", "times", "status"), STOPS)
def test_a_signal_stops_at_once_keeps_what_is_done_and_says_how_to_go_on(tmp_path, number, group, jobs, times, status):
    (tmp_path / "file.py").write_text(declared(LAKE, 1000, 100), "utf-8")
    run = started(tmp_path, jobs)
    wait_for_cells(tmp_path, run)
    for _ in range(times):
        run.send(number, group=group)
        time.sleep(0.15)
    began = time.monotonic()
    found, _, error = run.ends()
    assert time.monotonic() - began < SECONDS
    # A second signal may come when the handlers are gone already: a shell shows the same status.
    assert found in ((status,) if times == 1 else (status, -number))
    assert keys_in(segments(tmp_path / "results" / "x"))
    if times == 1:
        assert "cells are kept in results/x: the same command goes on from there" in " ".join(error.split())
        assert not list((tmp_path / "results" / "x" / "running").iterdir())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_at_start_up_ends_the_process(tmp_path, number):
    (tmp_path / "file.py").write_text(declared(LAKE, 1000, 100), "utf-8")
    for moment in range(10 if LONG else 1):
        run = started(tmp_path)
        time.sleep(0.3 + moment / 5)
        run.send(number)
        assert run.ends()[0] in (128 + number, -number)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM] if LONG else [signal.SIGTERM])
def test_a_signal_stops_threads_that_run_machine_code(tmp_path, number):
    pytest.importorskip("numba")
    (tmp_path / "file.py").write_text(declared(SMALL, 10**6, 10_000), "utf-8")
    run = started(tmp_path, 2)
    wait_for_cells(tmp_path, run)
    time.sleep(0.3)
    began = time.monotonic()
    run.send(number)
    status, _, errors = run.ends()
    assert status == 128 + number, errors
    assert time.monotonic() - began < SECONDS
    keys = keys_in(segments(tmp_path / "results" / "x"))
    assert len(keys) == len(set(keys)) > 0
