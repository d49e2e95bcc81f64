"""What NumPy refuses has the probabilities NaN and the action −1, and never disturbs another row."""

import numpy as np
import pytest

import boltzmann_rl as brl

NAN, INF = float("nan"), float("inf")
POLICIES = [
    brl.Boltzmann(0.5),
    brl.Boltzmann(0.0),
    brl.Boltzmann(INF),
    brl.EpsilonGreedy(0.5),
    brl.MaxBoltzmann(0.5, 0.5),
    brl.Uniform(),
    brl.Greedy(),
    brl.Boltzmann(brl.EffectiveActions(1.5)),
    brl.Boltzmann(brl.RelativeToSpread(0.5)),
    brl.Mellowmax(2.0),
    brl.Sparsemax(0.5),
    brl.Tsallis(0.5, index=0.5),
    brl.InverseGapWeighting(3.0),
]


@pytest.mark.parametrize("policy", POLICIES, ids=repr)
def test_invalid_values_are_nan_and_no_action(library, policy):
    rows = np.array([[NAN, 1.0, 0.0], [INF, 1.0, 0.0], [-INF, -INF, -INF], [0.0, 1.0, 0.5]])
    mask = library.array([[1, 1, 1], [1, 1, 1], [1, 1, 1], [1, 1, 1]], "int32")
    generator = library.generator(0)

    def decided(q):
        p = library.backend.probabilities(policy, q, available=mask)
        return p, library.backend.act(policy, generator, q), library.backend.log_probabilities(policy, q)

    p, actions, logarithms = library.numbers(decided, rows, dtype="float32")
    assert np.isnan(p[:3]).all()
    assert np.isnan(logarithms[:3]).all()
    assert actions[:3].tolist() == [-1, -1, -1]
    assert np.abs(p[3] - policy(rows[3], 0)).max() < 1e-5
    assert actions[3] in np.flatnonzero(p[3])


@pytest.mark.parametrize("policy", POLICIES, ids=repr)
def test_values_under_a_mask_are_not_read(library, policy):
    rows = np.array([[NAN, 1.0, 0.0], [INF, 1.0, 0.0]])
    mask = np.array([[False, True, True]] * 2)
    found = library.numbers(lambda q: library.backend.probabilities(policy, q, available=mask), rows, dtype="float32")
    assert np.abs(found - policy(np.where(mask, rows, -INF), 0)).max() < 1e-5
    assert (found[:, 0] == 0.0).all()


def test_invalid_parameters_are_nan_in_their_row(library):
    def decided(q, temperatures):
        policy = library.backend.with_parameters(brl.Boltzmann(1.0), temperature=temperatures)
        return library.backend.probabilities(policy, q), library.backend.act(policy, library.generator(0), q)

    p, actions = library.numbers(decided, np.array([[0.0, 1.0]] * 3), np.array([-1.0, NAN, 1.0]), dtype="float32")
    assert np.isnan(p[:2]).all()
    assert actions[:2].tolist() == [-1, -1]
    assert np.abs(p[2] - brl.softmax([0.0, 1.0])).max() < 1e-6

    def explored(q, rates):
        policy = library.backend.with_parameters(brl.EpsilonGreedy(0.1), epsilon=rates)
        return library.backend.probabilities(policy, q)

    p = library.numbers(explored, np.array([[0.0, 1.0]] * 3), np.array([1.5, -0.1, 0.5]), dtype="float32")
    assert np.isnan(p[:2]).all()
    assert np.abs(p[2] - [0.25, 0.75]).max() < 1e-6


@pytest.mark.parametrize("unit", [brl.TargetEntropy(1.2), brl.EffectiveActions(3.0), brl.GreedyProbability(0.2)])
def test_a_target_out_of_reach_is_nan_unless_all_values_are_equal(library, unit):
    rows = np.array([[0.0, 1.0, -INF], [1.0, 1.0, -INF]])
    found = library.numbers(lambda q: library.backend.probabilities(brl.Boltzmann(unit), q), rows, dtype="float32")
    assert np.isnan(found[0]).all()
    assert found[1].tolist() == [0.5, 0.5, 0.0]


def test_a_number_that_is_no_action_has_the_log_probability_nan(library):
    def scored(q):
        return library.backend.log_probability(brl.Boltzmann(1.0), q, np.array([0, 1, -1, 2]))

    found = library.numbers(scored, np.zeros((4, 2)), dtype="float32")
    assert np.isnan(found[2:]).all()
    assert np.abs(found[:2] - np.log(0.5)).max() < 1e-6


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        (brl.GaussianThompson(), "needs its learner's memory"),
        (brl.AdaptiveEpsilonGreedy(), "needs its learner's memory"),
        (brl.Exp3PlusPlus(), "needs its learner's memory"),
        (brl.Boltzmann(brl.RelativeToNoise(0.5)), "needs its learner's memory"),
        (brl.BoltzmannGumbel(1.0), "probabilities that are integrals"),
        (lambda values, step: values, "give it a method mixture"),
    ],
)
def test_policies_that_are_no_functions_of_values_are_refused_with_a_remedy(library, policy, message):
    with pytest.raises(TypeError, match=message):
        library.backend.probabilities(policy, library.array([[0.0, 1.0]], "float32"))


def test_wrong_shapes_and_types_are_refused_when_the_program_is_traced(library):
    q, backend = library.array([[0.0, 1.0]], "float32"), library.backend
    with pytest.raises(ValueError, match="available must have the shape of values"):
        backend.probabilities(brl.Greedy(), q, available=[True, True])
    with pytest.raises(ValueError, match="temperature must be one number, or one for each row"):
        backend.probabilities(brl.Boltzmann([0.1, 0.2, 0.3]), q)
    with pytest.raises(ValueError, match="temperature must be one number, or one for each row"):
        backend.softmax(q, library.array([[1.0, 2.0]], "float32"))
    with pytest.raises(ValueError, match="actions on their last axis"):
        backend.softmax(library.array(1.0, "float32"))
    with pytest.raises(TypeError, match="values must be real numbers"):
        backend.softmax(library.array([[True, False]], "bool"))
    with pytest.raises(ValueError, match="counts visits"):
        backend.probabilities(brl.Boltzmann(brl.GLIE()), q, 3)
    with pytest.raises(TypeError, match="has the fields temperature, not epsilon"):
        backend.with_parameters(brl.Boltzmann(1.0), epsilon=0.5)
