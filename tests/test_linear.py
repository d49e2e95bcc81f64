"""Linear preferences: finite differences, scikit-learn, real data, and the classifiers that are softmaxes."""

import math

import numpy as np
import pytest
from cases import in_one_test
from sklearn.datasets import load_digits, load_iris, load_wine
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB, MultinomialNB

from boltzmann_rl import Boltzmann, EpsilonBoltzmann, act, log_softmax, logistic, softmax
from boltzmann_rl.learners.linear import LinearPreferences, fit_logit

RNG = np.random.default_rng(0)
LOADERS = {"iris": load_iris, "wine": load_wine, "digits": load_digits}


def data(name):
    """Features of mean 0 and variance 1 (constant ones 0), and labels."""
    x, y = LOADERS[name](return_X_y=True)
    sd = x.std(axis=0)
    return (x - x.mean(axis=0)) / np.where(sd > 0.0, sd, 1.0), y


def preferences(weights, x):
    return LinearPreferences(0.1).values(weights, x)


@pytest.mark.parametrize(("name", "penalty"), [("iris", 1.0), ("iris", 0.01), ("wine", 1.0), ("digits", 2.0)])
def test_the_fit_is_scikit_learns_up_to_a_common_offset(name, penalty):
    x, y = (part[:400] for part in data(name))
    theirs = LogisticRegression(C=1.0 / penalty, tol=1e-10, max_iter=20_000, solver="newton-cg").fit(x, y)
    ours = fit_logit(x, y, penalty=penalty)
    centred = theirs.coef_ - theirs.coef_.mean(axis=0), theirs.intercept_ - theirs.intercept_.mean()
    assert ours.coefficients == pytest.approx(centred[0], abs=1e-5)
    assert ours.intercepts == pytest.approx(centred[1], abs=1e-5)
    assert ours.intercepts.sum() == pytest.approx(0.0, abs=1e-12)
    assert softmax(preferences(ours, x)) == pytest.approx(theirs.predict_proba(x), abs=1e-5)


def test_a_fit_on_constant_features_gives_the_frequencies_of_the_actions():
    """With equal contexts the intercepts are the logarithms of the frequencies: maximum likelihood, by hand."""
    y = np.repeat([0, 1, 2], [1, 3, 6])
    weights = fit_logit(np.zeros((10, 2)), y, penalty=1.0)
    assert softmax(preferences(weights, np.zeros((1, 2)))) == pytest.approx(np.array([[0.1, 0.3, 0.6]]), rel=1e-7)


def test_an_update_is_the_finite_difference_of_the_log_probability():
    rng, rate = np.random.default_rng(1), 0.3
    learner, x = LinearPreferences(rate), rng.standard_normal((1, 4))
    state = learner.start((4, 3), rng)
    state.coefficients[...], state.intercepts[...] = rng.standard_normal((3, 4)), rng.standard_normal(3)
    state.seen[...], state.reward[...] = 5.0, 0.25
    flat = np.concatenate([state.coefficients.ravel(), state.intercepts])

    def log_probability(parameters):
        return log_softmax(x @ parameters[:12].reshape(3, 4).T + parameters[12:])[0, 1]

    h = 1e-6
    gradient = [(log_probability(flat + h * e) - log_probability(flat - h * e)) / (2 * h) for e in np.eye(15)]
    p = Boltzmann(1.0)(learner.values(state, x), 0)
    learner.update(state, x, np.array([1]), np.array([1.25]), p, rng)
    moved = np.concatenate([state.coefficients.ravel(), state.intercepts]) - flat
    assert moved == pytest.approx(rate * 1.0 * np.array(gradient), abs=1e-9)
    assert float(state.reward) == pytest.approx((5 * 0.25 + 1.25) / 6, rel=1e-15)


def test_the_expected_update_is_the_gradient_of_the_expected_reward_under_any_behaviour_policy():
    """Σ_a p(a)·update(a) = rate·∇ Σ_a π(a) r(a) by finite differences, with p another policy of the preferences."""
    rng, x, r = np.random.default_rng(2), np.array([[0.5, -1.0]]), np.array([0.2, 0.7, -0.4])
    start = rng.standard_normal((3, 2))
    learner = LinearPreferences(1.0)
    mean = np.zeros((3, 2))
    for action in range(3):
        state = learner.start((2, 3), rng)
        state.coefficients[...], state.seen[...], state.reward[...] = start, 1.0, 0.1
        p = EpsilonBoltzmann(0.3, 2.0)(learner.values(state, x), 0)
        learner.update(state, x, np.array([action]), r[[action]], p, rng)
        mean += p[0, action] * (state.coefficients - start)
    h = 1e-6
    for index in np.ndindex(3, 2):
        up, down = start.copy(), start.copy()
        up[index] += h
        down[index] -= h
        slope = float(softmax(x @ up.T)[0] @ r - softmax(x @ down.T)[0] @ r) / (2 * h)
        assert mean[index] == pytest.approx(slope, abs=1e-8)


@pytest.mark.parametrize("policy", [Boltzmann(1.0), EpsilonBoltzmann(0.1, 1.0)], ids=repr)
@pytest.mark.parametrize("name", LOADERS)
def test_bandit_feedback_alone_is_enough_to_classify_flowers_wines_and_digits(name, policy):
    """The agent sees a context, names a class, and learns only whether it was right; chance is 1/3 or 1/10."""
    x, y = data(name)
    classes, rng = int(y.max()) + 1, np.random.default_rng(3)
    learner = LinearPreferences(0.5)
    state = learner.start((x.shape[1], classes), rng)
    for step in range(1500):
        rows = rng.integers(len(x), size=32)
        values = learner.values(state, x[rows])
        action = act(policy, values, rng, step=step)
        reward = (action == y[rows]).astype(float)
        state = learner.update(state, x[rows], action, reward, policy(values, step), rng)
    right = learner.values(state, x).argmax(axis=1) == y
    assert right.mean() > 0.9


