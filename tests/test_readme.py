"""The README's code runs unchanged, and its commands are the ones that CI runs."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, flags=re.DOTALL | re.MULTILINE)


def test_the_code_of_the_readme_runs_from_top_to_bottom(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, object] = {"__name__": "readme"}
    for block in blocks("python"):
        exec(compile(block, "README.md", "exec"), namespace)
    printed = capsys.readouterr().out
    assert printed.startswith("-13.0"), "Q-learning finds the path along the edge"
    assert "had the highest mean reward per step" in printed


def test_the_readme_has_a_command_each_for_experiments_tests_and_the_manual() -> None:
    commands = [line for block in blocks("sh") for line in block.splitlines()]
    assert len(commands) == 3
    assert all(command.startswith("python3 -m venv .venv && .venv/bin/pip install -qq -e ") for command in commands)
    assert "boltzmann-rl run experiments/" in commands[0]
    assert commands[1].endswith("python -m pytest -q -n auto")
    assert commands[2].endswith("sphinx-build -q -W --keep-going docs docs/_build")


def test_every_file_that_the_readme_links_to_exists() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).exists(), target
