"""One formula for the family of mixtures: a user's policy that offers it runs wherever ours do."""

from dataclasses import dataclass
from typing import Any

import gymnasium
import numpy as np
import pytest
from cases import in_one_test
from hypothesis import given, settings, strategies as st
from recording import Recorded

import boltzmann_rl as brl
from boltzmann_rl.decisions import machine
from boltzmann_rl.engines.reference import bandits as reference
from boltzmann_rl.numerics.plain import FAR_BELOW
from boltzmann_rl.policies.mixture import Mixture, mixture_of, mixtures, unknown, weights_of
from boltzmann_rl.schedules import Exponential, Linear


@dataclass(frozen=True)
class ThreeParts:
    """A user's policy that mixes uniform, softmax and greedy."""

    temperature: Any
    floor: Any = 0.1

    def __call__(self, values, step):
        return self.mixture(step).probabilities(values, step)

    def mixture(self, step, memory=None):
        floor = self.floor(step) if callable(self.floor) else self.floor
        return Mixture(floor, 0.5, 0.5 - floor, self.temperature)


class Watching(ThreeParts):
    """The same, but its ``mixture`` does not agree with its ``__call__``."""

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
def test_weights_that_do_not_sum_to_one_are_refused(mixture):
    @dataclass(frozen=True)
    class Wrong:
        def __call__(self, values, step):
            return mixture.probabilities(values, step)

        def mixture(self, step, memory=None):
            return mixture

    assert mixture_of(Wrong(), 0) is None
    with pytest.raises(ValueError, match=r"probabilities|distribution|add up to 1"):
        brl.act(Wrong(), np.array([0.0, 1.0]), np.random.default_rng(0), step=0)


def test_a_subclass_with_its_own_call_is_called_everywhere():
    policy = Watching(0.3)
    assert mixture_of(policy, 0) is None
    assert brl.act(policy, np.array([0.0, 9.0]), np.random.default_rng(0), step=0) == 0
    tabular = pytest.importorskip("boltzmann_rl.engines.compiled.tabular", reason="needs Numba")
    from boltzmann_rl.engines.compiled import bandits

    assert bandits.reason(brl.GaussianBandit(), brl.Agent(brl.SampleAverage(), policy))
    assert "is not known" in tabular.reason(brl.Environment("FrozenLake-v1"), brl.Agent(brl.QLearning(), policy))


def test_a_step_is_required_unless_a_policy_says_that_it_is_constant():
    with pytest.raises(TypeError, match="step= is missing"):
        brl.act(ThreeParts(0.3), np.array([0.0, 1.0]), np.random.default_rng(0))


@policies
def test_many_rows_are_decided_by_compiled_code_as_by_arrays(policy, monkeypatch):
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
def test_the_compiled_bandit_engine_takes_the_actions_of_the_reference(policy):
    pytest.importorskip("numba")
    from boltzmann_rl.engines.compiled import bandits

    work = {"block": 0, "runs": 20, "steps": 80, "seed": 0}
    recorded = Recorded(brl.SampleAverage())
    expected = reference.simulate(brl.GaussianBandit(), brl.Agent(recorded, policy), **work)
    agent, actions = brl.Agent(brl.SampleAverage(), policy), np.zeros((80, 20), dtype=np.int64)
    assert not bandits.reason(brl.GaussianBandit(), agent)
    found = bandits.simulate(brl.GaussianBandit(), agent, actions=actions, **work)
    np.testing.assert_array_equal(actions, np.array([action for action, _ in recorded.history]))
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


class Answering:
    """A user's policy with the given mixture."""

    def __init__(self, mixture, **attributes):
        self.answer = mixture
        vars(self).update(attributes)

    def __call__(self, values, step):
        return self.mixture(step).probabilities(values, step)

    def mixture(self, step, memory=None):
        return self.answer(step) if callable(self.answer) else self.answer


@in_one_test(
    ("total", "taken"),
    [
        *((total, True) for total in (1.0 - 1e-12, 1.0 - 0.9e-12, 1.0, 1.0 + 0.9e-12, 1.0 + 1e-12)),
        *((total, False) for total in (0.5, 1.0 - 1.1e-12, 1.0 + 1.1e-12, 2.0)),
    ],
)
def test_weights_sum_to_1_within_1e_minus_12(total, taken):
    policy = Answering(Mixture(0.25, 0.25, total - 0.5))
    if taken:
        assert mixture_of(policy, 0) == policy.answer
        assert mixtures(policy, 0, 2).greedy.tolist() == [total - 0.5] * 2
    else:
        assert mixture_of(policy, 0) is None
        with pytest.raises(ValueError, match="must be 0 or more and add up to 1"):
            mixtures(policy, 0, 2)


