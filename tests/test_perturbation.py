"""Exact propensities of perturbed values: against mpmath, closed forms, exact fractions, and ten million draws."""

import math
from itertools import product

import mpmath as mp
import numpy as np
import pytest
from cases import in_one_test
from hypothesis import given, settings, strategies as st
from scipy import integrate, special, stats

from boltzmann_rl import Agent, BernoulliBandit, GaussianBandit, SampleAverage, Uniform, check_policy, softmax
from boltzmann_rl.engines.reference.bandits import simulate
from boltzmann_rl.learners.posterior import BetaPosterior, GaussianPosterior
from boltzmann_rl.numerics.perturbation import beta_propensities, gaussian_propensities, gumbel_propensities
from boltzmann_rl.policies.perturbation import BetaThompson, BoltzmannGumbel, GaussianThompson

INF = math.inf
RNG = np.random.default_rng(0)


PARTS = (BoltzmannGumbel(1.0), GaussianThompson(), BetaThompson())

# Policies at their limits, with their memory for given values; the table of conformance has those between.
EXTREMES = [
    (BoltzmannGumbel(1e-3), None),
    (BoltzmannGumbel(50.0), None),
    (GaussianThompson(), lambda values: np.full(values.shape, INF)),
]


@pytest.mark.parametrize(("policy", "memory"), EXTREMES)
def test_policies_obey_the_laws(policy, memory):
    assert "only differences count" in check_policy(policy, memory=memory)


# Every distribution by its density and distribution function in mpmath, and the range of its mass.


def gumbel(m, s):
    return lambda x: mp.exp(-(x - m) / s - mp.exp(-(x - m) / s)) / s, lambda x: mp.exp(-mp.exp(-(x - m) / s))


def gaussian(m, s):
    return lambda x: mp.npdf(x, m, s), lambda x: mp.ncdf(x, m, s)


def reference(law, values, scales, left, right):
    """Each action's integral by mpmath at 25 digits, split where the indices have their mass."""
    with mp.workdps(25):
        v, s = [mp.mpf(float(x)) for x in values], [mp.mpf(float(x)) for x in scales]
        laws = [law(*pair) for pair in zip(v, s, strict=True)]
        low = max(m - left * c for m, c in zip(v, s, strict=True))
        high = max(m + right * c for m, c in zip(v, s, strict=True))
        steps = [mp.mpf(k) for k in (-7, -4, -2, -1, 0, 1, 2, 4, 7, 12, 20, 30)]
        cuts = sorted({low, high, *(m + k * c for (m, c), k in product(zip(v, s, strict=True), steps))})
        cuts = [x for x in cuts if low <= x <= high]

        def chance(i):
            def density(x):
                return mp.fprod([laws[i][0](x), *(laws[j][1](x) for j in range(len(laws)) if j != i)])

            return float(mp.quad(density, cuts, maxdegree=5))

        return [chance(i) for i in range(len(laws))]


ROWS = [
    ([0.0, 0.5], [1.0, 0.2]),
    ([0.0, 0.0, 0.5], [1.0, 0.1, 0.1]),
    ([0.3, 0.3, 0.3], [1.0, 1e-2, 1e-4]),
    ([0.0, 2.0, 2.0001], [1.0, 1e-4, 2e-4]),
    ([-30.0, 0.0, 1e-3], [10.0, 1e-3, 3e-3]),
    ([1e6, 1e6 + 1.0], [0.5, 1.5]),
    ([0.0, 100.0], [1.0, 2.0]),
]


@pytest.mark.parametrize(("values", "scales"), ROWS)
def test_gumbel_propensities_agree_with_mpmath(values, scales):
    expected = reference(gumbel, values, scales, left=5, right=60)
    assert gumbel_propensities(values, scales) == pytest.approx(expected, rel=0, abs=1e-12)


@pytest.mark.parametrize(("values", "scales"), ROWS)
def test_gaussian_propensities_agree_with_mpmath(values, scales):
    expected = reference(gaussian, values, scales, left=10, right=10)
    assert gaussian_propensities(values, scales) == pytest.approx(expected, rel=0, abs=1e-12)


