"""Parameters per row: policies and schedules whose parameters differ between environments, as in Ape-X."""

import copy
import pickle
from dataclasses import dataclass

import gymnasium
import numpy as np
import pytest
from cases import in_one_test
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from schedule_tables import ROW_NUMBERS

import boltzmann_rl as brl
from boltzmann_rl import Agent, Boltzmann, EpsilonBoltzmann, EpsilonGreedy, MaxBoltzmann, QLearning, Training, act
from boltzmann_rl.integrations.explorer import Explorer
from boltzmann_rl.schedules import Ceiling, Constant, Exponential, Linear

PUBLIC = {name: getattr(brl, name) for name in brl.__all__}
RNG = np.random.default_rng(0)
VALUES = RNG.normal(size=(3, 4))
FALLING = Exponential((1.0, 0.5, 0.25), 0.05, steps=20)

# Every parameter that a policy may have per row, as a function of its value.
POLICIES = [
    lambda x: Boltzmann(x),
    lambda x: EpsilonGreedy(x),
    lambda x: MaxBoltzmann(epsilon=x, temperature=0.7),
    lambda x: MaxBoltzmann(epsilon=0.3, temperature=x),
    lambda x: EpsilonBoltzmann(epsilon=x, temperature=x),
    lambda x: Boltzmann(brl.RelativeToRange(x)),
    lambda x: Boltzmann(brl.RelativeToSpread(x)),
    lambda x: Boltzmann(brl.TargetEntropy(x)),
    lambda x: Boltzmann(brl.Odds(gap=x, odds=9.0)),
    lambda x: brl.Mellowmax(x, x),
    lambda x: brl.Sparsemax(x),
    lambda x: brl.Tsallis(x, index=x),
    lambda x: brl.InverseGapWeighting(x),
]
NUMBERS = (0.9, 0.5, 0.25)


@in_one_test("given", [list(NUMBERS), NUMBERS, np.array(NUMBERS), np.array(NUMBERS, dtype=object)])
@in_one_test("make", POLICIES)
def test_each_row_of_a_policy_is_the_policy_with_its_own_number(make, given):
    policy = make(given)
    alone = [make(number)(row, 3) for number, row in zip(NUMBERS, VALUES, strict=True)]
    np.testing.assert_allclose(policy(VALUES, 3), alone, rtol=1e-12)
    assert policy == make(NUMBERS)
    assert hash(policy) == hash(make(NUMBERS))
    assert eval(repr(policy), PUBLIC) == pickle.loads(pickle.dumps(policy)) == copy.deepcopy(policy) == policy


@in_one_test("step", [0, 5, 50, [0, 0, 0], [0, 5, 50]])
@in_one_test("make", [make for make, _ in ROW_NUMBERS])
def test_each_row_of_a_schedule_has_the_bits_of_the_schedule_with_its_own_number(make, step):
    schedule = make(list(NUMBERS))
    steps = np.broadcast_to(step, 3).tolist()
    expected = [brl.schedules.evaluate(make(number), now) for number, now in zip(NUMBERS, steps, strict=True)]
    found = schedule(step if isinstance(step, int) else np.array(step))
    assert found.tolist() == expected
    assert found.dtype == np.float64
    for twin in (eval(repr(schedule), vars(brl.schedules)), pickle.loads(pickle.dumps(schedule))):
        assert twin == schedule
        assert twin(5).tolist() == schedule(5).tolist()
    np.testing.assert_array_equal(
        EpsilonGreedy(Ceiling(schedule, 1.0))(VALUES, 5),
        [EpsilonGreedy(Ceiling(make(number), 1.0))(row, 5) for number, row in zip(NUMBERS, VALUES, strict=True)],
    )


def test_parameters_per_row_print_as_a_tuple():
    assert repr(Boltzmann(np.array([0.1, 0.5]))) == "Boltzmann(temperature=(0.1, 0.5))"
    assert repr(Linear([1, 2], 0, 10)) == "Linear(start=(1.0, 2.0), end=0.0, steps=10)"


def test_schedules_and_numbers_can_be_mixed():
    policy = Boltzmann([Linear(1.0, 0.1, steps=10), 0.5, lambda step: 0.25])
    expected = [Boltzmann(t)(row, 0) for t, row in zip((0.55, 0.5, 0.25), VALUES, strict=True)]
    np.testing.assert_allclose(policy(VALUES, 5), expected, rtol=1e-12)


def test_a_users_schedule_may_return_one_value_for_each_row():
    def schedule(step):
        return np.array(NUMBERS) * 0.5 ** np.asarray(step)

    for step in (2, np.array([0, 1, 2])):
        expected = [Boltzmann(t)(row, 0) for t, row in zip(schedule(step), VALUES, strict=True)]
        np.testing.assert_allclose(Boltzmann(schedule)(VALUES, step), expected, rtol=1e-12)


