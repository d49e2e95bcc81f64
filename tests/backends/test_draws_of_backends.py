"""Actions have the policy's probabilities: χ² tests of 10⁶ draws, each with a false-alarm rate of 1e-6."""

import numpy as np
import pytest
from scipy import stats

import boltzmann_rl as brl

FALSE_ALARM = 1e-6
DRAWS = 1_000_000
VALUES = np.array([0.0, 1.0, -np.inf, 0.5, 2.5, 0.5, -4.0], dtype=np.float32)


def counts(library, policy, values=VALUES, draws=DRAWS, seed=1, step=0, **options):
    """How often each action is drawn, from rows that are all alike."""
    generator = library.generator(seed)

    def drawn(q):
        rows = q + 0.0 * library.array(np.zeros((draws, 1)), "float32")
        steps = np.broadcast_to(step, (draws, len(values))) if np.ndim(step) else step
        return library.backend.act(policy, generator, rows, steps, **options)

    return np.bincount(library.numbers(drawn, values, dtype="float32"), minlength=len(values))


def assert_drawn_from(p, found):
    """Assert that counts come from a distribution; that impossible actions never do."""
    assert (found[p == 0.0] == 0).all()
    expected = p * found.sum()
    rare = expected < 10.0
    pooled = [np.append(x[~rare], x[rare].sum()) for x in (found, expected)]
    keep = pooled[1] > 0.0
    assert stats.chisquare(pooled[0][keep], pooled[1][keep]).pvalue > FALSE_ALARM


POLICIES = [
    brl.Boltzmann(0.5),
    brl.MaxBoltzmann(0.3, 1.0),
    brl.EpsilonBoltzmann(0.1, 0.1),
    brl.EpsilonGreedy(0.2),
    brl.Sparsemax(2.0),
    brl.Boltzmann(brl.EffectiveActions(2.5)),
]


@pytest.mark.parametrize("policy", POLICIES, ids=repr)
def test_actions_have_the_probabilities_of_the_policy(library, policy):
    assert_drawn_from(policy(VALUES, 0), counts(library, policy))


def test_the_best_of_noisy_log_probabilities_has_the_same_distribution(library):
    for policy in (brl.Boltzmann(0.5), brl.EpsilonBoltzmann(0.1, 0.1)):
        assert_drawn_from(policy(VALUES, 0), counts(library, policy, fine=True))


def test_boltzmann_gumbel_draws_from_its_integrals(library):
    policy, pulls = brl.BoltzmannGumbel(1.0), np.array([4, 4, 1, 400, 9, 1, 30])
    assert_drawn_from(policy(VALUES, pulls), counts(library, policy, step=pulls))
    untried = np.array([0, 4, 0, 400, 0, 1, 30])
    assert_drawn_from(policy(VALUES, untried), counts(library, policy, draws=100_000, step=untried))


def test_a_bias_of_two_percent_is_noticed():
    p = brl.softmax(VALUES, 0.5)
    biased = 0.98 * p + 0.02 * brl.uniform(VALUES)
    with pytest.raises(AssertionError):
        assert_drawn_from(p, np.random.default_rng(0).multinomial(DRAWS, biased))


def test_rows_are_drawn_independently_and_their_probabilities_are_those_of_the_actions(library):
    values = np.tile(VALUES, (50_000, 2, 1))
    policy = brl.MaxBoltzmann(0.9, 1.0)

    def drawn(q):
        return library.backend.act(policy, library.generator(2), q, with_probability=True)

    actions, probabilities = library.numbers(drawn, values, dtype="float32")
    assert actions.shape == probabilities.shape == (50_000, 2)
    assert np.abs(probabilities - policy(VALUES, 0)[actions]).max() < 1e-6
    table = stats.contingency.crosstab(actions[:, 0], actions[:, 1]).count
    assert stats.chi2_contingency(table).pvalue > FALSE_ALARM


def test_unlikely_actions_are_drawn_at_their_rate_if_asked_for(library):
    """Ten actions of probability 2.5e-8 each among a likely one: in 10⁷ draws 2.5 are expected, all of the last ten.

    The running sum of float32 rounds each of them to 0 or to 6e-8 or 1.2e-7 instead.
    """
    values = np.append(np.zeros(1), np.full(40, -np.log(4e6))).astype(np.float32)
    found = sum(counts(library, brl.Boltzmann(1.0), values, draws=500_000, seed=seed, fine=True) for seed in range(8))
    assert_drawn_from(brl.softmax(values), found)


def test_each_of_a_million_actions_can_be_the_best_of_noise(library):
    """All probabilities are equal: of 10⁵ draws that should differ, birthdays give 1 − exp(−m/n) of n distinct ones."""
    n, draws = 1_000_000, 40
    values, generator = np.zeros((draws, n), dtype=np.float32), library.generator(3)
    found = library.numbers(
        lambda q: library.backend.act(brl.Boltzmann(1.0), generator, q, fine=True), values, dtype="float32"
    )
    assert len(set(found.tolist())) >= draws - 1
    assert stats.kstest(found / n, "uniform").pvalue > FALSE_ALARM
