"""Mutation testing: change the package's arithmetic one expression at a time, and see whether a test fails.

    python benchmarks/mutants.py                                  all mutants of the modules below
    python benchmarks/mutants.py numerics.sampling statistics     of these modules
    python benchmarks/mutants.py --sample 400 --seed 1 --jobs 2   a random sample, with its standard error

pytest collects the tests once. A child process runs all of them under coverage, to find which tests reach which line
and how long they take. Then each mutant gets a forked child, in which the mutated code replaces the original in the
living functions and classes. The tests that reach the changed line run there until one fails: first those that killed
another mutant, then the fastest. Nothing is written into the package. A mutant that takes a multiple of the test's
time, or that asks for too much memory, is stopped and counts as killed. A mutant that no test notices within
``--budget`` seconds of tests counts as survived. Ctrl-C ends the run and reports the results so far.

Mutations change comparisons, arithmetic, ``and``, ``or`` and ``not``, numbers, truth values, names such as ``all`` and
``any``, conditions and axes, and remove statements. Docstrings, annotations and error messages are left alone.
Equivalent mutants, which no test can tell from the original, are listed with their reasons in
``equivalent_mutants.toml``, by function and expression. Entries that match no mutant are refused, and entries that a
test does kill are reported.

Why not mutmut or cosmic-ray: mutmut changes function bodies only (no class attributes, defaults or constants of a
module), in a copy of the project; cosmic-ray starts an interpreter for each mutant and changes the files in place.
"""

import argparse
import itertools
import math
import mmap
import os
import pickle
import random
import resource
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

from mutations import EQUIVALENT, PACKAGE, ROOT, Mutant, mutants, source_of
from transplants import transplant

MODULES = sorted(
    str(path.relative_to(ROOT / PACKAGE).with_suffix("")).replace("/", ".")
    for folder in ("numerics", "policies", "schedules", "statistics")
    for path in (ROOT / PACKAGE / folder).glob("*.py")
    if path.name != "__init__.py"
)
# The test files of a module, or of all modules of a folder; test_settings and the module's doctests are added to all.
TESTS = {
    "numerics": "rows numerics",
    "numerics.entmax": "rows roots regularised numerics",
    "numerics.maxima": "rows roots numerics regularised temperatures",
    "numerics.perturbation": "rows propensities perturbation",
    "numerics.plain": "plain_floats masks policies",
    "numerics.sampling": "rows numerics bad_inputs formats untried",
    "numerics.softmax": "rows softmax bad_inputs",
    "numerics.untried": "rows untried",
    "policies": "policies parameters parameters_per_row clocks",
    "policies.feedback": "feedback adversarial parameters",
    "policies.mixture": "mixture plain_floats policies parameters_per_row",
    "policies.parameters": "parameters policies parameters_per_row clocks",
    "policies.perturbation": "draws perturbation",
    "policies.regularised": "regularised parameters parameters_per_row",
    "policies.temperatures": "temperatures parameters parameters_per_row clocks",
    "schedules": "schedules bad_inputs parameters_per_row clocks",
    "statistics": "statistics floating_point_errors",
}
MEMORY = 2 * 2**30  # bytes that a mutant may allocate: some allocate without end
SURVIVED, KILLED, UNTRIED = 0, 1, 99

Reached = dict[str, dict[int, list[str]]]