@pytest.mark.parametrize("weights", [(-0.1, 0.0, 1.1), (1.1, -0.1, 0.0), (0.0, 1.1, -0.1)])
def test_no_weight_is_negative_at_any_step(weights):
    policy = Answering(lambda step: Mixture(*weights) if step == 3 else Mixture(0.0, 0.0, 1.0))
    assert mixture_of(policy, 3) is None
    assert mixtures(policy, 0, 3).greedy.tolist() == [1.0] * 3
    with pytest.raises(ValueError, match="must be 0 or more and add up to 1"):
        mixtures(policy, 0, 5)


def test_weights_may_be_integers():
    policy = Answering(Mixture(0, 1, 0, 2))
    assert mixture_of(policy, 0) == (0, 1, 0, 2)
    np.testing.assert_allclose(policy([0.0, 2.0], 0), [1 / (1 + np.e), np.e / (1 + np.e)], rtol=1e-14)
    assert mixtures(policy, 4, 6) == pytest.approx(np.array([[0.0] * 2, [1.0] * 2, [0.0] * 2, [2.0] * 2]))


@pytest.mark.parametrize("attributes", [{"draw": lambda self, *given: 0}, {"uniforms_per_action": True}])
def test_a_policy_that_draws_in_its_own_way_has_no_mixture(attributes):
    kind = type("Drawing", (Answering,), {"__call__": Answering.__call__, "mixture": Answering.mixture, **attributes})
    assert mixture_of(kind(Mixture(0.0, 0.0, 1.0)), 0) is None


def test_a_policy_with_mixture_and_call_from_different_classes_is_asked():
    mixing = type("Mixing", (), {"mixture": lambda self, step, memory=None: Mixture(0.0, 0.0, 1.0)})
    calling = type("Calling", (), {"__call__": lambda self, values, step: brl.uniform(values)})
    assert mixture_of(type("Both", (mixing, calling), {})(), 0) is None
    assert mixture_of(type("Inherited", (ThreeParts,), {})(0.3), 0) == mixture_of(ThreeParts(0.3), 0)


def test_without_a_step_only_a_constant_policy_has_a_mixture():
    greedy = Mixture(0.0, 0.0, 1.0)
    assert mixture_of(Answering(greedy), None) is None
    assert mixture_of(Answering(greedy, constant=True), None) == greedy
    assert mixture_of(Answering(greedy), 0) == greedy
    assert mixture_of(lambda values, step: values, 0) is None


@in_one_test(
    ("mixture", "values", "weights"),
    [
        (Mixture(0.0, 1.0, 0.0, 2.0), [1.0, -3.0, -np.inf], [1.0, np.exp(-2.0), 0.0]),
        (Mixture(0.0, 1.0, 0.0, 0.5), [7.0], [1.0]),
        (Mixture(0.0, 1.0, 0.0), [0.0, -1.0], [1.0, np.exp(-1.0)]),
        (Mixture(0.0, 1.0, 0.0), [1e308, 1e308], [1.0, 1.0]),
        (Mixture(0.0, 1.0, 0.0, 1e305), [0.0, 1.0], [1.0, 1.0]),
        (Mixture(0.0, 0.0, 1.0), [1.0, 1.0, -np.inf, 0.0], [1.0, 1.0, 0.0, 0.0]),
        (Mixture(1.0, 0.0, 0.0), [1.0, -4.0, -np.inf], [1.0, 1.0, 0.0]),
        (Mixture(0.5, 0.0, 0.5), [1.0, 1.0, 0.0, -np.inf], [1 / 6 + 1 / 4, 1 / 6 + 1 / 4, 1 / 6, 0.0]),
        (Mixture(0.5, 0.5, 0.0, 1.0), [0.0, -np.inf], [1.0, 0.0]),
        (Mixture(0.0, 0.5, 0.5, lambda step: step / 2), [0.0, 0.0, -np.inf], [0.5, 0.5, 0.0]),
        (Mixture(0.25, 0.0, 0.75), [0.0, -1e300], None),  # a number written over a masked value may be among them
        (Mixture(0.25, 0.0, 0.75), [0.0, FAR_BELOW], None),
        (Mixture(0.25, 0.0, 0.75), [0.0, np.nextafter(FAR_BELOW, 0.0)], [0.875, 0.125]),
        (Mixture(0.0, 0.5, 0.5, 1.0), [0.0, -1e300], [1.0, 0.0]),
        (Mixture(0.0, 0.0, 1.0), [0.0, np.nan], None),
        (Mixture(0.0, 0.0, 1.0), [np.nan, 0.0], None),
        (Mixture(0.0, 0.0, 1.0), [0.0, np.inf], None),
        (Mixture(1.0, 0.0, 0.0), [-np.inf, -np.inf], None),
        (Mixture(0.0, 1.0, 0.0), [0.0, np.nan], None),
        (Mixture(0.0, 1.0, 0.0), [0.0, np.inf], None),
        (Mixture(0.0, 1.0, 0.0), [-np.inf], None),
        (Mixture(0.0, 1.0, 0.0, 0.0), [0.0, 1.0], None),
        (Mixture(0.0, 1.0, 0.0, np.nextafter(1e305, np.inf)), [0.0, 1.0], None),
        (Mixture(0.0, 1.0, 0.0, brl.RelativeToRange(0.5)), [0.0, 2.0], [np.exp(-2.0), 1.0]),
    ],
)
def test_plain_floats_follow_the_formula_or_leave_it_to_the_arrays(mixture, values, weights):
    found = weights_of(mixture, values, 4)
    if weights is None:
        assert found is None
    else:
        assert found == pytest.approx(weights, rel=1e-15, abs=0.0)


