"""Scripts that use a cluster, each in a process of its own, whose descendants are found by a mark."""

import os
import signal
import subprocess
import sys
import textwrap
import time
import uuid
from pathlib import Path

ROOT = Path(__file__).parents[2]

PREPARE = """
import ctypes, os, signal, sys, time
from boltzmann_rl.runs.executors.choice import executor_of
from boltzmann_rl.runs.executors.executor import WorkerDied

def hold(seconds):
    ctypes.PyDLL(None).sleep(seconds)  # without releasing the interpreter lock

def fails(text):
    raise ZeroDivisionError(text)
"""

WORK = """
futures = {executor.submit(pow, 3, exponent): exponent for exponent in range(40)}
killer = executor.submit(os._exit, 3)
left, results = set(futures), {}
while left:
    done = executor.wait(left)
    results |= {futures[future]: executor.result(future) for future in done}
    left -= done
print("results", results == {exponent: 3**exponent for exponent in range(40)})
failing = executor.submit(fails, "on purpose")
try:
    executor.result(failing)
except ZeroDivisionError as error:
    print("raised", "on purpose" in str(error))
try:
    executor.result(killer)
except WorkerDied:
    print("died True")
slow = executor.submit(time.sleep, 1)
print("timeout", executor.wait([slow], 0.1) == set())
print("imports", executor.result(executor.submit(executor_of)).workers == 1)
"""


def start(script, folder, *options):
    """The process of a script, without a guard of its main module, and the mark of its descendants."""
    mark = f"MARK_OF_TEST={uuid.uuid4()}"
    name, value = mark.split("=")
    (folder / "temporary").mkdir()
    (folder / "script.py").write_text(PREPARE + textwrap.dedent(script), "utf-8")
    environment = os.environ | {name: value, "TMPDIR": str(folder / "temporary")}
    environment.pop("PYTHONPATH", None)
    # As of a source tree that is not installed, which only the parent's sys.path knows.
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); import runpy; runpy.run_path('script.py', run_name='__main__')"
    )
    process = subprocess.Popen(
        [sys.executable, *options, "-c", code],
        env=environment,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    return process, mark


def living(mark):
    """The processes that have a mark in their environment, with their command lines."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (folder / "environ").read_bytes():
                found[int(folder.name)] = (folder / "cmdline").read_bytes()[:200]
        except OSError:  # it ended
            continue
    return found


def left_after(mark, seconds):
    """The processes that live after some seconds, which are then killed."""
    end = time.monotonic() + seconds
    while (found := living(mark)) and time.monotonic() < end:
        time.sleep(0.05)
    for pid in found:
        os.kill(pid, signal.SIGKILL)
    return found
