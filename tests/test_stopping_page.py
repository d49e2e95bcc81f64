"""The code and the commands of docs/stopping.md run, from top to bottom, in one folder."""

import re

import pytest
from pages import blocks, folder_with, page, run_commands

import boltzmann_rl as brl
from boltzmann_rl.statistics.stopping import Decision

PAGE, BLOCKS = page("stopping.md"), blocks("stopping.md")
FILE = next(text for _, text in BLOCKS if text.startswith("# race.py"))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with the file of the page, from which Python imports."""
    with folder_with("race", FILE, tmp_path, monkeypatch) as found:
        yield found


def test_the_code_and_the_commands_run_from_top_to_bottom(folder):
    namespace = {"__name__": "page", "brl": brl}
    for language, text in BLOCKS:
        if language == "sh":
            run_commands(text)
        elif text != FILE:
            exec(compile(text, "stopping.md", "exec"), namespace)
    named = re.search(r"^`results.looks` has one row (.*?)\. A decision", PAGE, flags=re.DOTALL | re.MULTILINE)[1]
    assert re.findall(r"`(\w+)`", named) == list(namespace["looks"].columns)
    assert len(namespace["ahead"].sentences) == 3


def test_the_page_lists_all_decisions():
    told = re.search(r"\| decision \| meaning \|\n\|---\|---\|\n(.*?)\n\n", PAGE, flags=re.DOTALL)[1]
    names = [name.strip() for line in told.splitlines() for name in line.split("|")[1].split(",")]
    assert names == [str(decision) for decision in Decision]


def test_every_pair_with_a_clear_difference_takes_at_most_three_tenths_of_the_shipped_runs():
    rows = re.findall(r"^\| .* − .* \| (-?\d\.\d\d) \| .*? \| [\d,]+ \| (\d+)% \|", PAGE, flags=re.MULTILINE)
    assert len(rows) == 21
    assert all(int(share) <= 30 for d, share in rows if abs(float(d)) >= 0.15)