VALUES = np.array([[0.0, 1.0], [2.0, 1.0], [3.0, 3.0]])
RATES = np.array([0.2, 0.4, 0.6])


def test_each_row_may_have_its_own_weight():
    expected = [[0.1, 0.9], [0.8, 0.2], [0.5, 0.5]]
    found = Mixture(RATES, 0.0, 1.0 - RATES).probabilities(VALUES)
    np.testing.assert_allclose(found, expected, rtol=1e-15)
    np.testing.assert_allclose(Mixture(RATES, 0.0, 1.0 - RATES).probabilities(VALUES, [1, 2, 3]), expected, rtol=1e-15)
    one = np.array([0.2])
    np.testing.assert_allclose(Mixture(one, 0.0, 1.0 - one).probabilities(VALUES[0]), expected[0], rtol=1e-15)
    np.testing.assert_allclose(Mixture(np.array(0.2), 0.0, 0.8).probabilities(VALUES)[0], expected[0], rtol=1e-15)


@in_one_test(
    ("weight", "values", "step", "message"),
    [
        (RATES[:2], VALUES, 0, r"epsilon has a value for each row, of shape \(2,\), but values of shape \(3, 2\)"),
        (RATES[:1], VALUES, 0, r"epsilon has a value for each row, of shape \(1,\)"),
        (RATES[:2], VALUES[0], 0, r"of shape \(2,\), but values of shape \(2,\) are a single row"),
        (RATES[:2], VALUES, [0, 1, 2], r"epsilon has a value for each row"),
        (RATES[:2], VALUES, [0, 1], r"epsilon"),
        (RATES[:2], VALUES[0], [0, 1], "but epsilon is one per row: give one step per row"),
        (np.zeros((3, 2)), VALUES, np.zeros((3, 2), dtype=int), "but epsilon is one per row: give one step per row"),
    ],
)
def test_weights_for_another_number_of_rows_are_refused_by_name(weight, values, step, message):
    with pytest.raises(ValueError, match=message):
        Mixture(weight, 0.0, 1.0 - weight).probabilities(values, step, "epsilon")


@in_one_test(
    ("policy", "why"),
    [
        (brl.Greedy(), ""),
        (brl.MaxBoltzmann(Linear(1.0, 0.0, steps=10), 0.5), ""),
        (ThreeParts(0.3), ""),
        (brl.EpsilonGreedy([0.1, 0.2]), "has a parameter for each row"),
        (brl.Boltzmann(brl.RelativeToRange(1.0)), "reads the values"),
        (ThreeParts(brl.RelativeToRange(1.0)), "reads the values"),
        (Answering(Mixture(0.0, 1.0, 0.0), temperature=brl.RelativeToRange(1.0)), "reads the values"),
        (brl.AdaptiveEpsilonGreedy(), "is not known"),
        (brl.Sparsemax(1.0), "is not known"),
        (Answering(Mixture(0.0, 1.0, 1.0)), "is not known"),
    ],
)
def test_the_reason_why_a_policy_depends_on_more_than_the_step_is_one_line(policy, why):
    assert why in unknown(policy)
    assert bool(unknown(policy)) == bool(why)


