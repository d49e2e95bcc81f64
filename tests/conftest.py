"""Fixtures of several test files."""

import os
import sys
from pathlib import Path

import pytest
from browsing import chromium

from boltzmann_rl.engines import selection
from boltzmann_rl.figures import style
from boltzmann_rl.results import folders

# Machine code lasts from one run of the tests to the next, for all copies of the package, but apart from that of the
# user's programs.
os.environ.setdefault("NUMBA_CACHE_DIR", str(Path("~/.cache/numba/tests_of_boltzmann_rl").expanduser()))


def saved_empty(folder, name, figure):
    """The files of a figure of results, without drawing it, which takes most of the time of a short run."""
    folders.refuse_links(folder / "figures")
    (folder / "figures").mkdir(exist_ok=True)
    return {f"figures/{name}.{kind}": b"" for kind in style.FORMATS}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    """Save no PDF, which takes longer than all other formats, and figures of results as empty files; then close all.

    Tests that are marked `figures` draw those of results, and those that are marked `pdf` also save them as PDF. Pyplot
    warns from the 21st figure on that stays open. This is a hook since fixtures for all tests take seconds in all.
    """
    marks = {mark.name for mark in item.iter_markers()}
    with pytest.MonkeyPatch.context() as changed:
        if "pdf" not in marks:
            changed.delitem(style.FORMATS, "pdf")
        if not marks & {"figures", "pdf"}:
            changed.setattr(folders, "draw", saved_empty)
        try:
            return (yield)
        finally:
            if "matplotlib.pyplot" in sys.modules:
                sys.modules["matplotlib.pyplot"].close("all")


@pytest.fixture
def everything_pays(monkeypatch):
    """Let compiling pay for any amount of work, so that small experiments run on the compiled engine."""
    monkeypatch.setattr(selection, "PAYS", {"step": 0, "episode": 0})


@pytest.fixture
def simulated(monkeypatch):
    """The keys of the cells that are simulated, in order."""
    from boltzmann_rl.runs import work

    keys = []

    def watched(groups):
        keys.extend(key for group in groups for key, _ in group)
        return original(groups)

    original = work.simulate_groups
    monkeypatch.setattr("boltzmann_rl.runs.runner.simulate_groups", watched)
    return keys


def pytest_collection_modifyitems(items):
    """Refuse names of tests that hold an address: they differ between the processes that share the tests."""
    wrong = [item.nodeid for item in items if " at 0x" in item.nodeid]
    if wrong:
        raise pytest.UsageError(f"the name of a test differs between processes: {wrong[0]}")


@pytest.fixture(scope="module")
def browser():
    """Headless Chromium, for the long form of the tests of pages."""
    with chromium() as found:
        yield found