def test_learning_can_continue_from_a_fit():
    x, y = data("iris")
    learner, state = LinearPreferences(0.1), fit_logit(x, y)
    before = learner.values(state, x).copy()
    p = Boltzmann(1.0)(before, 0)
    learner.update(state, x, y, np.ones(len(y)), p, RNG)
    assert learner.values(state, x) == pytest.approx(before)  # the first baseline is the mean reward itself
    learner.update(state, x, y, np.full(len(y), 2.0), p, RNG)
    mine = np.arange(len(y)), y
    assert log_softmax(learner.values(state, x))[mine].sum() > log_softmax(before)[mine].sum()


@in_one_test(
    ("attempt", "kind", "message"),
    [
        (lambda: LinearPreferences(0.0), ValueError, "learning_rate must be above 0"),
        (lambda: fit_logit([[1.0]], [0, 1]), ValueError, "contexts must have shape"),
        (lambda: fit_logit([[math.nan]], [0]), ValueError, "contexts must be finite, got nan"),
        (lambda: fit_logit([[1.0]], [0.5]), TypeError, "actions must be integers"),
        (lambda: fit_logit([[1.0], [2.0]], [0, 2]), ValueError, "each chosen at least once"),
        (lambda: fit_logit([[1.0]], [-1]), ValueError, "each chosen at least once"),
        (lambda: fit_logit([[1.0]], [0], penalty=-1.0), ValueError, "penalty must be .*got -1"),
        (lambda: fit_logit([[-1.0], [1.0]], [0, 1], penalty=0.0), ValueError, "penalty must be above 0"),
        (lambda: started_with(p=0.0), ValueError, "whose probability is 0.0"),
    ],
)
def test_invalid_arguments_are_refused_by_name(attempt, kind, message):
    with pytest.raises(kind, match=message):
        attempt()


def started_with(p):
    learner = LinearPreferences(0.1)
    state, x = learner.start((1, 2), RNG), np.ones((1, 1))
    return learner.update(state, x, np.array([0]), np.array([1.0]), np.array([[p, 1 - p]]), RNG)


# The identities of docs/softmax_and_sigmoid.md.


@pytest.mark.parametrize("temperature", [0.1, 1.0, 7.0])
def test_the_softmax_of_two_actions_is_a_sigmoid_of_their_difference(temperature):
    gap = np.linspace(-30, 30, 601)
    p = softmax(np.column_stack([gap, np.zeros(601)]), temperature)
    assert p[:, 0] == pytest.approx(1.0 / (1.0 + np.exp(-gap / temperature)), rel=1e-13)
    assert p[:, 0] == pytest.approx(logistic(gap / temperature), rel=1e-13)


def test_sigmoids_per_action_neither_sum_to_one_nor_ignore_a_common_offset():
    values = np.array([0.0, 1.0, 2.0])
    apart = logistic(values)
    assert apart.sum() == pytest.approx(0.5 + 0.7310585786 + 0.8807970780, rel=1e-9)
    frequencies, lifted = apart / apart.sum(), logistic(values + 10.0) / logistic(values + 10.0).sum()
    assert lifted == pytest.approx([1 / 3] * 3, abs=2e-5)  # an offset of all values made the choice uniform
    assert abs(frequencies[2] - lifted[2]) > 0.08
    assert softmax(values + 10.0) == pytest.approx(softmax(values), rel=1e-15)


@pytest.mark.parametrize("name", ["iris", "wine"])
def test_the_posterior_of_gaussians_with_one_covariance_is_a_softmax_of_linear_scores(name):
    """h_a(x) = μ_aᵀ Σ⁻¹ x − ½ μ_aᵀ Σ⁻¹ μ_a + ln π_a, against LinearDiscriminantAnalysis."""
    x, y = data(name)
    classes = np.unique(y)
    means = np.array([x[y == c].mean(axis=0) for c in classes])
    frequencies = np.array([(y == c).mean() for c in classes])
    covariance = sum(s * np.cov(x[y == c].T, bias=True) for c, s in zip(classes, frequencies, strict=True))
    directions = np.linalg.solve(covariance, means.T).T
    scores = x @ directions.T - 0.5 * (means * directions).sum(axis=1) + np.log(frequencies)
    theirs = LinearDiscriminantAnalysis(solver="lsqr").fit(x, y)
    assert softmax(scores) == pytest.approx(theirs.predict_proba(x), abs=1e-9)


def test_naive_bayes_of_gaussians_with_shared_variances_is_a_softmax_of_linear_scores():
    x, y = data("iris")
    model = GaussianNB().fit(x, y)
    shared = model.var_.mean(axis=0)
    model.var_ = np.tile(shared, (3, 1))
    scores = x @ (model.theta_ / shared).T - 0.5 * (model.theta_**2 / shared).sum(axis=1) + np.log(model.class_prior_)
    assert softmax(scores) == pytest.approx(model.predict_proba(x), abs=1e-12)


def test_naive_bayes_of_counts_is_a_softmax_of_linear_scores():
    x, y = load_digits(return_X_y=True)
    model = MultinomialNB().fit(x, y)
    counts = np.array([x[y == c].sum(axis=0) for c in range(10)]) + 1.0
    scores = x @ np.log(counts / counts.sum(axis=1, keepdims=True)).T + np.log(np.bincount(y) / len(y))
    assert softmax(scores) == pytest.approx(model.predict_proba(x), abs=1e-9)
