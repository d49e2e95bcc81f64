"""Fixtures of several test files."""

import pytest

from boltzmann_rl.engines import selection


@pytest.fixture
def everything_pays(monkeypatch):
    """Let compiling pay for any amount of work, so that small experiments run on the compiled engine."""
    monkeypatch.setattr(selection, "PAYS", {"step": 0, "episode": 0})