def adaptive(densities, distributions, cuts):
    """Each action's integral by SciPy's adaptive Gauss–Kronrod rule between the given cuts."""

    def integrand(x):
        below = np.array([distribution(x) for distribution in distributions])
        others = [np.delete(below, i).prod() for i in range(len(below))]
        return np.array([density(x) for density in densities]) * others

    found = integrate.quad_vec(integrand, cuts[0], cuts[-1], points=cuts[1:-1], epsabs=1e-13, epsrel=0, limit=4000)
    return found[0]


@pytest.mark.parametrize("case", range(12))
def test_propensities_of_up_to_twenty_actions_agree_with_adaptive_quadrature(case):
    rng = np.random.default_rng(case)
    actions = rng.integers(2, 21)
    scales = 10.0 ** rng.uniform(-rng.choice([0.5, 2.0, 4.0]), 0.0, actions)
    values = rng.normal(size=actions) * 10.0 ** rng.uniform(-3.0, 1.0)
    for law, propensities in ((stats.gumbel_r, gumbel_propensities), (stats.norm, gaussian_propensities)):
        low, high = max(law.ppf(1e-17, values, scales)), max(law.isf(1e-16, values, scales))
        centres = (values[:, np.newaxis] + scales[:, np.newaxis] * [-3, -1, 0, 1, 3, 10, 25]).ravel()
        cuts = np.unique(np.clip([low, high, *centres], low, high))
        expected = adaptive(
            [lambda x, v=v, s=s, law=law: law._pdf((x - v) / s) / s for v, s in zip(values, scales, strict=True)],
            [lambda x, v=v, s=s, law=law: law._cdf((x - v) / s) for v, s in zip(values, scales, strict=True)],
            cuts,
        )
        assert propensities(values, scales) == pytest.approx(expected, rel=0, abs=1e-11)


@pytest.mark.parametrize("case", range(10))
def test_beta_propensities_agree_with_adaptive_quadrature(case):
    rng = np.random.default_rng(case)
    actions, largest = rng.integers(2, 13), rng.choice([1.0, 2.0, 4.0])
    a, b = 0.5 + 10.0 ** rng.uniform(-1.0, largest, (2, actions))
    if case % 2:  # all about the same place, with spreads from broad to narrow
        a, b = 0.5 + (a + b) * rng.uniform(0.30, 0.31, actions), 0.5 + (a + b) * 0.7
    spread = np.sqrt(a * b / (a + b + 1.0)) / (a + b)
    cuts = np.clip((a / (a + b))[:, np.newaxis] + spread[:, np.newaxis] * [-8, -5, -2, 0, 2, 5, 8], 0.0, 1.0)
    angles = np.unique(np.arcsin(np.sqrt([0.0, 1.0, *cuts.ravel()])))  # x = sin²θ

    def density(x, y):
        return lambda t: (
            2.0
            * np.exp((2.0 * x - 1.0) * np.log(np.sin(t)) + (2.0 * y - 1.0) * np.log(np.cos(t)) - special.betaln(x, y))
        )

    pairs = list(zip(a, b, strict=True))
    expected = adaptive(
        [density(x, y) for x, y in pairs],
        [lambda t, x=x, y=y: special.betainc(x, y, np.sin(t) ** 2) for x, y in pairs],
        angles,
    )
    assert beta_propensities(a, b) == pytest.approx(expected, rel=0, abs=1e-10)


gaps = st.floats(-1e3, 1e3)
spreads = st.floats(-4, 0).map(lambda exponent: 10.0**exponent)


@given(gaps, spreads, gaps, spreads)
@settings(deadline=None, max_examples=300)
def test_two_gaussians_have_the_closed_form(m, s, n, t):
    expected = stats.norm.cdf((m - n) / math.hypot(s, t))
    assert gaussian_propensities([m, n], [s, t]) == pytest.approx([expected, 1.0 - expected], rel=0, abs=1e-12)


@given(st.lists(st.floats(-50, 50) | st.just(-INF), min_size=1, max_size=20), spreads)
@settings(deadline=None, max_examples=300)
def test_equal_gumbel_scales_are_the_softmax_and_nearly_equal_ones_too(values, scale):
    if max(values) == -INF:
        values[0] = 0.0
    p = softmax(values, scale)
    assert gumbel_propensities(values, scale) == pytest.approx(p, rel=0, abs=1e-15)
    nearly = scale * (1.0 + 1e-15 * np.arange(len(values)))
    assert gumbel_propensities(values, nearly) == pytest.approx(p, rel=0, abs=1e-12)


