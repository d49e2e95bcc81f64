"""Runs in real processes: started by the command line, watched in /proc, and killed."""

import os
import re
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import boltzmann_rl as brl
from boltzmann_rl.results.spreadsheets import csv_bytes

ROOT = Path(__file__).parents[2]

# The long form: BOLTZMANN_RL_FAULTS=long pytest tests/faults
LONG = os.environ.get("BOLTZMANN_RL_FAULTS") == "long"

# Seconds in which every process ends after its parent: 1 s on free cores; other tests may run on these.
SECONDS = 1.0 if LONG else 5.0

SMALL = """
import boltzmann_rl as brl
agents = {f"τ = {t}": brl.Agent(brl.SampleAverage(), brl.Boltzmann(t)) for t in (0.1, 0.3, 1.0)}
agents["UCB1"] = brl.Agent(brl.UCB1(), brl.Greedy())
EXPERIMENT = brl.BanditExperiment("x", brl.GaussianBandit(arms=3), agents, runs=RUNS, steps=STEPS, seed=1)
"""
LAKE = """
import boltzmann_rl as brl
agents = {f"τ = {t}": brl.Agent(brl.QLearning(0.3), brl.Boltzmann(t)) for t in (0.1, 1.0)}
EXPERIMENT = brl.GymnasiumExperiment("x", "FrozenLake-v1", agents, runs=RUNS, episodes=STEPS, seed=1)
"""

WITHOUT_FIGURES = (Path(__file__).parents[1] / "without_figures.py").read_text("utf-8")


def declared(text, runs, steps):
    """The text of an experiment file."""
    return text.replace("RUNS", str(runs)).replace("STEPS", str(steps))


def living(mark):
    """The processes that have a mark in their environment."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (folder / "environ").read_bytes():
                found.append(int(folder.name))
        except OSError:  # it ended
            continue
    return found


class Run:
    """A process of the command line, with a mark that its workers inherit, and a temporary folder of its own.

    Args:
        folder: In which it runs.
        arguments: Of the command line.
        options: Of Python.
        environment: Variables that it has besides.
        code: What it executes.
    """

    def __init__(self, folder, *arguments, options=(), environment=None, code=None, before=(), **popen):
        self.mark = f"MARK_OF_TEST={uuid.uuid4()}"
        self.temporary = folder / "temporary"
        self.temporary.mkdir(exist_ok=True)
        self._shared = set(os.listdir("/dev/shm"))
        name, value = self.mark.split("=")
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
        given = {name: value, "TMPDIR": str(self.temporary), "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
        call = ["-c", code] if code else ["-m", "boltzmann_rl.cli"]
        self.process = subprocess.Popen(
            [*before, sys.executable, *options, *call, *map(str, arguments)],
            cwd=folder,
            env=os.environ | given | (environment or {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            **popen,
        )

    @property
    def pid(self):
        return self.process.pid

    def send(self, number, *, group=False):
        """Send a signal; answers whether the process was still there."""
        if self.process.poll() is not None:
            return False
        (os.killpg if group else os.kill)(self.pid, number)
        return True

    def ends(self, seconds=100.0, within=SECONDS, *, without_tracker=False):
        """Its status, output and errors; it leaves neither processes nor files.

        If its whole group was killed, so was loky's tracker, and nobody is left who could remove its semaphores.
        """
        try:
            out, error = self.process.communicate(timeout=seconds)
        finally:
            self.clear()
        left = self._left(within)
        assert not left, f"processes {left} outlive {self.pid}"
        assert not list(self.temporary.iterdir())
        shared = set(os.listdir("/dev/shm")) - self._shared
        for name in [name for name in shared if without_tracker and name.startswith(f"sem.loky-{self.pid}-")]:
            (Path("/dev/shm") / name).unlink()
            shared.remove(name)
        assert not [name for name in shared if re.search(rf"(?<![0-9a-f]){self.pid}(?![0-9a-f])", name)]
        return self.process.returncode, out, error

    def clear(self):
        """Kill what is left of the process after a test that failed."""
        if self.process.poll() is None:
            os.killpg(self.pid, signal.SIGKILL)

    def _left(self, within):
        end = time.monotonic() + within
        while (found := living(self.mark)) and time.monotonic() < end:
            time.sleep(0.02)
        for pid in found:
            os.kill(pid, signal.SIGKILL)
        return found


def finished(run):
    """The output of a run that succeeds."""
    status, out, error = run.ends()
    assert status == 0, f"{out}\n{error}"
    return out


def contents(folder):
    """The bytes of the results in a folder: of its tables, and of the course of each run."""
    tables = {name: (folder / f"{name}.csv").read_bytes() for name in ("curves", "summary", "runs")}
    return {**tables, "run_curves": csv_bytes(brl.load(folder).run_curves)}


def segments(folder):
    """The content of each segment of cells."""
    return {path.name: path.read_bytes() for path in (folder / "cells").glob("*.cells")}
