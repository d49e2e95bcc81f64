"""Agents that end their process, use up its memory or raise what ends programs: the other cells are finished."""

import sys

import pytest
from started import LONG, WITHOUT_FIGURES, Run, segments
from test_kills import keys_in

from boltzmann_rl.runs.failures import kept

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are found in /proc")

FILE = """
import os, resource
from dataclasses import dataclass
from pathlib import Path

import boltzmann_rl as brl
import numpy as np

def exit():
    os._exit(3)

def kill():
    os.kill(os.getpid(), 9)

def fill_memory():
    now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + 10**8, resource.RLIM_INFINITY))
    try:
        bytes(10**9)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

@dataclass(frozen=True)
class Fails:
    how: str
    def __call__(self, values, step):
        if step == 3:
            Path(f"{self.how}-{os.getpid()}-{os.urandom(4).hex()}").touch()
            {"exit": exit, "kill": kill, "memory": fill_memory}[self.how]()
        return np.full(np.shape(values), 1 / 3)

agents = {"good": brl.Agent(brl.SampleAverage(), brl.Boltzmann(0.1))}
agents |= {how: brl.Agent(brl.SampleAverage(), Fails(how)) for how in FAILING}
EXPERIMENT = brl.BanditExperiment("x", brl.GaussianBandit(arms=3), agents, runs=10, steps=50, seed=1)
"""
# Each death costs the start of new workers.
FAILING = ("exit", "kill", "memory") if LONG else ("exit", "memory")


def test_a_worker_that_dies_is_tried_again_a_few_times_and_then_its_cell_is_named(tmp_path):
    (tmp_path / "file.py").write_text(FILE.replace("FAILING", repr(FAILING)))
    run = Run(tmp_path, "run", "file.py", "--jobs", 2, "--quiet", code=WITHOUT_FIGURES)
    status, out, error = run.ends()
    assert status == 1
    assert "good had the highest mean reward" in " ".join(out.split())
    assert "--cell" in error
    failed = kept(tmp_path / "results" / "x")
    kinds = {"exit": "WorkerDied", "kill": "WorkerDied", "memory": "MemoryError"}
    assert {failure.agent: failure.kind for failure in failed} == {how: kinds[how] for how in FAILING}
    assert len(failed) == len(FAILING)
    assert len(keys_in(segments(tmp_path / "results" / "x"))) == 1
    for how in set(FAILING) - {"memory"}:  # it dies 3 times alone, and before that together with others
        assert 3 <= len(list(tmp_path.glob(f"{how}-*"))) <= 8