rows = st.lists(
    st.tuples(st.floats(-1e6, 1e6) | st.just(-INF), st.just(0.0) | st.floats(-9, 3).map(lambda e: 10.0**e)),
    min_size=1,
    max_size=20,
).filter(lambda row: max(v for v, _ in row) > -INF)


@given(rows)
@settings(deadline=None, max_examples=300)
def test_rows_sum_to_one_and_unavailable_actions_have_probability_zero(row):
    values, scales = np.array(row).T
    a = np.where(np.isneginf(values), -INF, 0.5 + np.abs(values))
    for p in (
        gumbel_propensities(values, scales),
        gaussian_propensities(values, scales),
        beta_propensities(a, 0.5 + scales),
    ):
        assert p.sum() == pytest.approx(1.0, rel=0, abs=1e-12)
        assert (p >= 0.0).all()
        assert (p[np.isneginf(values)] == 0.0).all()


def test_a_row_has_the_same_propensities_alone_and_in_a_batch():
    values, scales = RNG.normal(size=(3, 40, 5)), 10.0 ** RNG.uniform(-3, 0, (3, 40, 5))
    for propensities in (gumbel_propensities, gaussian_propensities):
        together = propensities(values, scales)
        assert together[1, 7] == pytest.approx(propensities(values[1, 7], scales[1, 7]), rel=0, abs=1e-15)
    together = beta_propensities(1.0 + 100.0 * scales, 2.0 - scales)
    assert together[2, 3] == pytest.approx(beta_propensities(1.0 + 100.0 * scales[2, 3], 2.0 - scales[2, 3]), abs=1e-15)


TEN_MILLION = 10_000_000
DRAWN = [
    (BoltzmannGumbel(0.8), [0.0, 0.3, 1.0, 0.5], [3, 1, 900, 40], (), TEN_MILLION),
    (BoltzmannGumbel(0.8), [9.0, 0.3, 1.0, 0.5], [3, 0, 7, 0], (), 1_000_000),
    (GaussianThompson(), [0.0, 0.3, 1.0, 0.5], [0] * 4, ([1.5, 0.05, 0.3, 0.8],), TEN_MILLION),
    (GaussianThompson(), [0.0, -INF, 5.0, 0.5], [0] * 4, ([INF] * 4,), 1_000_000),
    (BetaThompson(), [0.5, 0.4, -INF, 0.5], [0] * 4, ([[1, 1], [30, 40], [9, 1], [0.5, 0.5]],), 1_000_000),
]


