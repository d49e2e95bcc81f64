"""The code and the commands of docs/judgement.md run, and the page describes all columns and verdicts."""

import re
from itertools import takewhile

import pytest
from pages import blocks, page, run_commands, run_python

from boltzmann_rl import load
from boltzmann_rl.results.checks import COMPARISONS
from boltzmann_rl.statistics.comparison import Verdict

NAME = "judgement.md"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code = next(text for language, text in blocks(NAME) if language == "python")
    lines = takewhile(lambda line: not line.startswith("results"), code.splitlines())
    (tmp_path / "judged.py").write_text("\n".join([*lines, "EXPERIMENT = experiment"]), "utf-8")
    return tmp_path


def test_the_code_runs_and_prints_the_sentence_of_the_page(folder, capsys):
    results = run_python(NAME)["results"]
    quoted = " ".join(line.removeprefix("> ") for line in page(NAME).splitlines() if line.startswith("> "))
    assert results.sentence == quoted
    assert "the best of each family was chosen in other runs" in capsys.readouterr().out


def test_the_commands_run(folder):
    for language, text in blocks(NAME):
        if language == "sh":
            run_commands(text)
    assert load(folder / "judged" / "judged").manifest["judgement"] == {
        "compare": "all",
        "alpha": 0.01,
        "confidence": 0.9,
    }


def test_all_columns_and_verdicts_are_described():
    text = page(NAME)
    assert {*COMPARISONS} - {"experiment", "problem", "metric"} <= {*re.findall(r"`(\w+)`", text)}
    assert all(f"*{verdict}*" in " ".join(text.split()) for verdict in Verdict)