def test_a_schedule_written_for_one_step_may_return_one_value_for_each_row():
    def schedule(step):
        return np.array(NUMBERS) if step < 2 else np.array(NUMBERS) / 2.0

    expected = [Boltzmann(t)(row, 0) for t, row in zip((0.9, 0.25, 0.125), VALUES, strict=True)]
    np.testing.assert_allclose(Boltzmann(schedule)(VALUES, np.array([1, 2, 3])), expected, rtol=1e-12)
    one_for_all = Boltzmann(lambda step: 0.5 if step < 2 else 0.25)(VALUES, np.array([1, 2, 3]))
    expected = [Boltzmann(t)(row, 0) for t, row in zip((0.5, 0.25, 0.25), VALUES, strict=True)]
    np.testing.assert_allclose(one_for_all, expected, rtol=1e-12)


def test_the_epsilons_of_ape_x_are_applied_with_one_uniform_per_row():
    epsilons = 0.4 ** (1 + 7 * np.arange(3) / 2)
    uniforms = np.random.default_rng(1).random(3)
    expected = [
        int(np.searchsorted(np.cumsum(EpsilonGreedy(e)(row, 0)), u, side="right"))
        for e, row, u in zip(epsilons, VALUES, uniforms, strict=True)
    ]
    assert act(EpsilonGreedy(epsilons), VALUES, np.random.default_rng(1)).tolist() == expected
    assert Explorer(EpsilonGreedy(epsilons), np.random.default_rng(1))(VALUES).tolist() == expected


@in_one_test(
    ("kind", "make", "message"),
    [
        (ValueError, lambda: Boltzmann([0.1, 0.5])(VALUES, 0), r"of shape \(2,\), but values of shape \(3, 4\)"),
        (ValueError, lambda: Boltzmann([0.1, 0.5])(VALUES[0], 0), r"\(2,\), but values of shape \(4,\) are a single"),
        (ValueError, lambda: EpsilonGreedy([0.1] * 4)(VALUES[0], 0), "epsilon has a value for each row"),
        (ValueError, lambda: Boltzmann([0.1] * 4)(VALUES, 0), "temperature has a value for each row"),
        (ValueError, lambda: Boltzmann(FALLING)(VALUES[:2], 0), "temperature has a value for each row"),
        (ValueError, lambda: Boltzmann(lambda step: np.ones(2))(VALUES, 0), r"of shape \(2,\), but values"),
        (ValueError, lambda: brl.Mellowmax([1.0, 2.0])(VALUES, 0), "omega has a value for each row"),
        (ValueError, lambda: FALLING([0, 1]), r"for 3 rows, but step has shape \(2,\)"),
        (ValueError, lambda: Boltzmann([]), "temperature is empty"),
        (ValueError, lambda: Boltzmann([0.1, -1.0]), r"temperature\[1\] must be 0 or more, got -1"),
        (ValueError, lambda: EpsilonGreedy([0.1, 2.0]), r"epsilon\[1\] must be in \[0, 1\], got 2"),
        (ValueError, lambda: brl.Odds([0.1, 0.2], [9.0, 1.0]), r"odds\[1\] must be above 1"),
        (ValueError, lambda: brl.Tsallis(1.0, index=[1.0, 0.0]), r"index\[1\] must be positive"),
        (ValueError, lambda: MaxBoltzmann([0.1, 0.2], [1.0, 2.0, 3.0]), "parameters for 2 and 3 rows"),
        (ValueError, lambda: Linear([1.0, 2.0], [0.1, 0.2, 0.3], 10), "start 2 values and end 3 values"),
        (TypeError, lambda: Boltzmann([[0.1, 0.5]]), r"temperature\[0\] must be a number"),
        (TypeError, lambda: Boltzmann([brl.RelativeToRange(0.1)]), r"temperature\[0\] must be a number or a schedule"),
        (TypeError, lambda: Linear(1.0, 0.0, [10, 20]), "steps must be an integer"),
        (TypeError, lambda: QLearning([0.1, 0.2]), "learning_rate must be a number"),
        (TypeError, lambda: QLearning(Linear([1.0, 0.5], 0.0, 10)), "learning_rate must be one number or schedule"),
    ],
)
def test_the_wrong_number_of_values_and_invalid_values_are_refused_by_name(kind, make, message):
    with pytest.raises(kind, match=message):
        make()


def test_a_single_row_accepts_a_list_of_one_parameter():
    assert Boltzmann([0.5])(VALUES[0], 0).tolist() == Boltzmann(0.5)(VALUES[0], 0).tolist()
    assert act(EpsilonGreedy([1.0]), VALUES[0], np.random.default_rng(0)) in range(4)


EPSILONS = [0.0, 0.5, 1.0]


