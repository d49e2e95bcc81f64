"""Valid work gives the same results if NumPy is set to raise on every floating-point error ("strict settings").

Warnings are errors in all tests; here overflow, underflow, division by 0 and invalid operations are errors too. Each
piece of work runs twice, with ordinary and with strict settings, and both must give the same bytes.
"""

import dataclasses
import math

import numpy as np
import pytest
from cases import in_one_test
from test_conformance_table import TABLE

import boltzmann_rl as brl
from boltzmann_rl import planning, schedules
from boltzmann_rl.bandit_environments.environments import BanditEnv, BanditVectorEnv
from boltzmann_rl.engines.reference.bandits import simulate
from boltzmann_rl.figures.style import figure_bytes
from boltzmann_rl.policies.parameters import clock_of
from boltzmann_rl.statistics.bands import simultaneous_band
from boltzmann_rl.statistics.comparison import all_pairs, compare, paired_difference
from boltzmann_rl.statistics.estimates import (
    first_passage,
    interquartile_mean,
    interquartile_mean_of_tasks,
    median,
    performance_profile,
    stratified_bootstrap,
)
from boltzmann_rl.statistics.forecasts import forecast
from boltzmann_rl.statistics.intervals import mean_interval
from boltzmann_rl.statistics.stopping import decide

INF, LARGEST, LEAST = math.inf, float(np.finfo(np.float64).max), 5e-324
ROWS = np.array(
    [
        [0.0, 1.0, 2.0],
        [0.0, 0.0, 0.0],
        [1e-310, 2e-310, 0.0],
        [1e300, -1e300, 0.0],
        [LARGEST, -LARGEST, 0.0],
        [1.0, 1.0 + 1e-15, 1.0],
        [0.0, -INF, -INF],
        [5.0, -INF, 5.0],
        [-745.0, 0.0, 745.0],
        [LEAST, 0.0, -LEAST],
        [1e-160, 1e160, 0.0],
    ]
)
FINITE = ROWS[np.isfinite(ROWS).all(axis=1)]
TEMPERATURES = [0.0, LEAST, 1e-300, 1e-3, 1.0, 1e300, LARGEST, INF]


def flat(answer):
    """A result of any type as bytes."""
    if isinstance(answer, dict):
        return {key: flat(part) for key, part in answer.items()}
    if isinstance(answer, tuple | list):
        return [flat(part) for part in answer]
    return np.asarray(answer).tobytes() if isinstance(answer, np.ndarray | np.generic | float | int) else repr(answer)


def assert_the_same_in_a_strict_session(work):
    with np.errstate(all="warn", under="ignore"):
        ordinary = flat(work())
    with np.errstate(all="raise"):
        strict = flat(work())
    assert strict == ordinary


@in_one_test(("policy", "memory"), TABLE, ids=[repr(policy) for policy, _ in TABLE])
def test_every_policy_is_right_under_strict_settings(policy, memory):
    per_action = isinstance(policy, brl.BoltzmannGumbel)
    for values in (ROWS, *ROWS):
        more = () if memory is None else (memory(values),)
        for step in (0, 1, 10**15):
            clock = np.full(values.shape, step) if per_action else step
            assert_the_same_in_a_strict_session(lambda now=clock, v=values, m=more: policy(v, now, *m))
            if clock_of(policy) == "visits":
                continue
            assert_the_same_in_a_strict_session(
                lambda now=clock, v=values, m=more: brl.act(
                    policy, v, np.random.default_rng(0), step=now, memory=m[0] if m else None
                )
            )


# Those of `BetaThompson` take half a minute.
SOME = [row for row in TABLE[::7] if not isinstance(row[0], brl.BetaThompson)]


@pytest.mark.parametrize(("policy", "memory"), SOME, ids=[repr(policy) for policy, _ in SOME])
def test_check_policy_is_right_under_strict_settings(policy, memory):
    assert_the_same_in_a_strict_session(lambda: brl.check_policy(policy, memory=memory))


