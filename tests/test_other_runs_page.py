"""The code of docs/other_runs.md runs, from top to bottom, in one folder."""

import re

import pytest
from pages import page, run_python
from test_logs import monitor
from test_other_runs import ragged, table

from boltzmann_rl import load, logs

PAGE = page("other_runs.md")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with the files that the page reads."""
    monkeypatch.chdir(tmp_path)
    given = table(agents=2).assign(agent=lambda t: t["agent"].map({"agent 0": "DQN", "agent 1": "PPO"}))
    given["return"] += 10.0
    given.to_csv("runs.csv", index=False)
    for (agent, seed), run in ragged().groupby(["agent", "seed"]):
        lengths = run["step"].diff().fillna(run["step"].iloc[0]).astype(int)
        rows = (
            f"{value},{length},{step}" for value, length, step in zip(run["return"], lengths, run["step"], strict=True)
        )
        monitor(tmp_path / "logs" / agent / f"{seed}.monitor.csv", *rows)
    return tmp_path


def test_the_code_runs_from_top_to_bottom(folder, capsys):
    namespace = run_python("other_runs.md")
    assert "PPO had the highest mean return over the run" in capsys.readouterr().out
    assert load(folder / "results" / "mine").manifest["judgement"]["compare"] == "DQN"
    assert namespace["by_loss"].summary["agent"].iloc[0] == "PPO"
    assert set(namespace["results"].summary["problem"]) == {"CartPole-v1"}
    assert sorted(namespace["table"]["seed"].unique()) == list(range(10))


def test_the_page_lists_all_readers():
    assert set(re.findall(r"brl\.logs\.(\w+)", PAGE)) == set(logs.__all__)
