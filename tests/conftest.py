"""Fixtures of several test files."""

import sys

import pytest
from browsing import chromium

from boltzmann_rl.engines import selection
from boltzmann_rl.figures import style


@pytest.fixture(autouse=True)
def no_figures_stay_open():
    """Close what a test drew: pyplot warns from the 21st figure on."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


@pytest.fixture(autouse=True)
def figures_without_pdf(request, monkeypatch):
    """Save figures without PDF, which takes longer than all other formats, except in tests that are marked `pdf`."""
    if not request.node.get_closest_marker("pdf"):
        monkeypatch.delitem(style.FORMATS, "pdf")


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