class Line(gymnasium.Env):
    """Walks along a line and terminates after its own number of steps, so that rows end at different times."""

    observation_space, action_space = gymnasium.spaces.Discrete(4), gymnasium.spaces.Discrete(3)

    def __init__(self, length):
        self.length = length

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.at = 0
        return 0, {}

    def step(self, action):
        self.at += 1
        return self.at % 4, float(action == 1), self.at >= self.length, False, {}


@dataclass(frozen=True)
class Foreign:
    """A user's ε-greedy policy with one ε per row."""

    def __call__(self, values, step):
        fractions = np.array(EPSILONS)[:, np.newaxis]
        best = values == values.max(axis=-1, keepdims=True)
        return fractions / 3 + (1.0 - fractions) * best / best.sum(axis=-1, keepdims=True)


@pytest.mark.parametrize("learner", [QLearning, brl.SARSA, brl.ExpectedSARSA])
@pytest.mark.parametrize(
    "policy", [EpsilonGreedy([0.0, 0.5, 1.0]), Foreign(), EpsilonGreedy(Constant([0.0, 0.5, 1.0]))]
)
@pytest.mark.parametrize("mode", list(AutoresetMode))
def test_every_row_of_a_training_explores_by_its_own_value_in_every_autoreset_mode(mode, policy, learner):
    """Row 0 is greedy and always takes action 1 after its first reward; row 2 is uniform; row 1 is in between."""
    envs = SyncVectorEnv([lambda n=n: Line(n) for n in (2, 3, 5)], autoreset_mode=mode)
    training = Training(envs, Agent(learner(0.5, discount=0.0), policy), seed=0)
    taken = [[], [], []]
    for _ in range(3000):
        transition = next(training)
        taken[transition.environment].append(transition.action == 1)
    fractions = [np.mean(row[len(row) // 4 :]) for row in taken]
    np.testing.assert_allclose(fractions, [1.0, 1 / 6 + 1 / 2, 1 / 3], atol=0.07)
    assert fractions[0] == 1.0


@pytest.mark.parametrize("mode", list(AutoresetMode))
def test_equal_parameters_per_row_train_like_a_single_parameter(mode):
    def trained(policy):
        envs = SyncVectorEnv([lambda n=n: Line(n) for n in (2, 3, 5)], autoreset_mode=mode)
        training = Training(envs, Agent(brl.SARSA(0.5), policy), seed=3)
        return [next(training)[:4] for _ in range(200)], training.look().temperature.tolist()

    assert trained(Boltzmann([0.5] * 3)) == trained(Boltzmann(0.5))
    falling = Linear(1.0, 0.1, steps=30)
    assert trained(Boltzmann([falling] * 3)) == trained(Boltzmann(falling))
    assert trained(Boltzmann(Linear([1.0] * 3, 0.1, steps=30))) == trained(Boltzmann(falling))


def test_look_returns_the_temperature_of_each_row():
    envs = SyncVectorEnv([lambda: Line(2)] * 3)
    training = Training(envs, Agent(QLearning(), Boltzmann([0.1, 0.5, 2.0])), seed=0)
    assert training.look().temperature.tolist() == [0.1, 0.5, 2.0]


def test_a_training_with_another_number_of_environments_is_refused_at_once():
    agent = Agent(QLearning(), Boltzmann([0.1, 0.5]))
    for env, number in ((SyncVectorEnv([lambda: Line(2)] * 3), 3), (Line(2), 1)):
        with pytest.raises(ValueError, match=f"parameters for 2 rows, but the number of environments is {number}"):
            Training(env, agent, seed=0)


def test_experiments_refuse_parameters_per_row_by_name():
    for make, learner, problem in (
        (brl.BanditExperiment, brl.SampleAverage(), brl.GaussianBandit()),
        (brl.GymnasiumExperiment, QLearning(), "FrozenLake-v1"),
    ):
        with pytest.raises(ValueError, match=r"agents\['a'\] has parameters for 2 rows, but all runs"):
            make(name="x", problem=problem, agents={"a": Agent(learner, Boltzmann([0.1, 0.5]))})


def test_compiled_engines_leave_parameters_per_row_to_the_reference():
    pytest.importorskip("numba")
    from boltzmann_rl.engines.compiled import bandits, tabular

    agent = Agent(QLearning(), Boltzmann([0.1]))
    assert "a parameter for each row" in tabular.reason(brl.Environment("FrozenLake-v1"), agent)
    assert bandits.reason(brl.GaussianBandit(), Agent(brl.SampleAverage(), EpsilonGreedy([0.1])))


@pytest.mark.parametrize("policy", [Boltzmann([0.1, 2.0]), EpsilonGreedy(Linear([1.0, 0.5], 0.0, steps=9))])
def test_a_policy_with_parameters_per_row_obeys_the_laws(policy):
    assert "a batch is its rows" in brl.check_policy(policy)
