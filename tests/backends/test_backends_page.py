"""The code of the manual's page on the backends runs from top to bottom."""

import pytest
from pages import run_python

pytest.importorskip("jax")
pytest.importorskip("torch")


def test_the_code_of_the_page_runs(capsys):
    names = run_python("backends.md")
    assert names["actions"].shape == (2,)
    printed = capsys.readouterr().out
    assert "must have no NaN" in printed, "the checked program tells its error"
