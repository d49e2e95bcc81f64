"""What several test files need."""

import pytest

from boltzmann_rl.engines import selection


@pytest.fixture
def everything_pays(monkeypatch):
    """Compiling pays for any amount of work, as it does for much of it."""
    monkeypatch.setattr(selection, "PAYS", {"step": 0, "episode": 0})
