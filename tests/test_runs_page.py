"""The code and the commands of docs/runs.md run, from top to bottom, in one folder."""

import re
import shlex
from pathlib import Path

import pytest
from pages import blocks, folder_with, page

import boltzmann_rl as brl
from boltzmann_rl.cli import main
from boltzmann_rl.cli.parser import parser

PAGE, BLOCKS = page("runs.md"), blocks("runs.md")
FILE = next(text for _, text in blocks("several_machines.md") if text.startswith("# study.py"))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with the file of the page, from which Python imports."""
    with folder_with("study", FILE, tmp_path, monkeypatch) as found:
        yield found


def key_of_a_cell():
    from study import EXPERIMENT

    return next(EXPERIMENT.plan().cells())[1].key[:12]


def command(line, capsys):
    """Run a command of the page."""
    program, *arguments = shlex.split(line)
    assert program == "boltzmann-rl"
    arguments = [key_of_a_cell() if word == "KEY" else word for word in arguments]
    assert main(arguments) == 0, capsys.readouterr().err


def test_the_code_and_the_commands_run_from_top_to_bottom(folder, capsys):
    namespace, windows = {"__name__": "page"}, None
    for language, text in BLOCKS:
        if language == "sh":
            for line in text.splitlines():
                command(line, capsys)
        else:
            exec(compile(text, "runs.md", "exec"), namespace)
            windows = namespace.get("curves") if "results.run_curves" in text else windows
    assert (folder / "results" / "study.1").is_dir(), "where --fresh moved the results"
    named = re.search(r"^The columns are (.*?)\n\n", PAGE, flags=re.DOTALL | re.MULTILINE)[1]
    columns = list(windows.columns)
    assert re.findall(r"`(\w+)`", named) == columns[: columns.index("end") + 1]
    assert set(namespace["final"].columns) == set(brl.load("results/study").summary["agent"])
    assert (folder / "windows.csv").exists()
    described = re.findall(r"^\| `.*?(?=\|)", PAGE, flags=re.MULTILINE)
    names = {name.rstrip("/") for line in described for name in re.findall(r"`([\w./]+)`", line)}
    assert {path.name for path in Path("results/study").iterdir()} <= names


def test_the_statuses_of_the_page_are_those_of_the_help():
    told = re.findall(r"^\| (\d+) \|", PAGE, flags=re.MULTILINE)
    assert told == ["0", "1", "2", "130", "143"]
    assert all(status in parser().format_help() for status in told)
