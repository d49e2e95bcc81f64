"""What enters a backend is checked as in NumPy: wrong shapes and types are errors, wrong numbers are NaN and −1."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import boltzmann_rl as brl
from boltzmann_rl import schedules as s

NAN, INF = float("nan"), float("inf")
ROWS = np.array([[0.0, 1.0], [2.0, 1.0]])


def test_actions_are_integers_one_for_each_row(library):
    q = library.array(ROWS, "float32")
    for wrong in (np.array([0.5, 1.0]), np.array([True, False])):
        with pytest.raises(TypeError, match="actions must be an integer"):
            library.backend.log_probability(brl.Boltzmann(1.0), q, wrong)
    for shape in ((2, 1), (1,), ()):
        with pytest.raises(ValueError, match=r"actions must be one for each row of values \(2, 2\)"):
            library.backend.log_probability(brl.Boltzmann(1.0), q, np.zeros(shape, dtype=int))


def test_one_omega_or_one_for_each_row(library):
    q = library.array(ROWS, "float32")
    found = np.asarray(library.backend.mellowmax(q, library.array([1.0, -3.0], "float32")))
    assert np.abs(found - [brl.mellowmax(ROWS[0], 1.0), brl.mellowmax(ROWS[1], -3.0)]).max() < 1e-6
    for shape in ((1,), (3,), (2, 1)):
        with pytest.raises(ValueError, match="omega must be one number, or one for each row"):
            library.backend.mellowmax(q, library.array(np.ones(shape), "float32"))


def test_pulls_are_counted_for_each_action_of_each_row(library):
    q, policy = library.array(ROWS, "float32"), brl.BoltzmannGumbel(1.0)
    for shape in ((1, 2), (2, 1), (2,)):
        with pytest.raises(ValueError, match="counts the pulls of each action"):
            library.backend.act(policy, library.generator(0), q, np.ones(shape, dtype=int))
        with pytest.raises(ValueError, match="counts the pulls of each action"):
            policy(ROWS, np.ones(shape, dtype=int))


@pytest.mark.parametrize("scale", [-1.0, 0.0, NAN, INF])
def test_noise_of_a_scale_that_is_not_positive_takes_no_action(library, scale):
    def drawn(q, scale):
        policy = library.backend.with_parameters(brl.BoltzmannGumbel(1.0), scale=scale)
        return library.backend.act(policy, library.generator(0), q, np.ones((2, 2), dtype=int))

    assert library.numbers(drawn, ROWS, np.array(scale), dtype="float32").tolist() == [-1, -1]


def test_noise_in_units_of_what_a_learner_remembers_is_refused(library):
    policy = brl.BoltzmannGumbel(brl.RelativeToNoise(0.5))
    with pytest.raises(TypeError, match="needs its learner's memory"):
        library.backend.act(policy, library.generator(0), library.array(ROWS, "float32"), np.ones((2, 2), dtype=int))


@pytest.mark.parametrize("temperature", [s.Linear(1.0, 0.1, steps=10), brl.EffectiveActions(1.5), lambda step: 0.5])
def test_functions_of_values_and_a_temperature_have_no_step(library, temperature):
    q = library.array(ROWS, "float32")
    for function in (library.backend.softmax, library.backend.log_softmax, library.backend.logsumexp):
        with pytest.raises(TypeError, match="schedules and units need a policy"):
            function(q, temperature)


@dataclass(frozen=True)
class Own:
    """A policy of one's own with weights of any kind."""

    weights: Any
    temperature: float = 1.0

    def mixture(self, step, memory=None):
        return brl.Mixture(*self.weights, self.temperature)

    def __call__(self, values, step):
        return self.mixture(step).probabilities(values)


@pytest.mark.parametrize("weights", [(1, 1, 0), (0.9, 0.0, 0.0), (np.float32(0.5), 0, 0.25), (1.5, -0.5, 0.0)])
def test_weights_that_are_known_must_add_up_to_one(library, weights):
    with pytest.raises(ValueError, match="must be 0 or more and add up to 1"):
        library.backend.probabilities(Own(weights), library.array(ROWS, "float32"))


def test_weights_that_are_numbers_of_any_type_are_taken(library):
    for weights in ((0, 1, 0), (np.float32(0.1), np.float32(0.9), 0.0), (1, 0, 0)):
        found = np.asarray(library.backend.probabilities(Own(weights), library.array(ROWS, "float32")))
        assert np.abs(found - Own(tuple(map(float, weights)))(ROWS, 0)).max() < 1e-6


