"""The DQN of the documentation: what it learns from, its clock, its update by hand, and that it learns CartPole."""

import importlib.util
import math
import sys
from dataclasses import replace
from pathlib import Path

import gymnasium
import numpy as np
import pytest

import boltzmann_rl as brl

torch = pytest.importorskip("torch")
torch.set_num_threads(1)  # the tests' own workers share the cores

spec = importlib.util.spec_from_file_location("dqn_of_the_docs", Path(__file__).parents[2] / "docs" / "dqn.py")
dqn = sys.modules["dqn_of_the_docs"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(dqn)

SMALL = dqn.Settings(environments=3, steps=200, learning_starts=20, evaluate_every=10**6, hidden=8, memory=300)


class Diary(gymnasium.Env):
    """Observes the numbers of its episode and step; every other episode terminates, after 3 steps."""

    observation_space = gymnasium.spaces.Box(0.0, 1e6, (2,))
    action_space = gymnasium.spaces.Discrete(3)
    episode = 0

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.episode, self.time = self.episode + 1, 0
        return np.array([self.episode, 0], dtype=np.float32), {}

    def step(self, action):
        self.time += 1
        ended = self.episode % 2 == 0 and self.time == 3
        return np.array([self.episode, self.time], dtype=np.float32), float(self.time), ended, False, {}


@pytest.fixture
def diary():
    gymnasium.register("Diary-v0", Diary, max_episode_steps=5)  # so that the other episodes are truncated after 5
    yield "Diary-v0"
    del gymnasium.registry["Diary-v0"]


def test_learns_from_every_transition_of_an_episode_once_and_from_none_across_two(diary, monkeypatch):
    transitions = []
    monkeypatch.setattr(dqn.Memory, "add", recording(dqn.Memory.add, transitions))
    list(dqn.train(brl.Uniform(), replace(SMALL, environment=diary), seed=0))
    assert SMALL.steps <= len(transitions) < SMALL.steps + SMALL.environments
    for before, action, reward, after, terminated in transitions:
        assert action in range(3)
        assert after.tolist() == [before[0], before[1] + 1]
        assert reward == after[1]
        assert terminated == (before[0] % 2 == 0 and after[1] == 3)  # truncation after 5 steps is not terminal
    shown = [tuple(before) for before, *_ in transitions]
    for episode in range(1, 15):  # three environments, with the same episodes
        assert sorted(t for e, t in shown if e == episode) == sorted([*range(3 if episode % 2 == 0 else 5)] * 3)


def test_the_clock_of_each_environment_counts_its_decisions_and_not_its_resets(diary):
    steps = []

    def policy(values, step):
        steps.append(np.array(step))
        return np.full(values.shape, 1 / 3)

    list(dqn.train(policy, replace(SMALL, environment=diary), seed=0))
    counted, day = [], 0
    for episode in range(1, 40):
        days = 3 if episode % 2 == 0 else 5
        counted += [*range(day, day + days), day + days]  # the clock does not advance in the step of the reset
        day += days
    assert np.array_equal(steps, np.tile(counted[: len(steps)], (3, 1)).T)


def test_one_update_is_the_gradient_step_written_out():
    torch.manual_seed(0)
    online, target = torch.nn.Linear(2, 3, bias=False), torch.nn.Linear(2, 3, bias=False)
    weights, frozen = online.weight.detach().numpy().copy(), target.weight.detach().numpy().copy()
    before, after = np.array([[1.0, 2.0], [-1.0, 0.5]]), np.array([[0.5, -1.0], [2.0, 1.0]])
    action, reward, terminated = np.array([2, 0]), np.array([1.0, -1.0]), np.array([0.0, 1.0])
    batch = [torch.tensor(part, dtype=torch.float32) for part in (before, action, reward, after, terminated)]
    batch[1] = batch[1].long()
    dqn.learn(online, target, torch.optim.SGD(online.parameters(), lr=0.1), batch, discount=0.9)
    for row in range(2):
        goal = reward[row] + (0.0 if terminated[row] else 0.9 * max(frozen @ after[row]))
        error = weights[action[row]] @ before[row] - goal  # the rows have different actions: neither moves the other's
        weights[action[row]] -= 0.1 * 2 * error * before[row] / 2
    np.testing.assert_allclose(online.weight.detach().numpy(), weights, rtol=1e-5)
    np.testing.assert_array_equal(target.weight.detach().numpy(), frozen)


@pytest.mark.parametrize("name", dqn.POLICIES)
def test_learns_cartpole_far_better_than_chance(name):
    settings = replace(dqn.Settings(), steps=4_000, evaluate_every=1_000)
    returns = [value for _, value in dqn.train(dqn.POLICIES[name], settings, seed=0)]
    assert len(returns) == 4
    assert max(returns) > 60  # random actions get 22


def test_the_same_seed_is_the_same_training_and_another_seed_another():
    settings = replace(SMALL, environment="CartPole-v1", steps=400, evaluate_every=100)
    first, again, other = (list(dqn.train(dqn.POLICIES["boltzmann"], settings, seed)) for seed in (0, 0, 1))
    assert first == again
    assert first != other


def test_with_two_actions_a_number_of_effective_actions_is_equivalent_to_epsilon_greedy():
    settings = replace(SMALL, environment="CartPole-v1", steps=400, evaluate_every=100)
    odds = math.exp(1.0)  # of the better action; the worse has half of ε
    p = np.array([odds, 1.0]) / (1.0 + odds)
    effective = brl.Boltzmann(brl.EffectiveActions(math.exp(-(p @ np.log(p)))))
    one, other = (list(dqn.train(policy, settings, 0)) for policy in (effective, brl.EpsilonGreedy(2.0 * p[1])))
    assert one == other


def test_runs_from_the_command_line(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["dqn.py", "--policy", "epsilon-greedy", "--steps", "2000", "--seed", "3"])
    dqn.main()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("exploring with EpsilonGreedy(")
    assert "2000 steps: mean return" in lines[1]


def recording(add, transitions):
    def recorder(memory, *transition):
        transitions.append(transition)
        add(memory, *transition)

    return recorder
