"""The code and the command of docs/tuning.md run, and its table of names is that of the class."""

import re
import sys
from pathlib import Path

from pages import blocks, page, run_commands

import boltzmann_rl as brl
from boltzmann_rl.statistics.halving import HALVING
from boltzmann_rl.tuning.space import COARSE, POINTS

PAGE, BLOCKS = page("tuning.md"), blocks("tuning.md")


def test_the_code_and_the_command_run_from_top_to_bottom(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "study", raising=False)
    (declared, command, code) = (text for _, text in BLOCKS)
    Path("study.py").write_text(declared, "utf-8")
    run_commands(command)
    told = " ".join(capsys.readouterr().out.split())
    namespace = {"brl": brl}
    exec(compile(code, "tuning.md", "exec"), namespace)
    sys.modules.pop("study", None)
    assert namespace["tuning"].sentence in told, "both ways find the same"
    assert set(namespace["best"]) == set(namespace["tuning"].recommended["agent"])
    assert (Path("results") / "study-tuned" / "tuning" / "candidates.csv").exists()


def test_the_names_of_the_page_exist():
    for name in re.findall(r"^\| `tuning\.(\w+)`", PAGE, flags=re.MULTILINE):
        assert name in brl.Tuning.__annotations__ or hasattr(brl.Tuning, name)


def test_the_numbers_of_the_page_are_those_of_the_code():
    assert f"{POINTS} values, evenly spaced" in PAGE
    assert f"begins with {COARSE} of them" in PAGE
    assert HALVING == 0.3
    assert "Three tenths of the budget go to successive halving" in PAGE
