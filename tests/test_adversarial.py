"""Adversarial learners: scalar versions written from the papers, exact expectations, long horizons, proven bounds."""

import math

import mpmath
import numpy as np
import pytest
from cases import in_one_test

from boltzmann_rl import Agent, BanditExperiment, BernoulliBandit, Boltzmann, EpsilonBoltzmann, check_policy
from boltzmann_rl.agents.published import exp3, exp3_ix, exp3_plus_plus, tsallis_inf
from boltzmann_rl.learners.adversarial import GapEstimates, ImportanceWeightedLosses, ImportanceWeightedRewards
from boltzmann_rl.policies.feedback import Exp3PlusPlus
from boltzmann_rl.schedules import Power

RNG = np.random.default_rng(0)

# Policies that must obey the laws of action selection, and their memory for given values.
POLICIES = [
    (Exp3PlusPlus(), np.zeros_like),
    (Exp3PlusPlus(exploration=0.5), lambda values: 0.9 * (values < values.max(axis=-1, keepdims=True))),
    (Exp3PlusPlus(exploration=0.0), np.ones_like),
]


@pytest.mark.parametrize(("policy", "memory"), POLICIES)
def test_the_policy_of_exp3_plus_plus_obeys_the_laws(policy, memory):
    assert "draws follow the probabilities" in check_policy(policy, memory=memory)


def softmax_of(exponents):
    """A softmax for the oracles, for exponents of moderate size, written as in the papers."""
    weights = [math.exp(exponent - max(exponents)) for exponent in exponents]
    return [weight / sum(weights) for weight in weights]


class Exp3:
    """Auer et al. (2002), figure 1."""

    def __init__(self, arms, gamma):
        self.w, self.arms, self.gamma = [1.0] * arms, arms, gamma

    def p(self, t):
        return [(1 - self.gamma) * w / sum(self.w) + self.gamma / self.arms for w in self.w]

    def learn(self, t, arm, x, p):
        self.w[arm] *= math.exp(self.gamma * (x / p) / self.arms)


class Exp3OfLosses:
    """Lattimore & Szepesvári (2020), ch. 11: Ŝ_j gains 1 − 1[A = j]·(1 − x)/p."""

    def __init__(self, arms, eta):
        self.s, self.eta = [0.0] * arms, eta

    def p(self, t):
        return softmax_of([self.eta * s for s in self.s])

    def learn(self, t, arm, x, p):
        for j in range(len(self.s)):
            self.s[j] += 1 - (j == arm) * (1 - x) / p


class Exp3IX:
    """Neu (2015), algorithm 1 with η = 2γ = √(2 ln K/(K T))."""

    def __init__(self, arms, steps):
        self.losses, self.eta = [0.0] * arms, math.sqrt(2 * math.log(arms) / (arms * steps))

    def p(self, t):
        return softmax_of([-self.eta * loss for loss in self.losses])

    def learn(self, t, arm, x, p):
        self.losses[arm] += (1 - x) / (p + self.eta / 2)


class TsallisINF:
    """Zimmert & Seldin (2021), algorithm 1 with importance weighting; the normaliser by bisection."""

    def __init__(self, arms):
        self.losses = [0.0] * arms

    def p(self, t):
        eta = 2 / math.sqrt(t)
        weights = [4 * (eta * (loss - self.normaliser(eta))) ** -2 for loss in self.losses]
        return [weight / sum(weights) for weight in weights]

    def normaliser(self, eta):
        # The best arm alone has 4(η(L − x))⁻² ≤ 1, and K arms as good as it have a sum of 1 or more.
        high, low = min(self.losses) - 2 / eta, min(self.losses) - 2 * math.sqrt(len(self.losses)) / eta
        for _ in range(200):
            x = (low + high) / 2
            low, high = (x, high) if sum(4 * (eta * (loss - x)) ** -2 for loss in self.losses) < 1 else (low, x)
        return (low + high) / 2

    def learn(self, t, arm, x, p):
        self.losses[arm] += (1 - x) / p


