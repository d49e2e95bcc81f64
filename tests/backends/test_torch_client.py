"""The DQN of the manual with network and exploration in one compiled call."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest

import boltzmann_rl as brl

torch = pytest.importorskip("torch")

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def dqn(monkeypatch):
    """The program; its graph is traced as for generated code, and then called as it is, which saves a minute."""
    monkeypatch.syspath_prepend(str(DOCS))
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="eager"))
    import dqn

    return dqn


@pytest.mark.parametrize("name", ["boltzmann", "effective-actions", "epsilon-greedy"])
def test_the_compiled_decisions_invert_the_probabilities_of_numpy(dqn, name):
    torch.manual_seed(0)
    policy, online = dqn.POLICIES[name], dqn.network(4, 2, 16)
    decide = dqn.compiled(policy, online, seed=3)
    generator, rng = torch.Generator().manual_seed(3), np.random.default_rng(0)
    for step in (0, 100, 2_000, 9_000):
        observation = rng.normal(size=(500, 4)).astype(np.float32)
        decisions = np.full(500, step)
        with torch.no_grad():
            actions, values = decide(observation, decisions), online(torch.from_numpy(observation)).double().numpy()
        uniforms = torch.rand(500, generator=generator).numpy()
        expected = brl.invert(policy(values, decisions), uniforms)
        assert (actions != expected).sum() <= 1  # a uniform within the rounding of a boundary


def test_the_compiled_agent_learns(dqn):
    settings = dqn.Settings(steps=3_000, evaluate_every=1_500)
    *_, (step, value) = dqn.train(dqn.POLICIES["boltzmann"], settings, 0, dqn.compiled)
    assert step == 3_000
    assert value > 50.0  # a random policy balances for about 22 steps
