"""Runs that are kept: what the store, the windows and the processes cost, and how soon everything stops.

Every time is that of this machine beside the same simulation without what is measured.
Run: ``python benchmarks/runs.py``.
"""

import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from rounds import Table, answered, show, take_turns

import boltzmann_rl as brl
from boltzmann_rl.engines.selection import COMPILED, REFERENCE, room
from boltzmann_rl.kernels.jit import available
from boltzmann_rl.runs.batches import Order
from boltzmann_rl.runs.outline import outline_of
from boltzmann_rl.runs.plan import Plan, simulate_together
from boltzmann_rl.runs.runner import Manner, simulate
from boltzmann_rl.runs.store import Store

ROUNDS = 3
_PEAK = "peak"  # prints the largest memory of a process that keeps the tiny cells
CORES = min(2, os.cpu_count() or 1)
AGENTS = {f"τ = {t}": brl.Agent(brl.SampleAverage(), brl.Boltzmann(t)) for t in (0.1, 0.2, 0.4, 0.8)}

# Blocks of 1,000 runs that take some 0.3 s each on the reference engine.
LARGE = brl.BanditExperiment("large", brl.GaussianBandit(), AGENTS, runs=3000, steps=1000)
# Ten thousand cells that take some 0.1 ms each.
MANY = {f"τ = {n / 1000}": brl.Agent(brl.SampleAverage(), brl.Boltzmann(n / 1000)) for n in range(1, 2001)}
TINY = brl.BanditExperiment("tiny", brl.GaussianBandit(arms=2), MANY, runs=1000, steps=1)


def bare(plan: Plan) -> Callable[[], object]:
    """The simulation alone."""

    def run() -> None:
        order = Order(plan, [entry.identity for entry in outline_of(plan).entries])
        for group in order.groups():
            simulate_together([cell for _, cell in group.cells])

    return run


def kept(plan: Plan, jobs: int | None = None) -> Callable[[], object]:
    """The simulation, with every cell kept in a folder."""

    def run() -> None:
        with tempfile.TemporaryDirectory() as folder:
            store = Store(Path(folder))
            simulate(plan, outline_of(plan), store, Manner(jobs=jobs, progress=False), Path(folder))
            store.close()

    return run


def large() -> Iterator[Table]:
    """Cells of some 0.1 s and more, in one process and in two."""
    plan = LARGE.plan()
    ways = {"simulation alone": bare(plan), "kept in a folder": kept(plan), f"kept, --jobs {CORES}": kept(plan, CORES)}
    yield Table(f"{len(plan)} cells of 0.1 s and more", "simulation alone", take_turns(ways, ROUNDS))


def tiny() -> Iterator[Table]:
    """Ten thousand cells: to keep each of them, and to find all of them again."""
    plan = TINY.plan()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)

        def first() -> None:
            store = Store(folder)
            simulate(plan, outline_of(plan), store, Manner(progress=False), folder)
            store.close()

        def again() -> None:
            before = len(store := Store(folder))
            simulate(plan, outline_of(plan), store, Manner(progress=False), folder)
            assert before == len(store) == len(plan)

        taken = {"simulation alone": [timed(bare(plan))], "kept in a folder": [timed(first)]}
        taken["rerun, all cells verified"] = [timed(again)]
    own = subprocess.run([sys.executable, __file__, _PEAK], capture_output=True, text=True, check=True).stdout
    title = f"{len(plan):,} cells of one step; a process that keeps them needs {own.strip()}"
    yield Table(title, "simulation alone", taken)