@in_one_test(
    "function",
    [brl.softmax, brl.log_softmax, brl.logsumexp, brl.softmax_jacobian, brl.mellowmax],
    ids=lambda f: f.__name__,
)
def test_functions_of_values_and_a_temperature_are_right_under_strict_settings(function):
    for temperature in TEMPERATURES:
        assert_the_same_in_a_strict_session(lambda t=temperature: function(ROWS, t))


@in_one_test(
    "function",
    [brl.sparsemax, brl.greedy, brl.uniform, brl.argmax, brl.logistic, brl.logistic_normalize, brl.tanh_normalize],
    ids=lambda f: f.__name__,
)
def test_functions_of_values_are_right_under_strict_settings(function):
    assert_the_same_in_a_strict_session(lambda: function(FINITE))


def test_ensembles_and_probabilities_are_right_under_strict_settings():
    for temperature in TEMPERATURES:
        for row in FINITE:
            ensemble = brl.BoltzmannDistribution(row, temperature)
            names = ("probabilities", "log_partition", "mean_energy", "free_energy", "entropy", "heat_capacity")
            assert_the_same_in_a_strict_session(lambda e=ensemble, n=names: [getattr(e, name) for name in n])
    p = np.array([[1.0, 0.0, 0.0], [1e-310, 1.0, 0.0], [LEAST, 1.0, LEAST], [1 / 3, 1 / 3, 1 / 3]])
    for work in (
        lambda: [brl.kl_divergence(a, b) for a in p for b in p],
        lambda: [brl.entropy(p), brl.effective_actions(p)],
        lambda: [brl.invert(p, np.full(4, u)) for u in (0.0, LEAST, 0.5, 1.0 - 2.0**-53)],
    ):
        assert_the_same_in_a_strict_session(work)


LEARNERS = [
    brl.SampleAverage(),
    brl.ConstantStep(1e-3, initial=1e-300),
    brl.GradientPreferences(0.2),
    brl.UCB1(),
    brl.UCB1(brl.RelativeToNoise(0.7)),
    brl.UCB1Tuned(),
    brl.EveryActionFirst(brl.NoiseEstimate(brl.SampleAverage())),
    brl.GaussianPosterior(),
    brl.ImportanceWeightedRewards(),
    brl.Pursuit(0.1),
    brl.ReinforcementComparison(0.1, 0.1),
    brl.ChoiceKernel(brl.SampleAverage(), 0.1, 1.0),
    brl.ValueDifference(brl.SampleAverage(), 1.0),
    brl.RewardBasedDecay(brl.SampleAverage(), 0.0, 1.0, 10),
]
BANDITS = [
    brl.GaussianBandit(arms=3, sd=1e-160),
    brl.BernoulliBandit(arms=3),
    brl.SwitchingBandit(brl.GaussianBandit(arms=4), 0.1, permute=True),
    brl.HeavyTailedBandit(),
    brl.RescaledBandit(brl.BernoulliBandit(arms=3), 1e-160, 1e-170),
    brl.GaussianBandit((1e-310, 2e-310), sd=0.0),
    brl.GaussianBandit((1e300, -1e300), sd=1e299),
]
COLD = [brl.Boltzmann(1e-3), brl.Boltzmann(brl.Odds(1e-3, 9.0)), brl.Boltzmann(schedules.Exponential(1.0, decay=0.1))]


def measured(bandit, agent, steps=25):
    block = simulate(bandit, agent, block=0, runs=8, steps=steps, seed=1)
    curves = {metric: (m.mean, m.squares, m.standard_error, *m.interval()) for metric, m in block.curves.items()}
    return curves, block.totals


@pytest.mark.parametrize("learner", LEARNERS, ids=repr)
def test_every_bandit_learner_is_right_under_strict_settings(learner):
    for policy in (*COLD, brl.Greedy(), brl.Boltzmann(LARGEST), brl.EpsilonGreedy(1e-310)):
        for bandit in BANDITS:
            assert_the_same_in_a_strict_session(lambda b=bandit, p=policy: measured(b, brl.Agent(learner, p)))