@pytest.mark.parametrize(("policy", "values", "step", "memory", "draws"), DRAWN)
def test_draws_follow_the_propensities(policy, values, step, memory, draws):
    """χ² at a false-alarm rate of 1e-6; ten million draws detect a bias of 0.1 % in a probability of a quarter."""
    rng, chunk = np.random.default_rng(11), 250_000
    tiled = [np.tile(part, (chunk, *[1] * np.ndim(part))) for part in (values, step, *memory)]
    p = policy(np.array(values), np.array(step), *memory)
    counts = np.zeros(len(values))
    for _ in range(draws // chunk):
        actions = policy.draw(*tiled[:2], rng.random(tiled[0].shape), *tiled[2:])
        counts += np.bincount(actions, minlength=len(values))
    assert counts[p == 0.0].sum() == 0
    seen = p * draws >= 10.0
    assert stats.chisquare(counts[seen], p[seen] * counts[seen].sum() / p[seen].sum()).pvalue > 1e-6
    assert counts[~seen].sum() <= 100


@pytest.mark.parametrize("u", [0.0, 1.0 - 2.0**-53])
def test_extreme_uniforms_choose_an_available_action(u):
    values, uniforms = np.array([-INF, 0.0, 0.0]), np.full(3, u)
    assert BoltzmannGumbel(1.0).draw(values, np.array([0, 2, 2]), uniforms) in (1, 2)
    assert GaussianThompson().draw(values, 0, uniforms, [1.0, 1.0, 1.0]) in (1, 2)
    assert BetaThompson().draw(values, 0, uniforms, np.ones((3, 2))) in (1, 2)


def test_an_untried_arm_is_pulled_first():
    """A widespread implementation has C/√n with 0 for n = 0: no noise for the arms that are unknown."""
    policy = BoltzmannGumbel(1.0)
    assert policy([0.5, 0.5, 0.5], [50, 50, 0]).tolist() == [0.0, 0.0, 1.0]
    assert policy([0.5, 0.5, 0.5], [0, 0, 0]) == pytest.approx([1 / 3] * 3, rel=1e-15)
    assert policy([0.5, -INF, 0.1], [3, 0, 5])[1] == 0.0  # an unavailable arm need not be pulled


@pytest.mark.parametrize("pulls", [1, 4, 10**9])
def test_boltzmann_gumbel_is_boltzmann_if_all_arms_have_equal_pulls(pulls):
    values = [0.0, 0.3, 1.0]
    p = BoltzmannGumbel(2.0)(values, [pulls] * 3)
    assert p == pytest.approx(softmax(values, 2.0 / math.sqrt(pulls)), rel=1e-14, abs=1e-300)


AGENTS = {
    "BGE": Agent(SampleAverage(), BoltzmannGumbel(0.5)),
    "Gaussian": Agent(GaussianPosterior(0.5), GaussianThompson()),
    "Beta": Agent(BetaPosterior(), BetaThompson()),
}


def test_boltzmann_gumbel_pulls_every_arm_once_in_the_first_steps():
    pulled = []

    class Watched(SampleAverage):
        def update(self, state, action, *experience):
            pulled.append(action.copy())
            return super().update(state, action, *experience)

    agent = Agent(Watched(), BoltzmannGumbel(1.0))
    block = simulate(GaussianBandit(arms=6), agent, block=0, runs=50, steps=12, seed=3)
    assert (np.sort(np.array(pulled[:6]), axis=0) == np.arange(6)[:, np.newaxis]).all()
    assert block.curves["effective_actions"].mean[:6] == pytest.approx([6, 5, 4, 3, 2, 1])


def test_boltzmann_gumbel_and_thompson_beat_the_uniform_policy():
    problem = BernoulliBandit((0.2, 0.4, 0.8))
    options = {"block": 0, "runs": 60, "steps": 200, "seed": 1}
    uniform = simulate(problem, Agent(SampleAverage(), Uniform()), **options).totals["regret"].mean()
    for name, agent in AGENTS.items():
        assert simulate(problem, agent, **options).totals["regret"].mean() < 0.5 * uniform, name


history = st.lists(st.tuples(st.integers(0, 2), st.booleans(), st.floats(-5, 5)), max_size=25)


@given(history, st.floats(0.1, 5), st.floats(-3, 3), st.floats(0.1, 5))
@settings(deadline=None, max_examples=100)
def test_posteriors_agree_with_bayes_rule_applied_once_to_all_rewards(experience, sd, prior_mean, prior_sd):
    beta, normal = BetaPosterior(0.5, 2.0), GaussianPosterior(sd, prior_mean, prior_sd)
    counted, averaged = beta.start((2, 3), RNG), normal.start((2, 3), RNG)
    for action, success, reward in experience:
        actions = np.array([action, 0])
        counted = beta.update(counted, actions, np.array([float(success), 0.0]), None, RNG)
        averaged = normal.update(averaged, actions, np.array([reward, 0.0]), None, RNG)
    for arm in range(3):
        paid = [r for action, _, r in experience if action == arm]
        won = [w for action, w, _ in experience if action == arm]
        precision = prior_sd**-2 + len(paid) * sd**-2
        mean = (prior_mean * prior_sd**-2 + sum(paid) * sd**-2) / precision
        assert normal.values(averaged)[0, arm] == pytest.approx(mean, rel=1e-10, abs=1e-10)
        assert normal.memory(averaged)[0, arm] == pytest.approx(precision**-0.5, rel=1e-12)
        posterior = stats.beta(0.5 + sum(won), 2.0 + len(won) - sum(won))
        assert beta.memory(counted)[0, arm].tolist() == list(posterior.args)
        assert beta.values(counted)[0, arm] == pytest.approx(posterior.mean(), rel=1e-14)


def test_under_a_flat_prior_untried_arms_come_first():
    learner = GaussianPosterior(sd=2.0)
    state = learner.update(learner.start((1, 3), RNG), np.array([1]), np.array([7.0]), None, RNG)
    assert learner.values(state).tolist() == [[0.0, -INF, 0.0]]
    assert GaussianThompson()(learner.values(state), 0, learner.memory(state)).tolist() == [[0.5, 0.0, 0.5]]
    for arm, reward in ((0, 1.0), (2, 3.0), (2, 5.0)):
        state = learner.update(state, np.array([arm]), np.array([reward]), None, RNG)
    assert learner.values(state).tolist() == [[1.0, 7.0, 4.0]]
    assert learner.memory(state) == pytest.approx(np.array([[2.0, 2.0, math.sqrt(2.0)]]), rel=1e-15)


def rewarded(learner, reward):
    return learner.update(learner.start((1, 2), RNG), np.array([0]), np.array([reward]), None, RNG)


@in_one_test(
    ("attempt", "kind", "message"),
    [
        (lambda: BoltzmannGumbel(0.0), ValueError, "scale must be above 0, got 0.*use Greedy"),
        (lambda: BoltzmannGumbel(INF), ValueError, "scale must be finite"),
        (lambda: BoltzmannGumbel(1.0)([0.0, 1.0], 3), ValueError, r"counts the pulls .*clock='pulls'"),
        (lambda: BoltzmannGumbel(1.0)([[0.0, 1.0]], [3]), ValueError, "one step per action"),
        (lambda: GaussianThompson()([0.0, 1.0], 0, [1.0]), ValueError, "need a deviation for each action"),
        (lambda: GaussianThompson()([0.0, 1.0], 0, [1.0, 0.0]), ValueError, "0 or ∞ only for all of a row, got 0.0"),
        (lambda: GaussianThompson()([0.0, 1.0], 0, [1.0, INF]), ValueError, "0 or ∞ only for all of a row, got inf"),
        (lambda: GaussianThompson()([-INF, -INF], 0, [1.0, 1.0]), ValueError, "no action available"),
        (lambda: GaussianThompson().draw([-INF, -INF], 0, [0.5, 0.5], [1.0, 1.0]), ValueError, "no action available"),
        (lambda: BoltzmannGumbel(1.0).draw([-INF, -INF], [1, 1], [0.5, 0.5]), ValueError, "no action available"),
        (lambda: BoltzmannGumbel(1.0).draw([0.0, math.nan], [1, 1], [0.5, 0.5]), ValueError, r"values\[1\] is nan"),
        (lambda: BetaThompson().draw([0.0, INF], 0, [0.5, 0.5], np.ones((2, 2))), ValueError, r"values\[1\] is inf"),
        (lambda: BetaThompson().draw([-INF], 0, [0.5], np.ones((1, 2))), ValueError, "no action available"),
        (lambda: BetaThompson()([0.0, 1.0], 0, [1.0, 1.0]), ValueError, "need a and b for each action"),
        (lambda: rewarded(BetaPosterior(), 0.5), ValueError, "rewards must be 0 or 1 for BetaPosterior, got 0.5"),
        (lambda: BetaPosterior(0.0), ValueError, "a must be in"),
        (lambda: GaussianPosterior(0.0), ValueError, "sd must be above 0"),
        (lambda: GaussianPosterior(1.0, prior_sd=0.0), ValueError, "prior_sd must be above 0"),
        (lambda: GaussianPosterior(1.0, prior_sd=1e-200), ValueError, "prior_sd must be at least 1e-150 times sd"),
        (lambda: GaussianPosterior(1.0, prior_sd=math.nan), ValueError, "prior_sd must be 0 or more, got nan"),
        (lambda: Agent(SampleAverage(), BetaThompson()), TypeError, "needs a learner with memory"),
    ],
)
def test_invalid_arguments_are_refused_by_name(attempt, kind, message):
    with pytest.raises(kind, match=message):
        attempt()


@in_one_test("part", [*PARTS, BetaPosterior(0.5, 0.5), GaussianPosterior(2.0)])
def test_the_repr_of_each_part_is_its_code(part):
    assert eval(repr(part), {**globals(), "inf": INF}) == part


def test_draws_of_extreme_betas_do_not_prefer_the_first_action():
    """Ten equal arms Beta(.1, .1), whose draws round to 1 by the dozen: χ² of 200,000 draws, false-alarm rate 1e-6."""
    memory = np.full((200_000, 10, 2), 0.1)
    actions = BetaThompson().draw(np.zeros((200_000, 10)), 0, np.random.default_rng(0).random((200_000, 10)), memory)
    assert stats.chisquare(np.bincount(actions, minlength=10)).pvalue > 1e-6
