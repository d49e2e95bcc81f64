"""One formula for the family of mixtures: a user's policy that offers it runs wherever ours do."""

from dataclasses import dataclass
from typing import Any

import gymnasium
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from watched import Watched

import boltzmann_rl as brl
from boltzmann_rl.decisions import machine
from boltzmann_rl.engines.reference import bandits as reference
from boltzmann_rl.policies.mixture import Mixture, mixture_of, probabilities_of, weights_of
from boltzmann_rl.schedules import Exponential, Linear


@dataclass(frozen=True)
class ThreeParts:
    """A policy of somebody else's: uniform, soft and greedy at once."""

    temperature: Any
    floor: Any = 0.1

    def __call__(self, values, step):
        return probabilities_of(self.mixture(step), np.asarray(values, dtype=float), step)

    def mixture(self, step, memory=None):
        floor = self.floor(step) if callable(self.floor) else self.floor
        return Mixture(floor, 0.5, 0.5 - floor, self.temperature)


class Watching(ThreeParts):
    """The same, but its ``mixture`` is not that of its ``__call__``."""

    def __call__(self, values, step):
        return np.eye(np.shape(values)[-1])[np.zeros(np.shape(values)[:-1], dtype=int)]


POLICIES = (ThreeParts(0.3), ThreeParts(Exponential(1.0, 0.1, steps=50), floor=Linear(0.4, 0.0, steps=60)))
policies = pytest.mark.parametrize("policy", POLICIES, ids=repr)


def written_out(values, policy, step):
    uniform, soft, greedy, temperature = policy.mixture(step)
    temperature = temperature(step) if callable(temperature) else temperature
    best, weights = values == values.max(), np.exp((values - values.max()) / temperature)
    free = np.isfinite(values)
    return uniform * free / free.sum() + soft * weights / weights.sum() + greedy * best / best.sum()


@policies
@settings(deadline=None)
@given(st.lists(st.floats(-5.0, 5.0) | st.just(-np.inf), max_size=9), st.integers(0, 100))
def test_arrays_and_plain_floats_are_the_formula(policy, others, step):
    values = np.array([0.5, *others])
    expected = written_out(values, policy, step)
    np.testing.assert_allclose(policy(values, step), expected, rtol=1e-12)
    weights = weights_of(mixture_of(policy, step), values.tolist(), step)
    np.testing.assert_allclose(np.array(weights) / sum(weights), expected, rtol=1e-12)


@policies
def test_a_policy_of_the_family_obeys_the_laws(policy):
    brl.check_policy(policy)


@pytest.mark.parametrize(
    "mixture", [Mixture(0.5, 0.6, 0.0), Mixture(-0.1, 0.0, 1.1), Mixture(0.0, 0.0, 0.0), Mixture(np.nan, 0.0, 1.0)]
)
def test_weights_that_do_not_add_up_to_one_are_refused(mixture):
    @dataclass(frozen=True)
    class Wrong:
        def __call__(self, values, step):
            return probabilities_of(mixture, np.asarray(values), step)

        def mixture(self, step, memory=None):
            return mixture

    assert mixture_of(Wrong(), 0) is None
    with pytest.raises(ValueError, match=r"probabilities|distribution|add up to 1"):
        brl.act(Wrong(), np.array([0.0, 1.0]), np.random.default_rng(0), step=0)


def test_a_subclass_that_answers_otherwise_is_asked_everywhere():
    policy = Watching(0.3)
    assert mixture_of(policy, 0) is None
    assert brl.act(policy, np.array([0.0, 9.0]), np.random.default_rng(0), step=0) == 0
    tabular = pytest.importorskip("boltzmann_rl.engines.compiled.tabular", reason="needs Numba")
    from boltzmann_rl.engines.compiled import bandits

    assert not bandits.knows(brl.GaussianBandit(), brl.Agent(brl.SampleAverage(), policy))
    assert "is not known" in tabular.reason(brl.Environment("FrozenLake-v1"), brl.Agent(brl.QLearning(), policy))


def test_a_step_is_asked_for_where_a_policy_does_not_say_that_it_is_constant():
    with pytest.raises(TypeError, match="step= is missing"):
        brl.act(ThreeParts(0.3), np.array([0.0, 1.0]), np.random.default_rng(0))


@policies
def test_many_rows_are_decided_compiled_and_as_by_arrays(policy, monkeypatch):
    pytest.importorskip("numba")
    brl.prepare()
    values, called = np.random.default_rng(1).normal(size=(5000, 6)), []
    decide = machine.ready.decide_rows
    monkeypatch.setattr(machine.ready, "decide_rows", lambda *given: called.append(given) or decide(*given))
    compiled = brl.act(policy, values, np.random.default_rng(2), step=7)
    assert len(called) == 1
    monkeypatch.setattr(machine, "ready", None)
    assert (compiled == brl.act(policy, values, np.random.default_rng(2), step=7)).all()


@policies
def test_the_compiled_bandit_engine_plays_the_reference_s_actions(policy):
    pytest.importorskip("numba")
    from boltzmann_rl.engines.compiled import bandits

    work = {"block": 0, "runs": 20, "steps": 80, "seed": 0}
    watched = Watched(brl.SampleAverage())
    expected = reference.simulate(brl.GaussianBandit(), brl.Agent(watched, policy), **work)
    agent, actions = brl.Agent(brl.SampleAverage(), policy), np.zeros((80, 20), dtype=np.int64)
    assert bandits.knows(brl.GaussianBandit(), agent)
    found = bandits.simulate(brl.GaussianBandit(), agent, actions=actions, **work)
    np.testing.assert_array_equal(actions, np.array([action for action, _ in watched.tape]))
    for metric, curve in expected.curves.items():
        np.testing.assert_allclose(found.curves[metric].mean, curve.mean, 1e-12, 1e-12, err_msg=metric)


@policies
@pytest.mark.parametrize(
    "learner", [brl.QLearning(), brl.SARSA(), brl.ExpectedSARSA(), brl.DoubleQLearning()], ids=repr
)
@pytest.mark.parametrize("clock", ["step", "visits"])
def test_the_compiled_tabular_engine_trains_as_the_reference_bit_for_bit(policy, learner, clock):
    pytest.importorskip("numba")
    from boltzmann_rl.engines.compiled import tabular

    agent, lake = brl.Agent(learner, policy, clock=clock), brl.Environment("FrozenLake-v1")
    trained = tabular.train(lake, agent, episodes=40, seed=3)
    training = brl.Training(gymnasium.make("FrozenLake-v1"), agent, seed=3)
    returns = []
    while len(returns) < 40:
        if (transition := next(training)).terminated or transition.truncated:
            returns.append(training.last.total_reward)
    assert trained is not None
    np.testing.assert_array_equal(trained.values, training.values)
    np.testing.assert_array_equal(trained.samples[0], returns)
