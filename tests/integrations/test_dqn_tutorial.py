"""The code of the tutorial on a DQN runs, word for word, from top to bottom."""
# ruff: noqa: E402 - what follows the skip needs the library

import numpy as np
import pytest
from pages import page, run_python

pytest.importorskip("stable_baselines3")
torch = pytest.importorskip("torch")
from stable_baselines3 import DQN

from boltzmann_rl.integrations.stable_baselines3 import ExploringDQN

torch.set_num_threads(1)  # the tests' own workers share the cores


def test_the_tutorial_runs_from_top_to_bottom(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names = run_python("tutorials/dqn.md")
    shown = capsys.readouterr().out
    assert "ε = 0.05: probabilities [0.025 0.975], 1.12 effective actions" in shown
    mean = np.mean(2.0 - 0.88 * np.arange(500, 1_024) / 2_000)
    assert f"after 1024 decisions: {mean:.2f} effective actions" in shown
    assert f"here {mean:.2f}" in page("tutorials/dqn.md")
    assert names["results"].runs.groupby("agent")["run"].count().to_dict() == dict.fromkeys(names["labels"], 2)
    assert (tmp_path / "dqn.png").stat().st_size > 10_000
    built_in, ours = (names["agent"](label, 0, 8_000) for label in names["labels"])
    assert type(built_in) is DQN
    assert type(ours) is ExploringDQN
    assert np.allclose(
        [built_in.exploration_schedule(1 - step / 8_000) for step in (0, 1_000, 2_000)], [1, 0.525, 0.05]
    )