@in_one_test("policy", [policy for policy, _ in TABLE], ids=repr)
def test_every_policy_plays_bandits_right_under_strict_settings(policy):
    learner = {
        "GaussianThompson": brl.GaussianPosterior(),
        "BetaThompson": brl.BetaPosterior(),
        "AdaptiveEpsilonGreedy": brl.ValueDifference(brl.SampleAverage(), 1.0),
        "AdaptiveMaxBoltzmann": brl.ValueDifference(brl.SampleAverage(), 1.0),
        "Exp3PlusPlus": brl.GapEstimates(),
    }.get(type(policy).__name__, brl.SampleAverage())
    if "RelativeToNoise" in repr(policy):
        learner = brl.NoiseEstimate(learner)
    agent = brl.Agent(learner, policy)
    assert_the_same_in_a_strict_session(lambda: measured(brl.BernoulliBandit(arms=3), agent))


TEMPORAL = [
    brl.QLearning(schedules.Exponential(1.0, decay=1e-3), 1e-3),
    brl.SARSA(0.5, 0.9),
    brl.ExpectedSARSA(0.5, 0.9),
    brl.DoubleQLearning(0.5, 0.9),
    brl.NStep(brl.SARSA(0.5, 0.9), 3),
    brl.EligibilityTraces(brl.QLearning(0.5, 0.1), 1e-3),
    brl.ActorCritic(0.1, 0.1, discount=1e-3),
    brl.Reinforce(0.1, discount=1e-3),
    brl.ValueDifference(brl.NStep(brl.QLearning(0.5), 2), 1e-300),
]


@pytest.mark.parametrize("learner", TEMPORAL, ids=repr)
def test_every_environment_learner_is_right_under_strict_settings(learner):
    lake, cliff = (brl.Environment(name, max_episode_steps=40) for name in ("FrozenLake-v1", "CliffWalking-v1"))
    cart = brl.Environment("CartPole-v1", wrap=brl.LinearObservations(), max_episode_steps=20)
    features = [] if isinstance(learner, brl.ValueDifference) else [cart]
    for environment in (lake, cliff, *features):
        for policy in (brl.Boltzmann(1e-3), brl.Boltzmann(brl.RelativeToRange(0.3)), brl.Boltzmann(1e300)):
            agent = brl.Agent(learner, policy)

            def train(env=environment, agent=agent):
                return [tuple(episode) for episode in brl.train(env.make(), agent, episodes=2, seed=0)]

            assert_the_same_in_a_strict_session(train)


def test_planning_is_right_under_strict_settings():
    mdp = planning.MDP.of(brl.Environment("FrozenLake-v1").make())
    backups = planning.MaxBackup(), planning.BoltzmannBackup(1e-300), planning.MellowmaxBackup(5.0)
    for backup in backups:
        for discount in (0.0, 1e-300, 0.5):
            assert_the_same_in_a_strict_session(lambda b=backup, d=discount: planning.value_iteration(mdp, d, b).values)
    assert_the_same_in_a_strict_session(lambda: planning.policy_values(mdp, np.full(4, 0.25), 1e-300))
    assert_the_same_in_a_strict_session(lambda: planning.action_values(mdp, np.full(16, 1e-310), 0.9))


def test_contextual_bandits_and_bandit_environments_are_right_under_strict_settings():
    x = np.random.default_rng(0).normal(size=(60, 2)) * 1e-200
    actions = np.arange(60) % 3
    assert_the_same_in_a_strict_session(lambda: list(brl.fit_logit(x, actions)))
    for bandit in BANDITS:

        def pulled(bandit=bandit):
            env, envs = BanditEnv(bandit, steps=20), BanditVectorEnv(bandit, num_envs=3, steps=20)
            env.reset(seed=0)
            envs.reset(seed=0)
            return [(env.step(k % 2)[1], envs.step(np.array([0, 1, k % 2]))[1]) for k in range(20)]

        assert_the_same_in_a_strict_session(pulled)


