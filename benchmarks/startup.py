"""Start-up times: imports, the help of the command line, and a first run before anything is compiled.

Times of whole processes. A first run finds no compiled code on the disk, a later run does; both are compared with the
reference engine alone, in two processes. The ten-armed testbed is too small for compiling to pay off.
Run: ``python benchmarks/startup.py``.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from rounds import Table, show, take_turns

from boltzmann_rl.kernels.jit import available

EXPERIMENTS = Path(__file__).parents[1] / "experiments"
ROUNDS, RUN_ROUNDS = 11, 3


def process(*arguments: str, **environment: str) -> Callable[[], object]:
    """Runs Python in a new process."""
    return lambda: subprocess.run(
        [sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL, env={**os.environ, **environment}
    )


def first_run(name: str, folder: str) -> dict[str, Callable[[], object]]:
    """An experiment on the reference engine, with an empty cache, and with the cache that a first run leaves."""

    def run(**environment: str) -> object:
        file, results = str(EXPERIMENTS / f"{name}.py"), tempfile.mkdtemp(dir=folder)
        command = ("-m", "boltzmann_rl.cli", "run", file, "--quiet", "--jobs", "2", "--results", results)
        return process(*command, **environment)()

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
    }
    yield Table("A process that does nothing yet", "import numpy", take_turns(ways, ROUNDS))
    if available():
        with tempfile.TemporaryDirectory() as folder:
            for name in ("ten_armed_testbed", "temperature_sweep", "cliff_walking"):
                runs = first_run(name, folder)
                yield Table(f"boltzmann-rl run {name}", next(iter(runs)), take_turns(runs, RUN_ROUNDS))


if __name__ == "__main__":
    show(tables())