def test_weights_that_are_not_known_and_do_not_add_up_to_one_are_nan_in_their_row(library):
    values = np.array([[0.0, 1.0]] * 4)

    def decided(q, uniform, soft):
        policy = Own((uniform, soft, 0.25))
        return library.backend.probabilities(policy, q), library.backend.act(policy, library.generator(0), q)

    weights = np.array([0.25, 0.25, -0.25, 0.5]), np.array([0.25, 0.5, 1.0, 0.5])
    p, actions = library.numbers(decided, values, *weights, dtype="float32")
    assert np.isnan(p[[0, 2, 3]]).all()
    assert actions[[0, 2, 3]].tolist() == [-1, -1, -1]
    assert np.abs(p[1] - Own((0.25, 0.5, 0.25))(values[1], 0)).max() < 1e-6


@pytest.mark.parametrize("unit", [brl.GLIE(), brl.GreedyByVisits()], ids=repr)
def test_negative_visits_are_nan(library, unit):
    policy = brl.Boltzmann(unit)

    def decided(steps):
        return library.backend.probabilities(policy, library.array(ROWS, "float32"), steps)

    found = library.numbers(decided, np.array([-1, 3]), dtype="int32")
    assert np.isnan(found[0]).all()
    assert np.abs(found[1] - policy(ROWS, [3, 3])[1]).max() < 1e-6


@pytest.mark.parametrize("step", [np.array([0.5, 1.0]), 0.5, 3.0, np.array([True, False])], ids=repr)
def test_steps_are_integers(library, step):
    q, anneal = library.array(ROWS, "float32"), s.Linear(1.0, 0.1, steps=10)
    for policy in (brl.Boltzmann(anneal), brl.Boltzmann(brl.GLIE()), brl.Sparsemax(anneal), brl.Uniform()):
        with pytest.raises(TypeError, match="step must be an integer"):
            library.backend.probabilities(policy, q, step)
    with pytest.raises(TypeError, match="step must be an integer"):
        library.backend.evaluate(anneal, step)


def test_a_mask_is_bool_or_integers(library):
    q = library.array(ROWS, "float32")
    with pytest.raises(TypeError, match=r"available must be bool, or 0 and 1, got .*float32"):
        library.backend.probabilities(brl.Uniform(), q, available=library.array([[0.0, 0.3], [1.0, 1.0]], "float32"))
    found = library.backend.probabilities(brl.Uniform(), q, available=[[0, 1], [True, True]])
    assert np.asarray(found).tolist() == [[0.0, 1.0], [0.5, 0.5]]


@pytest.mark.filterwarnings("error")
def test_a_temperature_beyond_the_dtype_is_infinite(library):
    q = library.array(ROWS, "float32")
    for policy in (brl.Boltzmann(1e39), brl.Boltzmann(np.float64(1e300)), brl.Boltzmann([1e39, INF])):
        assert np.asarray(library.backend.probabilities(policy, q)).tolist() == [[0.5, 0.5], [0.5, 0.5]]
    assert np.isinf(np.asarray(library.backend.evaluate(1e39, 0)))


def test_one_row_may_have_parameters_for_one_row(library):
    values = ROWS[0]
    for policy in (brl.Boltzmann([0.5]), brl.EpsilonGreedy([0.2]), brl.Boltzmann(s.Linear([1.0], 0.0, steps=10))):
        found = library.backend.probabilities(policy, library.array(values, "float32"), 5)
        assert np.asarray(found).shape == (2,)
        assert np.abs(np.asarray(found) - policy(values, 5)).max() < 1e-6


def test_steps_may_be_a_list(library):
    q = library.array(ROWS, "float32")
    for policy in (brl.Boltzmann(s.Linear([1.0, 2.0], 0.0, steps=10)), brl.Boltzmann(brl.GLIE())):
        found = np.asarray(library.backend.probabilities(policy, q, [2, 5]))
        assert np.abs(found - policy(ROWS, [2, 5])).max() < 1e-6