class Exp3PlusPlusOfThePaper:
    """Seldin & Lugosi (2017), algorithm 1 and the gap estimates of §3."""

    def __init__(self, arms, alpha, beta):
        self.weighted, self.plain, self.n = [0.0] * arms, [0.0] * arms, [0] * arms
        self.arms, self.alpha, self.beta = arms, alpha, beta

    def gaps(self, t):
        upper, lower = [1.0] * self.arms, [0.0] * self.arms
        for a, n in enumerate(self.n):
            if n:
                radius = math.sqrt(self.alpha * math.log(t * self.arms ** (1 / self.alpha)) / (2 * n))
                upper[a] = min(1.0, self.plain[a] / n + radius)
                lower[a] = max(0.0, self.plain[a] / n - radius)
        return [max(0.0, low - min(upper)) for low in lower]

    def p(self, t):
        eta = 0.5 * math.sqrt(math.log(self.arms) / (t * self.arms))
        xi = [self.beta * math.log(t) / (t * gap**2) if gap else math.inf for gap in self.gaps(t)]
        epsilon = [min(1 / (2 * self.arms), eta, x) for x in xi]
        rho = softmax_of([-eta * loss for loss in self.weighted])
        return [(1 - sum(epsilon)) * r + e for r, e in zip(rho, epsilon, strict=True)]

    def learn(self, t, arm, x, p):
        self.weighted[arm] += (1 - x) / p
        self.plain[arm] += 1 - x
        self.n[arm] += 1


# Our agent and its oracle, both made for each test.
AGENTS = {
    "Exp3": lambda: (exp3(arms=4, gamma=0.2), Exp3(4, 0.2)),
    "Exp3 of losses": lambda: (Agent(ImportanceWeightedLosses(), Boltzmann(1 / 0.07)), Exp3OfLosses(4, 0.07)),
    "Exp3-IX": lambda: (exp3_ix(arms=4, steps=400), Exp3IX(4, 400)),
    "Tsallis-INF": lambda: (tsallis_inf(), TsallisINF(4)),
    "Exp3++": lambda: (exp3_plus_plus(), Exp3PlusPlusOfThePaper(4, 3, 256)),
    "Exp3++, sure early": lambda: (exp3_plus_plus(1.0, exploration=0.01), Exp3PlusPlusOfThePaper(4, 1.0, 0.01)),
}


def probabilities(agent, state, step):
    memory = (agent.learner.memory(state),) if getattr(agent.policy, "takes_memory", False) else ()
    return agent.policy(agent.learner.values(state), step, *memory)


@pytest.mark.parametrize("name", AGENTS)
def test_agents_act_as_the_pseudo_code_of_their_paper(name):
    agent, oracle = AGENTS[name]()
    rng, means = np.random.default_rng(1), (0.1, 0.2, 0.9, 0.5)
    state = agent.learner.start((2, 4), rng)
    for t in range(1, 401):
        p, expected = probabilities(agent, state, t - 1), oracle.p(t)
        assert p[0] == pytest.approx(expected, abs=1e-12)
        action = np.array([min(int(np.searchsorted(np.cumsum(expected), rng.random())), 3), p[1].argmax()])
        reward = np.array([float(rng.random() < means[action[0]]), rng.random()])
        oracle.learn(t, action[0], reward[0], expected[action[0]])
        state = agent.learner.update(state, action, reward, p, rng)
    assert p[0].argmax() == 2


def exp3_plus_plus_by_hand(values, step, gaps, exploration):
    """The probabilities of one row as Seldin & Slivkins (2014) print them, in plain floats."""
    t, available = step + 1, [value > -math.inf for value in values]
    arms = sum(available)
    rate = 0.5 * math.sqrt(math.log(arms) / (t * arms))
    known = [exploration * math.log(t) / (t * gap**2) if gap > 0.0 else math.inf for gap in gaps]
    floors = [min(0.5 / arms, rate, each) if free else 0.0 for each, free in zip(known, available, strict=True)]
    pairs = zip(values, available, strict=True)
    weights = [math.exp(rate * (value - max(values))) if free else 0.0 for value, free in pairs]
    return [(1.0 - sum(floors)) * w / sum(weights) + floor for w, floor in zip(weights, floors, strict=True)]


