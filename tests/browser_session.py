"""A session with bandits in a Python that lacks what Python in a browser lacks; run as a script, in a folder.

It imitates Pyodide, CPython compiled to WebAssembly. What it refuses is what Pyodide refuses, by its documentation and
by versions 0.27.7 and 314.0.7 of its package on npm, asked under Node:

- "Pyodide Python compatibility" in the documentation: modules removed from the standard library, modules that are not
  loaded by default, and that multiprocessing, threading and sockets can be imported but do not work.
- Asked: the extension modules `_multiprocessing` and `_posixshmem` are missing; ``Thread.start`` raises a RuntimeError,
  ``os.fork`` and ``subprocess`` an OSError; `os` has no `sched_getaffinity`, `geteuid` and, in 0.27.7,
  `get_terminal_size`; ``os.cpu_count()`` is 1; there is no ``/proc``. `fcntl` is missing in 0.27.7.
- Its lock file has NumPy, SciPy, pandas, Matplotlib, cloudpickle, tqdm and joblib, but no Numba, Gymnasium and loky.

Not imitated: 32-bit addresses, and files that live in memory.
"""

import errno
import importlib.metadata
import json
import sys
import warnings
from pathlib import Path

REMOVED = {"curses", "dbm", "ensurepip", "idlelib", "lib2to3", "pwd", "tkinter", "turtle", "turtledemo", "venv"}
REMOVED |= {"_multiprocessing", "_posixshmem", "fcntl", "grp", "readline", "resource", "syslog", "termios"}
NOT_LOADED = {"lzma", "ssl", "sqlite3"}
NOT_BUILT = {"gymnasium", "llvmlite", "loky", "numba"}
ABSENT = REMOVED | NOT_LOADED | NOT_BUILT


class Finder:
    """A finder of modules and distributions that does not find what is absent."""

    def __init__(self, finder):
        self.finder = finder

    def find_spec(self, name, path=None, target=None):
        return None if name.partition(".")[0] in ABSENT else self.finder.find_spec(name, path, target)

    def find_distributions(self, context=importlib.metadata.DistributionFinder.Context()):  # noqa: B008
        found = getattr(self.finder, "find_distributions", lambda context: ())(context)
        return (one for one in found if one.metadata["Name"] not in ABSENT)

    def invalidate_caches(self):
        getattr(self.finder, "invalidate_caches", lambda: None)()


def imitate(cores):
    """Make this process lack what a browser lacks."""
    import os
    import sysconfig
    import threading

    sysconfig.get_config_vars()  # kept: they are in a file that is named after the platform
    loaded = {name for name in sys.modules if name.partition(".")[0] in ABSENT}
    for name in loaded:  # Python itself may have imported them when it started
        del sys.modules[name]
    sys.meta_path[:] = map(Finder, sys.meta_path)
    sys.platform = "emscripten"  # where subprocess refuses by itself

    def no_thread(thread):
        if not isinstance(thread, threading.Timer):  # of Matplotlib, whose build for Pyodide starts none
            raise RuntimeError("can't start new thread")

    def no_fork():
        raise OSError(errno.ENOSYS, "Function not implemented")

    threading.Thread.start = no_thread
    os.fork = no_fork
    os.cpu_count = lambda: cores
    for name in {"sched_getaffinity", "geteuid", "get_terminal_size"} & vars(os).keys():
        delattr(os, name)


def refused():
    """What this process refuses, by name: the kinds of the errors."""
    import multiprocessing
    import os
    import subprocess
    import threading

    asked = {
        "thread": lambda: threading.Thread(target=print).start(),
        "fork": os.fork,
        "program": lambda: subprocess.run(["true"], check=True),
        "lock": multiprocessing.Lock,
        "Gymnasium": lambda: __import__("gymnasium"),
        "Numba": lambda: __import__("numba"),
    }
    return {name: kind_of(ask) for name, ask in asked.items()}


def kind_of(ask):
    try:
        ask()
    except Exception as error:
        return type(error).__name__
    return None


def experiment(runs=40):
    """Boltzmann with a schedule, ε-greedy, UCB1 and a gradient bandit."""
    import boltzmann_rl as brl

    cooling = brl.Boltzmann(brl.schedules.Exponential(1.0, 0.05, steps=100))
    agents = {
        "cooling": brl.Agent(brl.SampleAverage(), cooling),
        "ε = 0.1": brl.Agent(brl.SampleAverage(), brl.EpsilonGreedy(0.1)),
        "UCB1": brl.Agent(brl.UCB1(2.0), brl.Greedy()),
        "gradient": brl.Agent(brl.GradientPreferences(0.1), brl.Boltzmann(1.0)),
    }
    return brl.BanditExperiment("study", brl.GaussianBandit(arms=5), agents, runs=runs, steps=100)


def session(folder):
    """Run, interrupt, resume, extend, draw, report, load; what was seen on the way."""
    import boltzmann_rl as brl
    from boltzmann_rl.runs.store import Store

    class Leaves(Exception):
        """The reader closes the page."""

    def leave(done):
        raise Leaves

    seen, resumed = {"refused": refused()}, []
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            experiment().run(results=folder, on_cell=leave, progress=False)
        except Leaves:
            seen["kept"] = len(Store(folder / "study"))
        results = experiment().run(jobs=2, results=folder, on_cell=resumed.append)
    seen["warnings"] = [str(one.message) for one in told]
    seen["cells"], seen["resumed"] = len(experiment().plan()), len(resumed)
    results.plot().savefig(folder / "shown.png")
    results.figures.difference("cooling", "UCB1").savefig(folder / "difference.png")
    results.report(folder / "report.html")
    experiment(60).run(results=folder, progress=False)
    seen["markdown"] = brl.load(folder / "study").to_markdown()
    seen["sentence"] = brl.load(folder / "study").sentence
    seen["same declaration"] = brl.from_dict(brl.to_dict(experiment())) == experiment()
    seen |= compacted(folder / "study")
    seen |= environments()
    return seen


def compacted(folder):
    """How many cells are in a store before and after it is compacted."""
    from boltzmann_rl.runs.store import Store

    with_gaps = Store(folder)
    before = len(with_gaps)
    with_gaps.compact()
    with_gaps.close()
    return {"before compacting": before, "after compacting": len(Store(folder))}


def environments():
    """What an experiment in an environment says."""
    import boltzmann_rl as brl

    try:
        agents = {"τ = 1": brl.Agent(brl.QLearning(0.5), brl.Boltzmann(1.0))}
        brl.GymnasiumExperiment("lake", "FrozenLake-v1", agents).run(progress=False)
    except ImportError as error:
        return {"environment": str(error)}
    return {"environment": None}


if __name__ == "__main__":
    imitate(cores=int(sys.argv[2]))
    sys.stdout.write(json.dumps(session(Path(sys.argv[1]))))