class Run:
    """A pytest plugin that runs mutants instead of the collected tests."""

    def __init__(self, chosen: argparse.Namespace, todo: list[Mutant], whole: int) -> None:
        self.chosen, self.todo, self.whole = chosen, todo, whole
        self.seconds: dict[str, float] = {}
        self.failed: list[str] = []
        self.reached: Reached = {}
        self.place: dict[str, int] = {}
        self.killers = mmap.mmap(-1, 1)  # shared with the children: 1 at the place of a test that killed a mutant
        self.begins: Callable[[str], object] = lambda test: None

    def pytest_runtestloop(self, session: Any) -> bool:
        """Find which lines the tests reach, run all mutants, and report."""
        items = {item.nodeid: item for item in session.items}
        self.place = {name: place for place, name in enumerate(items)}
        self.killers = mmap.mmap(-1, len(items))
        self.failed, self.seconds, self.reached = self.learned(items)
        if self.failed:
            print(f"left out, since they fail without a mutant: {', '.join(self.failed)}", file=sys.__stderr__)
        report(self.outcomes(items, set(self.failed)), self.whole)
        return True

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Tell coverage which test starts."""
        self.begins(nodeid)

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Add up the seconds of a test, and record a failure."""
        self.seconds[report.nodeid] = self.seconds.get(report.nodeid, 0.0) + report.duration
        if report.failed:
            self.failed.append(report.nodeid)

    def learned(self, items: dict[str, Any]) -> tuple[list[str], dict[str, float], Reached]:
        """In a child process: the failing tests, the seconds of each test, and the tests that reach each line."""
        reader, writer = os.pipe()
        if os.fork() == 0:
            import coverage

            files = {module: str(source_of(module)) for module in self.chosen.modules}
            seen = coverage.Coverage(data_file=None, include=list(files.values()), config_file=False)
            package = [module for name, module in list(sys.modules.items()) if name.startswith(PACKAGE)]
            caches = [one for module in package for one in vars(module).values() if hasattr(one, "cache_clear")]

            def begins(test: str) -> None:
                for cached in caches:  # or only the first test would reach the lines of a cached function
                    cached.cache_clear()
                seen.switch_context(test)

            self.begins = begins
            seen.start()
            play(list(items.values()))
            seen.stop()
            data = seen.get_data()
            reached = {module: data.contexts_by_lineno(file) for module, file in files.items()}
            with os.fdopen(writer, "wb") as pipe:
                pickle.dump((self.failed, self.seconds, reached), pipe)
            os._exit(0)
        os.close(writer)
        with os.fdopen(reader, "rb") as pipe:
            return pickle.load(pipe)  # type: ignore[no-any-return]

    def tests_of(self, mutant: Mutant, failing: set[str]) -> list[str]:
        """Tests that reach the changed lines; if these run on import, tests of their class, or else of the module.

        Those that killed a mutant come first, then the others, the fastest first.
        """
        reached = self.reached[mutant.module]
        around = next(part for part in mutant.tree.body if mutant.lines.start <= (part.end_lineno or 0))
        for lines in (mutant.lines, range(around.lineno, (around.end_lineno or 0) + 1), reached):
            if names := {name for line in lines for name in reached.get(line, [])} - {""}:
                break
        order = sorted(names - failing, key=lambda name: (-self.killers[self.place[name]], self.seconds[name], name))
        spent = itertools.accumulate(self.seconds[name] for name in order)
        return [name for name, so_far in zip(order, spent, strict=True) if so_far <= self.chosen.budget]

    def start(self, mutant: Mutant, items: dict[str, Any], failing: set[str]) -> int:
        """Run the tests against a mutant in a child process; returns its id."""
        if pid := os.fork():
            return pid
        os.setsid()
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
        self.failed = []
        try:
            transplant(f"{PACKAGE}.{mutant.module}", mutant.made())
        except NotImplementedError:
            os._exit(UNTRIED)
        except Exception:  # the mutant cannot even be imported
            os._exit(KILLED)
        for name in self.tests_of(mutant, failing):
            # The processor's time, so that neither an endless loop nor other work on the machine costs much.
            most = math.ceil(time.process_time() + 5.0 * self.seconds[name] + 5.0)
            resource.setrlimit(resource.RLIMIT_CPU, (most, resource.RLIM_INFINITY))
            play([items[name]])
            if self.failed:
                self.killers[self.place[name]] = 1
                os._exit(KILLED)
        os._exit(SURVIVED)

    def outcomes(self, items: dict[str, Any], failing: set[str]) -> dict[Mutant, int]:
        """The outcome of each mutant that was tried; an interrupt leaves out the rest."""
        ended: dict[Mutant, int] = {}
        running: dict[int, tuple[Mutant, float]] = {}
        waiting, began = list(reversed(self.todo)), time.monotonic()
        signal.signal(signal.SIGINT, lambda *_: waiting.clear())
        while waiting or running:
            while waiting and len(running) < self.chosen.jobs:
                mutant = waiting.pop()
                running[self.start(mutant, items, failing)] = mutant, time.monotonic()
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid in running:
                mutant, _ = running.pop(pid)
                code = os.waitstatus_to_exitcode(status)
                ended[mutant] = code if code in (SURVIVED, UNTRIED) else KILLED
                show(ended, len(self.todo), began)
                continue
            for child, (_, since) in running.items():
                if time.monotonic() - since > self.chosen.timeout:
                    os.killpg(child, signal.SIGKILL)
            time.sleep(0.005)
        print(file=sys.__stderr__)
        return ended