def test_statistics_of_the_largest_numbers_are_right_under_strict_settings():
    for samples in ([LARGEST, LARGEST], [LARGEST, -LARGEST, 0.0], [1e-310, 2e-310], [INF, INF], [INF, 1.0]):
        numbers = np.array(samples)
        assert_the_same_in_a_strict_session(lambda x=numbers: mean_interval(x))
        assert_the_same_in_a_strict_session(lambda x=numbers: tuple(paired_difference(x, x[::-1])))
    assert mean_interval(np.array([LARGEST, LARGEST]))[0] == LARGEST
    assert mean_interval(np.array([INF, 1.0])) == (INF, INF, INF)
    assert paired_difference(np.array([INF, 1.0]), np.array([INF, 2.0])).superiority == 0.25


SOME = np.random.default_rng(0).normal(size=(3, 40)) * np.array([[1.0], [1e-300], [1e300]])


@in_one_test(
    "work",
    [
        lambda x: compare(x, all_pairs(3), np.random.default_rng(0), flips=100),
        lambda x: compare(x[:, :5], all_pairs(3), np.random.default_rng(0)),
        lambda x: compare(np.where(x > 0.0, LARGEST, -LARGEST), all_pairs(3), np.random.default_rng(0), flips=100),
        lambda x: decide(x[0], matters=1e-300),
        lambda x: decide(x[2], matters=1e-300),
        lambda x: forecast(x[0], np.random.default_rng(0), at_most=100, futures=20),
        lambda x: simultaneous_band(x.T[:, [0, 1]], "windows", np.random.default_rng(0), draws=50),
        lambda x: interquartile_mean(x),
        lambda x: median(np.where(x > 1.0, INF, x)),
        lambda x: first_passage(x.T, 0.0),
        lambda x: stratified_bootstrap(x, interquartile_mean_of_tasks, np.random.default_rng(0), resamples=20),
        lambda x: performance_profile(x[:1], np.array([-1e-310, 0.0, 1e308]), np.random.default_rng(0)),
    ],
)
def test_judgements_are_the_same_under_strict_settings(work):
    assert_the_same_in_a_strict_session(lambda: tuple(work(SOME)))


def test_an_experiment_with_infinite_temperatures_runs_and_draws_under_strict_settings(tmp_path):
    agents = {
        f"{scale}": brl.Agent(brl.SampleAverage(), brl.Boltzmann(scale))
        for scale in (brl.RelativeToRange(0.3), brl.RelativeToSpread(0.3), brl.EffectiveActions(1.5))
    }
    experiment = brl.BanditExperiment(
        name="ties", problem=brl.BernoulliBandit(arms=3), agents=agents, runs=12, steps=12
    )
    with np.errstate(all="raise"):
        results = experiment.run(progress=False)
        found = brl.load(results.save(tmp_path))
        for held in (results, found):
            temperature = held.curves[held.curves["metric"] == "temperature"]
            tied = np.isinf(temperature["mean"])
            assert tied.any()
            assert not temperature[["low", "high", "standard_error"]].isna().any(axis=None)
            assert (temperature["low"][tied] == INF).all()
            assert (temperature["low"] <= temperature["mean"]).all()
        assert results.plot() is not None
        infinite = dataclasses.replace(results, curves=results.curves.replace({"metric": {"temperature": "reward"}}))
        assert infinite.plot() is not None
        brl.plot_schedule({"cold": schedules.Exponential(1e308, 1e-300, steps=500)})


@pytest.mark.parametrize("where", [[0], [4, 5], [11]])
def test_a_curve_that_is_infinite_at_some_steps_keeps_its_band_at_the_others(where):
    agents = {
        name: brl.Agent(brl.SampleAverage(), brl.EpsilonGreedy(share)) for name, share in (("a", 0.1), ("b", 0.9))
    }
    experiment = brl.BanditExperiment(name="x", problem=brl.BernoulliBandit(arms=3), agents=agents, runs=9, steps=12)
    results = experiment.run(progress=False)
    curves = results.curves.copy()
    broken = (curves["metric"] == "reward") & (curves["agent"] == "a") & curves["step"].isin(where)
    curves.loc[broken, ["mean", "low", "high"]] = INF
    with np.errstate(all="raise"):
        figure = dataclasses.replace(results, curves=curves).plot()
        assert figure_bytes(figure)["png"]
    assert len(figure.axes[0].collections) == 2