@pytest.mark.parametrize("schedule", [0.5, lambda step: 0.25, s.Constant(2.0)])
def test_a_constant_has_a_value_at_each_step(library, schedule):
    found = np.asarray(library.backend.evaluate(schedule, np.arange(3)))
    assert found.tolist() == s.evaluate(schedule, np.arange(3)).tolist()
    assert np.asarray(library.backend.evaluate(schedule, 3)).shape == ()


@pytest.mark.parametrize("schedule", [brl.GLIE(), "a", None, s.Linear])
def test_what_is_neither_a_number_nor_a_schedule_has_no_value(library, schedule):
    with pytest.raises(TypeError, match="needed is a number, a schedule of the step"):
        library.backend.evaluate(schedule, 3)


@dataclass(frozen=True)
class Plain:
    """A policy that forgets what a mixture is."""

    def mixture(self, step, memory=None):
        return 0.5, 0.5, 0.0

    def __call__(self, values, step):
        return values


def test_a_mixture_must_be_one_and_a_policy_an_object(library):
    q = library.array(ROWS, "float32")
    with pytest.raises(TypeError, match=r"Plain.mixture must return a boltzmann_rl.Mixture, got \(0.5, 0.5"):
        library.backend.probabilities(Plain(), q)
    with pytest.raises(TypeError, match=r"policy must be an object, such as Boltzmann\(...\), got the class"):
        library.backend.probabilities(brl.Boltzmann, q)


@pytest.mark.parametrize("generator", [0, np.random.default_rng(0), "seed"], ids=["number", "NumPy", "text"])
def test_a_generator_is_one_of_the_library(library, generator):
    for policy in (brl.Boltzmann(1.0), brl.BoltzmannGumbel(1.0)):
        with pytest.raises(TypeError, match=r"key must be a key of jax.random|generator must be a torch.Generator"):
            library.backend.act(policy, generator, library.array(ROWS, "float32"), np.ones((2, 2), dtype=int))


def test_uniforms_that_are_none_take_no_action():
    torch = pytest.importorskip("torch")
    from boltzmann_rl.backends.torch import act

    uniforms = torch.tensor([0.0, 0.999, 1.0, -0.1, NAN, 2.0])
    values = torch.zeros(6, 3)
    assert act(brl.Boltzmann(1.0), uniforms, values).tolist() == [0, 2, -1, -1, -1, -1]
    twice = torch.full((2, 6, 3), 0.5)
    twice[0, :, 1] = uniforms
    twice[1, 1, 1] = 1.5
    assert (act(brl.Boltzmann(1.0), twice, values, fine=True) == -1).tolist() == [False, *[True] * 5]
    with pytest.raises(TypeError, match="a tensor of uniforms"):
        act(brl.Boltzmann(1.0), torch.zeros(6, dtype=torch.int64), values)


def test_propensities_of_float16_values_do_not_round_to_zero():
    torch = pytest.importorskip("torch")
    from boltzmann_rl.backends.torch import act

    values = torch.tensor([[0.0, -18.0]], dtype=torch.float16)
    uniforms = torch.tensor([[[0.5, 0.0]], [[0.5, 0.01]]])
    action, p = act(brl.Boltzmann(1.0), uniforms, values, with_probability=True, fine=True)
    assert action.tolist() == [1]
    assert p.item() == pytest.approx(brl.softmax([0.0, -18.0])[1], rel=1e-5)


def test_fine_draws_take_an_action_of_probability_1e_8_at_its_rate(library):
    """By strata of the first uniform, k·2⁻²⁴, as fine as a library may draw it; later strata all but never take it.

    The standard error is 0.6 %: 17,000 of the draws take the action in each of the first two strata.
    """
    from boltzmann_rl.backends import family

    xp = library.backend.xp
    p, strata, draws = 1e-8, 48, 200_000
    rng = np.random.default_rng(5)
    logarithms = np.log(np.array([p, 1.0 - p]))
    taken = 0
    for k in range(strata):
        coarse, fine = rng.uniform(size=(2, draws, 2)).astype(np.float32)
        coarse[:, 0] = k * 2.0**-24
        noise = family.gumbels(xp, *(library.array(np.minimum(x, 1.0 - 2.0**-24), "float32") for x in (coarse, fine)))
        taken += int(((np.asarray(noise) + logarithms).argmax(axis=-1) == 0).sum())
    assert taken / draws * 2.0**-24 / p == pytest.approx(1.0, abs=0.04)
