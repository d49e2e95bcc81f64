"""The judgement on the tutorial's page is that of the runs which are kept beside it."""

import importlib.util
import re

import pandas as pd
import pytest
from pages import DOCS, page

PAGE = page("tutorials/dqn.md")


@pytest.fixture
def script(monkeypatch, tmp_path):
    """The script of the figure, which finds the runs in another folder and draws there."""
    spec = importlib.util.spec_from_file_location("dqn_figure", DOCS / "tutorials" / "dqn_figure.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (tmp_path / "dqn.csv").write_bytes((DOCS / "tutorials" / "dqn.csv").read_bytes())
    monkeypatch.setattr(module, "HERE", tmp_path)
    return module


def test_the_page_quotes_the_sentence_of_the_kept_runs(script):
    quoted = " ".join(line.removeprefix("> ") for line in PAGE.splitlines() if line.startswith("> "))
    assert script.judged().sentence == quoted


def test_the_kept_runs_are_those_that_the_page_names(script):
    runs = pd.read_csv(DOCS / "tutorials" / "dqn.csv")
    seeds, steps = re.search(r"run with `range\((\d+)\)` and ([\d,]+) steps", PAGE).groups()
    assert (int(seeds), int(steps.replace(",", ""))) == (script.SEEDS, script.STEPS)
    assert runs.groupby("agent")["seed"].unique().map(sorted).map(tuple).unique().tolist() == [tuple(range(int(seeds)))]
    assert runs["step"].unique().tolist() == list(range(1_000, script.STEPS + 1, 1_000))
    assert f"Means over {seeds} seeds" in PAGE
