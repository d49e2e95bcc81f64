"""A run that is killed at any moment is resumed, and its results are those of an undisturbed run."""

import random
import signal
import sys
import time

import pytest
from started import LAKE, LONG, SMALL, WITHOUT_FIGURES, Run, contents, declared, finished, segments

from boltzmann_rl.storage.segments import Reader, _records

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are found in /proc")

# The text, runs and steps of an experiment, and the number of jobs: cells take about 1, 20, 10 and 300 ms.
KINDS = {
    "small cells": (SMALL, 1000, 200, 1),
    "large cells": (SMALL, 2000, 2500, 1),
    "small cells, two jobs": (SMALL, 2000, 500, 2),
    "an environment": (LAKE, 60, 40, 1),
    "an environment, two jobs": (LAKE, 12, 400, 2),
}
KILLS = 20 if LONG else 2
SHORT = ("large cells", "an environment, two jobs")


@pytest.mark.parametrize("kind", KINDS if LONG else SHORT)
def test_a_run_that_is_killed_at_any_moment_is_resumed_with_the_same_bytes(tmp_path, kind):
    *declaration, jobs = KINDS[kind]
    (tmp_path / "file.py").write_text(declared(*declaration), "utf-8")
    arguments = ["run", "file.py", "--jobs", jobs, "--quiet", "--results"]
    began = time.monotonic()
    finished(Run(tmp_path, *arguments, "undisturbed", code=WITHOUT_FIGURES))
    long = time.monotonic() - began
    moments, before = random.Random(kind), {}
    for number in range(KILLS):
        run = Run(tmp_path, *arguments, "killed", code=WITHOUT_FIGURES)
        time.sleep(long * moments.random() * (1.0 if number else 0.2))  # the first kill is at start-up
        run.send(signal.SIGKILL, group=moments.random() < 0.5)
        run.ends()
        now = segments(tmp_path / "killed" / "x")
        assert all(now[name].startswith(content) for name, content in before.items())
        before = now
    done = set(Reader(tmp_path / "killed" / "x" / "cells").records)
    finished(Run(tmp_path, *arguments, "killed", code=WITHOUT_FIGURES))
    assert contents(tmp_path / "killed" / "x") == contents(tmp_path / "undisturbed" / "x")
    now = segments(tmp_path / "killed" / "x")
    assert all(now[name].startswith(content) for name, content in before.items())
    written = [key for path in now for key, *_ in _records(now[path])]
    assert len(written) == len(set(written)), "a cell was simulated again that was in the store"
    assert done <= set(written)