def play(items: list[Any]) -> None:
    """Run tests one after the other, as pytest's own loop does."""
    for item, following in itertools.zip_longest(items, items[1:]):
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)


def show(ended: dict[Mutant, int], whole: int, began: float) -> None:
    """Show one line of progress, and print each survivor as soon as it is known."""
    mutant, code = next(reversed(ended.items()))
    if code != KILLED and not mutant.equivalent:
        print(f"\r{mutant}", file=sys.__stderr__)
    left = (time.monotonic() - began) / len(ended) * (whole - len(ended)) / 60.0
    survivors = sum(code != KILLED and not mutant.equivalent for mutant, code in ended.items())
    line = f"\r{len(ended)}/{whole} mutants, {survivors} survive, {left:.0f} min left "
    print(line, end="", file=sys.__stderr__, flush=True)


def report(ended: dict[Mutant, int], whole: int) -> None:
    """Print a table of modules, the survivors, and the standard error of a sample; not captured by pytest."""
    sys.stdout = sys.__stdout__
    print(f"{'module':<26}{'mutants':>8}{'killed':>8}{'survived':>9}{'equivalent':>11}{'share':>8}")
    for module in [*sorted({mutant.module for mutant in ended}), "all"]:
        own = [mutant for mutant in ended if module in (mutant.module, "all")]
        dead = sum(ended[mutant] == KILLED for mutant in own)
        equivalent = sum(mutant.equivalent and ended[mutant] != KILLED for mutant in own)
        counted = len(own) - equivalent
        share = dead / counted if counted else 1.0
        print(f"{module:<26}{len(own):>8}{dead:>8}{counted - dead:>9}{equivalent:>11}{share:>8.1%}")
    if 0 < len(ended) < whole and counted:
        error = math.sqrt(share * (1 - share) / counted * (1 - len(ended) / whole))
        print(f"a random sample of {len(ended)} of {whole} mutants: {share:.1%} ± {error:.1%} (standard error)")
    for mutant, code in ended.items():
        if code == KILLED and mutant.equivalent:
            print(f"listed as equivalent, but killed: {mutant}")
        if code != KILLED and not mutant.equivalent:
            print(f"{'untried: ' if code == UNTRIED else ''}{mutant}")
    sys.stdout.flush()


def files_of(module: str) -> list[str]:
    """The module and its test files."""
    names = f"{TESTS.get(module) or TESTS[module.split('.')[0]]} settings".split()
    return [str(source_of(module).relative_to(ROOT)), *(f"tests/test_{name}.py" for name in names)]


def entries(modules: list[str]) -> set[tuple[str, str]]:
    """The equivalent mutants that are listed for these modules: place and change."""
    listed = {place: changes for place, changes in EQUIVALENT.items() if place.split(":")[0] in modules}
    return {(place, change) for place, changes in listed.items() for change in changes}


def main() -> None:
    """Read the arguments, and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", nargs="*", default=MODULES, metavar="MODULE", help=", ".join(MODULES))
    parser.add_argument("--sample", type=int, help="how many mutants, drawn at random; default: all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--timeout", type=float, default=600.0, metavar="SECONDS")
    parser.add_argument("--budget", type=float, default=math.inf, metavar="SECONDS", help="of tests for each mutant")
    parser.add_argument("--match", default="", help="only mutants whose function or change contains this text")
    parser.add_argument("-k", default="", metavar="EXPRESSION", help="only tests that pytest selects by this")
    chosen = parser.parse_args()
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    every = [mutant for module in chosen.modules for mutant in mutants(module)]
    wrong = entries(chosen.modules) - {(f"{mutant.module}:{mutant.function}", mutant.change) for mutant in every}
    if wrong:
        raise SystemExit(f"equivalent_mutants.toml has entries that match no mutant: {sorted(wrong)}")
    every = [mutant for mutant in every if chosen.match in f"{mutant.function} {mutant.change}"]
    todo = random.Random(chosen.seed).sample(every, min(chosen.sample or len(every), len(every)))

    import hypothesis
    import pytest

    hypothesis.settings.register_profile("mutants", derandomize=True, database=None, deadline=None)
    hypothesis.settings.load_profile("mutants")
    files = sorted({file for module in chosen.modules for file in files_of(module)})
    options = ["-n0", "--capture=sys", "-p", "no:cacheprovider", "-p", "no:terminal", "--assert=plain", "-k", chosen.k]
    pytest.main([*options, *files], plugins=[Run(chosen, todo, len(every))])


if __name__ == "__main__":
    main()
