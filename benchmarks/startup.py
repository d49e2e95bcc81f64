"""Start-up times: imports, commands that run nothing, a small run, and a first run before anything is compiled.

Times of whole processes. The modules are compiled to bytecode beforehand, as those of an installation are. A first run
finds no machine code on the disk, a later run does; both are compared with the reference engine alone, in two
processes. The ten-armed testbed is too small for compiling to pay off.
Run: ``python benchmarks/startup.py``.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

from rounds import Table, show, take_turns

from boltzmann_rl.kernels.jit import available

ROOT = Path(__file__).parents[1]
ROUNDS, RUN_ROUNDS = 11, 3
SMALL = """if True:
    import boltzmann_rl as brl
    agents = {"τ = 0.25": brl.Agent(brl.SampleAverage(), brl.Boltzmann(0.25))}
    results = brl.BanditExperiment("small", brl.GaussianBandit(), agents, runs=10, steps=10).run(progress=False)
"""


def process(*arguments: str, **environment: str) -> Callable[[], object]:
    """Runs Python in a new process, which keeps the bytecode of the modules that it imports."""
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "", **environment}
    return lambda: subprocess.run(
        [sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL, env=env, cwd=ROOT
    )


def first_run(name: str, folder: str) -> dict[str, Callable[[], object]]:
    """An experiment on the reference engine, with an empty cache, and with the cache that a first run leaves."""

    def run(**environment: str) -> object:
        results = tempfile.mkdtemp(dir=folder)
        command = ("-m", "boltzmann_rl.cli", "run", f"experiments/{name}.py", "--quiet", "--jobs", "2")
        return process(*command, "--results", results, **environment)()

    return {
        f"reference engine alone, {name}": lambda: run(NUMBA_DISABLE_JIT="1"),
        f"first run, {name}": lambda: run(NUMBA_CACHE_DIR=tempfile.mkdtemp(dir=folder)),
        f"later run, {name}": lambda: run(NUMBA_CACHE_DIR=str(Path(folder) / "kept")),
    }


def tables() -> Iterator[Table]:
    """Imports relative to NumPy's, and runs relative to the reference engine's."""
    ways = {
        "import numpy": process("-c", "import numpy"),
        "python": process("-c", ""),
        "import boltzmann_rl": process("-c", "import boltzmann_rl"),
        "boltzmann-rl --help": process("-m", "boltzmann_rl.cli", "--help"),
        "boltzmann-rl list": process("-m", "boltzmann_rl.cli", "list"),
        "a bandit run of 10 runs × 10 steps": process("-c", SMALL),
        "the same, and its summary": process("-c", f"{SMALL}    results.summary"),
        "import pandas": process("-c", "import pandas"),
    }
    limits = {"import boltzmann_rl": 1.3, "boltzmann-rl list": 2.3}
    yield Table("Starts", "import numpy", take_turns(ways, ROUNDS), limits=limits)
    if available():
        with tempfile.TemporaryDirectory() as folder:
            yield first_runs(folder)


def first_runs(folder: str) -> Table:
    """Shipped experiments relative to the reference engine; a first run may take a second longer."""
    ways: dict[str, Callable[[], object]] = {}
    bases, alone = {}, {}
    for name in ("ten_armed_testbed", "temperature_sweep", "cliff_walking"):
        three = first_run(name, folder)
        ways |= three
        base, first, _ = three
        bases |= dict.fromkeys(three, base)
        alone[first] = base
    taken = take_turns(ways, RUN_ROUNDS)
    limits = {first: 1.0 + 1.0 / median(taken[base]) for first, base in alone.items()}
    return Table("Whole runs of shipped experiments", bases, taken, limits=limits)


if __name__ == "__main__":
    show(tables())