@in_one_test("exploration", [0.0, 0.05, 256.0])
@in_one_test("step", [0, 1, 50, 10_000])
def test_exp3_plus_plus_in_a_batch_is_the_published_formula_of_each_row(exploration, step):
    values = np.array([[-3.0, 0.0, -40.0], [0.0, -np.inf, -9.0], [-np.inf, -1.0, -np.inf], [-2.0, -2.0, -2.0]])
    gaps = np.array([[0.0, 0.3, 1.0], [0.0, 0.9, 0.5], [0.2, 0.0, 0.1], [0.0, 0.0, 0.7]])
    expected = [exp3_plus_plus_by_hand(*row, exploration) for row in zip(values, [step] * 4, gaps, strict=True)]
    np.testing.assert_allclose(Exp3PlusPlus(exploration)(values, step, gaps), expected, rtol=1e-13)


def test_estimated_gaps_lower_the_exploration_of_bad_arms_in_exp3_plus_plus():
    """Otherwise the comparison above would not test the gaps."""
    agent = exp3_plus_plus(1.0, exploration=0.01)
    state = agent.learner.start((1, 4), RNG)
    for arm in np.repeat(np.arange(4), 100):
        state = agent.learner.update(state, np.array([arm]), np.array([float(arm == 2)]), np.full((1, 4), 0.25), RNG)
    gaps = agent.learner.memory(state)
    assert (gaps[0, [0, 1, 3]] > 0.5).all()
    assert gaps[0, 2] == 0.0
    rare = [-1e9, -1e9, 0.0, -1e9]  # so that only the exploration floor is left
    known, unknown = agent.policy(rare, 400, gaps[0]), agent.policy(rare, 400, np.zeros(4))
    assert known[0] == pytest.approx(0.01 * math.log(401) / (401 * gaps[0, 0] ** 2), rel=1e-12)
    assert unknown[0] == pytest.approx(0.5 * math.sqrt(math.log(4) / (401 * 4)), rel=1e-12)


def test_weights_that_overflow_still_give_the_probabilities_of_exact_arithmetic():
    """Exp3 whose weights pass 10³⁰⁸, against products of 50 digits."""
    steps, arms, gamma, rng = 6000, 3, 0.7, np.random.default_rng(2)
    agent = exp3(arms, gamma)
    state = agent.learner.start((1, arms), rng)
    with mpmath.workdps(50):
        weights = [mpmath.mpf(1)] * arms
        for t in range(steps):
            p = probabilities(agent, state, t)
            action = np.array([int(np.searchsorted(np.cumsum(p[0]), rng.random()).clip(0, arms - 1))])
            reward = (rng.random(1) < (0.8, 0.8, 0.9)[action[0]]).astype(float)
            state = agent.learner.update(state, action, reward, p, rng)
            gain = mpmath.mpf(gamma) * mpmath.mpf(float(reward[0])) / mpmath.mpf(float(p[0, action[0]])) / arms
            weights[action[0]] *= mpmath.exp(gain)
        assert max(weights) > mpmath.mpf("1e400")
        expected = [float((1 - gamma) * w / sum(weights) + mpmath.mpf(gamma) / arms) for w in weights]
    assert probabilities(agent, state, steps)[0] == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize(
    ("learner", "expected"),
    [
        (ImportanceWeightedRewards(), lambda r, p: r),
        (ImportanceWeightedLosses(), lambda r, p: r - 1),
        (ImportanceWeightedLosses(bias=0.1), lambda r, p: (r - 1) * p / (p + 0.1)),
        (GapEstimates(), lambda r, p: r - 1),
    ],
    ids=["rewards", "losses", "biased losses", "losses with gaps"],
)
def test_estimates_have_the_expectation_of_the_papers(learner, expected):
    p, r = np.array([0.1, 0.3, 0.6]), np.array([0.2, 0.9, 0.5])
    mean = np.zeros(3)
    for arm in range(3):
        state = learner.start((1, 3), RNG)
        state = learner.update(state, np.array([arm]), r[[arm]], p[np.newaxis], RNG)
        mean += p[arm] * learner.values(state)[0]
    assert mean == pytest.approx(expected(r, p), rel=1e-14)