def windows() -> Iterator[Table]:
    """Means over 100 windows of each run, beside a single one, on both engines."""
    agents = {"Boltzmann": brl.Agent(brl.SampleAverage(), brl.Boltzmann(0.2))}
    agents |= {"ε-greedy": brl.Agent(brl.SampleAverage(), brl.EpsilonGreedy(0.1))}
    ways: dict[str, Callable[[], object]] = {}
    base = {}
    for engine in (REFERENCE, COMPILED) if available() else (REFERENCE,):
        for label, agent in agents.items():
            one, many = (_block(engine, agent, count) for count in (1, 100))
            ways |= {f"{engine}, {label}, one window": one, f"{engine}, {label}, 100 windows": many}
            base |= dict.fromkeys((f"{engine}, {label}, one window", f"{engine}, {label}, 100 windows"), list(ways)[-2])
    yield Table("A block of the ten-armed testbed, by windows of each run", base, take_turns(ways, 11))


def _block(engine: str, agent: Any, count: int) -> Callable[[], object]:
    ranges, lengths = [(0, 1000)], {"steps": 1000, "uncounted_steps": 0}
    run = room("step", engine).simulate_ranges
    return lambda: run(brl.GaussianBandit(), agent, ranges, seed=0, windows=count, **lengths)


ENDLESS = """
import sys, boltzmann_rl as brl
agents = {"a": brl.Agent(brl.SampleAverage(), brl.Boltzmann(0.1))}
if __name__ == "__main__":
    brl.BanditExperiment("endless", brl.GaussianBandit(), agents, runs=10**6, steps=300).run(
        jobs=2, results=sys.argv[1], progress=False)
"""


def stops() -> Iterator[Table]:
    """Seconds from a signal until no process of a run with two workers lives."""
    ways = {f"{name}, {when} s after the start": _stopping(number, when)
            for name, number in (("Ctrl-C", signal.SIGINT), ("SIGTERM", signal.SIGTERM), ("SIGKILL", signal.SIGKILL))
            for when in (0.5, 5.0)}  # fmt: skip
    first = next(iter(ways))
    yield Table("Until nothing runs after a signal to the parent", first, take_turns(ways, ROUNDS, answered))


def _stopping(number: int, when: float) -> Callable[[], float]:
    def run() -> float:
        with tempfile.TemporaryDirectory() as folder:
            script = Path(folder) / "endless.py"
            script.write_text(ENDLESS)
            command = [sys.executable, str(script), folder]
            process = subprocess.Popen(command, start_new_session=True, stderr=subprocess.DEVNULL)
            time.sleep(when)
            process.send_signal(number)
            began = time.perf_counter()
            process.wait()
            while _alive(process.pid):
                time.sleep(0.01)
            return time.perf_counter() - began

    return run


def _alive(session: int) -> bool:
    """Whether a process of a session lives, by Linux's /proc."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _, _, own = stat.read_text().rpartition(")")[2].split()[:4]
            if int(own) == session and state != "Z":
                return True
    return False


def estimates() -> Iterator[Table]:
    """The time left, as it is told at the end of the trials of all agents, beside the time that the run then takes."""
    agents = {**AGENTS, "Gumbel": brl.Agent(brl.SampleAverage(), brl.BoltzmannGumbel(0.5), clock="pulls")}
    plan = brl.BanditExperiment("estimated", brl.GaussianBandit(), agents, runs=2000, steps=6000).plan()
    told: list[float] = []

    def note(done: Any) -> None:
        if not told and done.state.left is not None:
            told.append(done.state.left + done.state.seconds)

    with tempfile.TemporaryDirectory() as folder:
        manner = Manner(progress=False, on_cell=note)
        taken = timed(lambda: simulate(plan, outline_of(plan), Store(Path(folder)), manner, Path(folder)))
    yield Table("The time of a run, told after its first cell", "run", {"run": [taken], "told": told})


def timed(way: Callable[[], object]) -> float:
    """Seconds that one call takes."""
    began = time.perf_counter()
    way()
    return time.perf_counter() - began


def tables() -> Iterator[Table]:
    """All of it."""
    for part in (tiny, large, windows, stops, estimates):
        yield from part()


if __name__ == "__main__":
    if sys.argv[1:] == [_PEAK]:
        kept(TINY.plan())()
        print(f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")
    else:
        show(tables())