@in_one_test(
    "policy",
    [
        brl.EpsilonGreedy(Linear(1.0, 0.0, steps=7)),
        brl.EpsilonBoltzmann(Linear(1.0, 0.0, steps=7), Exponential(2.0, 0.1, steps=9)),
        brl.EpsilonGreedy(lambda step: 1.0 / (1 + step)),
        brl.MaxBoltzmann(0.5, lambda step: 2.0 if step < 5 else 0.1),
        ThreeParts(Exponential(1.0, 0.1, steps=50), floor=Linear(0.4, 0.0, steps=60)),
    ],
)
@in_one_test(("first", "last"), [(0, 12), (5, 9), (3, 3)])
def test_the_mixtures_at_many_steps_have_the_bits_of_each_step(policy, first, last):
    found = mixtures(policy, first, last)
    assert [column.shape for column in found] == [(last - first,)] * 4
    for step, row in zip(range(first, last), zip(*found, strict=True), strict=True):
        *weights, temperature = policy.mixture(step)
        assert row == (*weights, temperature(step) if callable(temperature) else temperature)


@pytest.mark.parametrize("temperature", [0.0, np.inf])
def test_limits_of_the_temperature_are_plain_floats_for_values_that_were_learned(temperature):
    values = [2.0, 1.0, -np.inf, 2.0]
    for mixture in (Mixture(0.0, 1.0, 0.0, temperature), Mixture(0.25, 0.5, 0.25, temperature)):
        weights = np.array(weights_of(mixture, values, learned=True))
        np.testing.assert_allclose(weights / weights.sum(), mixture.probabilities(values), rtol=1e-15)
        assert weights_of(mixture, values) is None  # fill values may be among them
        for culprit in (np.nan, np.inf):
            assert weights_of(mixture, [0.0, culprit], learned=True) is None
            assert weights_of(mixture, [culprit, 0.0], learned=True) is None
        assert weights_of(mixture, [-np.inf, -np.inf], learned=True) is None


def test_a_policy_that_takes_the_memory_itself_is_not_known_by_its_unit():
    @dataclass(frozen=True)
    class Watchful(ThreeParts):
        takes_memory = True

        def __call__(self, values, step, memory):
            return self.mixture(step, memory).probabilities(values, step, memory=memory)

        def mixture(self, step, memory=None):
            return Mixture(0.5, 0.5, 0.0, self.temperature) if memory is None else Mixture(0.0, 1.0, 0.0, 0.1)

    noisy = brl.RelativeToNoise(0.5)
    assert unknown(ThreeParts(noisy), units=(brl.RelativeToNoise,)) == ""
    assert "is not known" in unknown(Watchful(noisy), units=(brl.RelativeToNoise,))


def test_the_mixture_of_a_constant_policy_is_one():
    assert [column.tolist() for column in mixtures(brl.MaxBoltzmann(0.25, 2.0), 3, 9)] == [[0.0], [0.25], [0.75], [2.0]]


def test_a_unit_that_an_engine_knows_is_no_reason_against_it():
    relative = brl.RelativeToRange(1.0)
    for policy in (
        brl.Boltzmann(relative),
        ThreeParts(relative),
        brl.MaxBoltzmann(Linear(1.0, 0.0, steps=9), relative),
    ):
        assert unknown(policy, units=(brl.RelativeToRange,)) == ""
        assert "reads the values" in unknown(policy, units=(brl.RelativeToSpread,))
    mixed = Answering(Mixture(0.0, 1.0, 0.0, relative), temperature=brl.RelativeToRange(2.0))
    assert "shows another temperature" in unknown(mixed, units=(brl.RelativeToRange,))


@pytest.mark.parametrize(
    "policy", [brl.EpsilonBoltzmann(Linear(1.0, 0.0, steps=7), brl.GLIE()), ThreeParts(brl.GLIE())]
)
def test_the_mixtures_at_many_steps_keep_a_unit_of_temperature(policy):
    found = mixtures(policy, 2, 6)
    assert found.temperature == brl.GLIE()
    for step, row in zip(range(2, 6), zip(*found[:3], strict=True), strict=True):
        assert row == policy.mixture(step)[:3]


def test_a_unit_that_changes_from_step_to_step_is_refused():
    changing = Answering(lambda step: Mixture(0.0, 1.0, 0.0, brl.RelativeToRange(1.0 + step)))
    with pytest.raises(ValueError, match="the same at each step"):
        mixtures(changing, 0, 3)
    late = Answering(lambda step: Mixture(0.0, 1.0, 0.0, brl.GLIE() if step else 0.5))
    with pytest.raises(ValueError, match="the same at each step"):
        mixtures(late, 0, 3)