@pytest.mark.parametrize("learner", [ImportanceWeightedRewards(), ImportanceWeightedLosses()], ids=repr)
def test_sums_never_overflow_however_rare_an_action(learner):
    p = np.array([[5e-324, 1.0 - 5e-324]])
    state = learner.start((1, 2), RNG)
    with np.errstate(all="raise"):
        for _ in range(3):
            state = learner.update(state, np.array([0]), np.array([0.25]), p, RNG)
    assert np.isfinite(learner.values(state)).all()
    assert Boltzmann(1.0)(learner.values(state), 0).sum() == 1.0


# Regret that the papers prove for K = 5 arms and T = 2000 steps, whatever the rewards in [0, 1].
K, T = 5, 2000
BOUNDS = {
    "Exp3": (lambda: exp3(K, math.sqrt(K * math.log(K) / ((math.e - 1) * T))), 2.63 * math.sqrt(T * K * math.log(K))),
    "Exp3-IX": (lambda: exp3_ix(K, T), 2 * math.sqrt(2 * K * T * math.log(K)) + 30),
    "Tsallis-INF": (tsallis_inf, 4 * math.sqrt(K * T) + 1),
    "Exp3++": (exp3_plus_plus, 4 * math.sqrt(K * T * math.log(K))),
}


@pytest.mark.parametrize("name", BOUNDS)
def test_regret_is_within_the_proven_bound_and_far_below_uniform_play(name):
    make, bound = BOUNDS[name]
    problem = BernoulliBandit((0.2, 0.2, 0.8, 0.2, 0.2))
    experiment = BanditExperiment("bound", problem=problem, agents={name: make()}, runs=100, steps=T, seed=3)
    regret = experiment.run(progress=False).runs["regret"].mean()
    assert regret < bound
    assert regret < 0.5 * T * 0.6 * 4 / 5  # half the regret of the uniform policy


def test_the_temperature_of_tsallis_inf_grows_as_the_square_root_of_time():
    assert Power(0.5, exponent=-0.5)([0, 3, 99, 9_999]) == pytest.approx([0.5, 1.0, 5.0, 50.0], rel=1e-15)
    assert Power(0.0, exponent=-2.0)(10**400) == 0.0
    with pytest.raises(ValueError, match="exponent must not be 0"):
        Power(1.0, exponent=0)


@in_one_test(
    ("attempt", "message"),
    [
        (lambda: ImportanceWeightedLosses(-0.1), "bias must be .*got -0.1"),
        (lambda: GapEstimates(0), "confidence must be above 0, got 0"),
        (lambda: exp3(1, 0.1), r"arms must be in \[2, .*got 1"),
        (lambda: exp3(10, 0.0), "gamma must be above 0"),
        (lambda: exp3(10, 1.5), r"gamma must be in \[0, 1\], got 1.5"),
        (lambda: exp3_ix(10, 0), r"steps must be in \[1, .*got 0"),
        (lambda: learned(ImportanceWeightedLosses(), reward=1.5), r"rewards must be in \[0, 1\].*got 1.5"),
        (lambda: learned(ImportanceWeightedLosses(), reward=math.nan), r"reward\[0\] must be finite, got nan"),
        (lambda: learned(GapEstimates(), reward=-0.1), r"rewards must be in \[0, 1\].*got -0.1"),
        (lambda: learned(ImportanceWeightedRewards(), p=0.0), "whose probability is 0.0"),
        (lambda: Exp3PlusPlus(-1.0), "exploration must be .*got -1"),
        (lambda: Exp3PlusPlus()([0.0, 1.0], 0, [0.0]), "memory must hold a gap"),
        (lambda: Exp3PlusPlus()([-np.inf, -np.inf], 0, [0.0, 0.0]), "no action available"),
        (lambda: Exp3PlusPlus()([0.0, 1.0], [1, 1], [0.0, 0.0]), "give one step per row"),
    ],
)
def test_invalid_arguments_are_refused_by_name(attempt, message):
    with pytest.raises(ValueError, match=message):
        attempt()


def learned(learner, reward=0.5, p=0.5):
    state = learner.start((1, 2), RNG)
    return learner.update(state, np.array([0]), np.array([reward]), np.array([[p, 1 - p]]), RNG)


def test_exp3_is_a_learner_of_log_weights_and_a_policy():
    assert exp3(4, 0.2) == Agent(ImportanceWeightedRewards(bounded=True), EpsilonBoltzmann(0.2, temperature=4 / 0.2))
