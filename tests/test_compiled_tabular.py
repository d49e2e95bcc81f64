"""The compiled engine for tabular environments: every transition, reward and value of the reference, bit for bit.

The reference steps the real environment; ``test_episodes.py`` compares it with loops over plain numbers.
"""

import math
import warnings
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import gymnasium
import numpy as np
import pytest
from agreeing import named
from cases import in_one_test
from gymnasium.spaces import Discrete
from gymnasium.wrappers import TimeLimit
from installed import TAXI
from schedule_tables import ALL

from boltzmann_rl import (
    SARSA,
    Agent,
    Boltzmann,
    DoubleQLearning,
    Environment,
    EpsilonBoltzmann,
    EpsilonGreedy,
    ExpectedSARSA,
    Greedy,
    MaxBoltzmann,
    QLearning,
    RescaledRewards,
    Uniform,
    play,
)
from boltzmann_rl.engines.reference import episodes as reference
from boltzmann_rl.gridworlds import TabularEnv
from boltzmann_rl.learners.temporal_returns import EligibilityTraces
from boltzmann_rl.numerics.plain import FEW
from boltzmann_rl.policies.parameters import at_steps
from boltzmann_rl.schedules import Exponential, Linear, Power, evaluate
from boltzmann_rl.streams import stream

pytest.importorskip("numba")

from boltzmann_rl import tables
from boltzmann_rl.engines.compiled import tabular
from boltzmann_rl.kernels import jit, sums
from boltzmann_rl.tables import kernel as tabular_kernel

STEPS = 400


def lottery(states=6, actions=3, seed=0, **space):
    """A table with ties, several outcomes, rewards of both signs, and terminal transitions."""
    rng = np.random.default_rng(seed)

    def outcomes():
        p = rng.dirichlet(np.ones(3))
        return [(q, int(rng.integers(states)), float(rng.integers(-2, 3)), bool(rng.random() < 0.2)) for q in p]

    table = {state: {action: outcomes() for action in range(actions)} for state in range(states)}
    return TabularEnv(table, np.full(states, 1.0 / states), **space)


class Numbered(TabularEnv):
    """Observations from 7 and actions from 3."""

    def __init__(self):
        inner = lottery()
        super().__init__(
            {state: {action + 3: row[action] for action in row} for state, row in inner.P.items()},
            inner.initial_state_distrib,
            seen=range(7, 13),
        )
        self.observation_space, self.action_space = Discrete(6, start=7), Discrete(3, start=3)


class Sleepy(TabularEnv):
    """Pays 1 more in its last state than its table says."""

    def __init__(self):
        inner = lottery()
        super().__init__(inner.P, inner.initial_state_distrib)

    def step(self, action):
        here = self.s
        there, reward, *rest = super().step(action)
        return there, reward + (here == 5), *rest


class Distant(TabularEnv):
    """A chain of thirty states, in which every other action leads back to the start; the fault is in the last one."""

    def __init__(self):
        leads = {s: (0, min(s + 1, 29)) for s in range(30)}
        table = {s: {a: [(1.0, to, 0.0, False)] for a, to in enumerate(ways)} for s, ways in leads.items()}
        super().__init__(table, np.eye(30)[0])

    def step(self, action):
        there, reward, *rest = super().step(action)
        return there, reward + (there == 29), *rest


class Moody(Sleepy):
    """Draws one random number more than its table implies on a reset, and does not use it."""

    step = TabularEnv.step

    def reset(self, *, seed=None, options=None):
        answer = super().reset(seed=seed)
        self.np_random.random()
        return answer


class Masked(TabularEnv):
    """Has a mask that depends on the state, and declares that nothing else differs from its table."""

    steps_by_tables = True

    def __init__(self):
        inner = lottery()
        super().__init__(inner.P, inner.initial_state_distrib)

    def action_mask(self, state):
        return np.array([1, state % 2, 1 - state % 2], dtype=np.int8)

    def reset(self, *, seed=None, options=None):
        state, info = super().reset(seed=seed)
        return state, info | {"action_mask": self.action_mask(state)}

    def step(self, action):
        state, *rest, info = super().step(action)
        return state, *rest, info | {"action_mask": self.action_mask(state)}


class Doubled:
    """A user's unit of temperature."""

    def temperature(self, values, step):
        return 2.0 * np.ptp(values)


def registered(name, entry, **options):
    """The id of an environment that is registered for these tests only."""
    gymnasium.register(f"compiled/{name}-v0", entry_point=entry, **options)
    return Environment(f"compiled/{name}-v0")


def wave(step):
    """A temperature written for one step, as a user's may be: 0, moderate, ∞, periodically."""
    return (0.0, 0.4, math.inf)[step // 5 % 3]


LAKE = Environment("FrozenLake-v1")
RIDE = Environment(TAXI)
ENVIRONMENTS = (
    LAKE,
    Environment("FrozenLake-v1", options={"is_slippery": False}, max_episode_steps=9),
    Environment("FrozenLake8x8-v1"),
    Environment("FrozenLake-v1", options={"desc": ("SFHF", "FFSG"), "success_rate": 0.5}),
    Environment("CliffWalking-v1", max_episode_steps=40),
    Environment("CliffWalking-v1", options={"is_slippery": True}),
    RIDE,
    Environment(TAXI, options={"is_rainy": True}, max_episode_steps=30),
    Environment("boltzmann_rl.gridworlds:boltzmann_rl/WindyGridworld-v0", max_episode_steps=25),
    Environment("boltzmann_rl.gridworlds:boltzmann_rl/DeepSea-v0", options={"size": 4, "stochastic": True}),
    Environment("boltzmann_rl.gridworlds:boltzmann_rl/Garnet-v0", 25, {"states": 7, "branching": 3, "instance": 5}),
    Environment(TAXI, 30, wrap=RescaledRewards(0.1, 0.3)),
    Environment("FrozenLake-v1", wrap=RescaledRewards(1e-3, -1e6)),
    registered("Lottery", lottery, max_episode_steps=7),
    registered("Wide", lambda: lottery(states=4, actions=24, seed=1)),
    registered("Numbered", Numbered),
    registered("Masked", Masked),
)
LEARNERS = (
    QLearning(learning_rate=0.5, discount=0.95),
    QLearning(learning_rate=Power(1.0, 0.6), discount=0.9, initial=1.0),
    SARSA(learning_rate=0.4, discount=0.9),
    ExpectedSARSA(learning_rate=0.7, discount=0.97, initial=-1.0),
    DoubleQLearning(learning_rate=0.5, discount=0.9),
)
POLICIES = (
    Boltzmann(0.3),
    Boltzmann(Linear(2.0, 0.0, steps=150)),
    Boltzmann(0.0),
    Boltzmann(math.inf),
    EpsilonGreedy(0.1),
    EpsilonGreedy(Exponential(1.0, 0.01, steps=200)),
    Greedy(),
    Uniform(),
    MaxBoltzmann(0.3, temperature=0.5),
    MaxBoltzmann(Linear(1.0, 0.0, steps=100), temperature=wave),
    EpsilonBoltzmann(0.2, temperature=0.4),
    EpsilonBoltzmann(0.05, temperature=Linear(1.0, 0.0, steps=90)),
)
CLOCKS = ("step", "visits")


def tape_of(environment, agent, seed, steps):
    """States and rewards of the reference, and the values after a number of steps, as bytes."""
    env = environment.make()
    places, rewards, values = [], [], None
    for transition, table in islice(play(env, agent, seed=seed), steps):
        places.append((transition.observation, transition.action, transition.next_observation, *transition[5:7]))
        rewards.append(transition.reward)
        values = table
    env.close()
    return np.array(places, dtype=np.int64).tobytes(), np.array(rewards).tobytes(), values.tobytes()


def compiled_tape_of(environment, agent, seed, steps):
    """The same for the compiled engine, which is stopped in the middle of an episode."""
    run = tabular.train(environment, agent, episodes=steps, seed=seed, steps=steps)
    return run.places.tobytes(), run.rewards.tobytes(), run.values.tobytes()


def assert_engines_agree(environment, agent, seed=0, steps=STEPS):
    assert tabular.reason(environment, agent) == ""
    assert compiled_tape_of(environment, agent, seed, steps) == tape_of(environment, agent, seed, steps)


def assert_blocks_agree(environment, agent, **work):
    work = {"first": 5, "runs": 3, "episodes": 12, "seed": 5} | work
    found, expected = (engine.simulate(environment, agent, **work) for engine in (tabular, reference))
    assert found.curves.keys() == expected.curves.keys()
    for metric, curve in expected.curves.items():
        for part, plain in zip(found.curves[metric], curve, strict=True):
            np.testing.assert_array_equal(part, plain, err_msg=metric)
    for metric, total in expected.totals.items():
        np.testing.assert_array_equal(found.totals[metric], total, err_msg=metric)


@pytest.mark.parametrize("learner", LEARNERS, ids=named)
@pytest.mark.parametrize("environment", ENVIRONMENTS, ids=named)
def test_every_transition_and_value_equals_the_reference(environment, learner):
    for seed, policy in enumerate(POLICIES):
        assert_engines_agree(environment, Agent(learner, policy, clock=CLOCKS[seed % 2]), seed, steps=60)


@pytest.mark.parametrize("clock", CLOCKS)
@pytest.mark.parametrize("learner", LEARNERS, ids=named)
def test_runs_continue_when_schedules_must_be_evaluated_further(learner, clock, monkeypatch):
    monkeypatch.setattr(tabular, "_FIRST", 8)
    policy = EpsilonBoltzmann(Exponential(1.0, 0.01, steps=1000), Linear(1.0, 0.05, steps=1200))
    for environment in (LAKE, RIDE):
        assert_engines_agree(environment, Agent(learner, policy, clock), seed=3, steps=1500)


@pytest.mark.parametrize("environment", ENVIRONMENTS, ids=named)
def test_blocks_of_runs_equal_the_reference(environment):
    limited = Environment(environment.id, environment.max_episode_steps or 50, environment.options)
    assert_blocks_agree(limited, Agent(SARSA(0.3, 0.9), MaxBoltzmann(0.5, 0.2)))


def test_blocks_are_the_same_in_threads():
    agent, work = Agent(QLearning(), Boltzmann(0.1)), {"runs": 3, "episodes": 200, "seed": 0}
    with ThreadPoolExecutor(2) as threads:
        found = list(threads.map(lambda first: tabular.simulate(LAKE, agent, first=first, **work), [0, 5, 0, 5]))
    for one, other in ((0, 2), (1, 3)):
        assert found[one].totals["return"].tobytes() == found[other].totals["return"].tobytes()
    assert found[0].totals["length"].tobytes() != found[1].totals["length"].tobytes()


@pytest.mark.parametrize("fault", ["cumulative", "following", "rewards", "ends", "start", "available", "limit"])
def test_a_wrong_number_in_any_table_is_detected(fault, monkeypatch):
    environment, agent = ENVIRONMENTS[-1], Agent(QLearning(0.5), Uniform())
    limited = Environment(environment.id, max_episode_steps=6)
    assert_engines_agree(limited, agent)
    world = tables.read(limited)
    wrong = {
        "cumulative": world.cumulative * 0.98,
        "following": (world.following + 1) % 6,
        "rewards": world.rewards + np.eye(6, 3)[:, :, np.newaxis] * 1e-15,
        "ends": ~world.ends,
        "start": world.start * 0.9,
        "available": np.ones_like(world.available),
        "limit": 7,
    }
    monkeypatch.setattr(tabular, "world_of", lambda env: world._replace(**{fault: wrong[fault]}))
    with pytest.raises(AssertionError):
        assert_engines_agree(limited, agent)


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        (registered("Sleepy", Sleepy), "Sleepy overrides step of TabularEnv"),
        (registered("Distant", Distant), "Distant overrides step of TabularEnv"),
        (registered("Moody", Moody), "Moody overrides"),
        (registered("Shuffled", lambda: lottery(seen=(1, 0, 2, 3, 4, 5))), "its observations are not its states"),
        (
            Environment(TAXI, options={"fickle_passenger": True}),
            "has fickle_passenger=True",
        ),
        (Environment("FrozenLake-v1", options={"desc": None, "map_name": None}), "different each time it is made"),
        (registered("New", lambda: lottery(seed=None)), "different each time it is made"),
        (Environment("boltzmann_rl.gridworlds:boltzmann_rl/ShortCorridor-v0"), "P has 4 states and 2 actions"),
        (Environment("CartPole-v1"), "has no P"),
        (Environment("Blackjack-v1"), "has no P"),
        (Environment("FrozenLake-v1", options={"render_mode": "ansi"}), "render_mode='ansi'"),
        (Environment("FrozenLake-v1", wrap=TimeLimit), "can't be made, TypeError"),
        (registered("Wider", lambda: lottery(actions=FEW + 1)), f"{FEW + 1} actions, more than {FEW}"),
        (Environment("NoSuchLake-v1"), "can't be made, ValueError: there is no environment"),
    ],
    ids=lambda part: part.id if isinstance(part, Environment) else part[:20],
)
def test_an_environment_with_behaviour_outside_its_tables_is_left_to_the_reference(environment, message):
    agent = Agent(QLearning(), Boltzmann(0.1))
    assert message in tabular.reason(environment, agent)
    assert tabular.train(environment, agent, episodes=1, seed=0) is None


def test_an_additional_wrapper_is_left_to_the_reference():
    wrapper = gymnasium.wrappers.TransformReward.wrapper_spec(func=abs)
    environment = registered("Wrapped", lottery, additional_wrappers=(wrapper,))
    assert "is wrapped in TransformReward" in tabular.reason(environment, Agent(QLearning(), Uniform()))


@in_one_test(
    ("agent", "message"),
    [
        (Agent(EligibilityTraces(QLearning(), 0.9), Boltzmann(0.1)), "EligibilityTraces"),
        (Agent(QLearning(), Boltzmann(Doubled())), "reads the values"),
        (Agent(QLearning(), lambda values, step: np.full(len(values), 1.0 / len(values))), "lambda"),
        (Agent(QLearning(), Uniform(), clock="pulls"), "clock 'pulls'"),
        (Agent(DoubleQLearning(ties="draw"), Uniform()), "draws among equal maxima"),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_an_agent_with_other_parts_is_left_to_the_reference(agent, message):
    assert message in tabular.reason(LAKE, agent)
    assert_blocks_agree(LAKE, agent, runs=1, episodes=3)


def test_work_left_to_the_reference_runs_there():
    assert_blocks_agree(Environment("compiled/Sleepy-v0", max_episode_steps=5), Agent(QLearning(), Boltzmann(0.1)))


def test_an_id_that_is_registered_again_is_read_again():
    agent = Agent(QLearning(), Uniform())
    first = registered("Changing", lottery)
    before = tables.read(first)
    with warnings.catch_warnings(action="ignore"):  # Gymnasium warns that the id is overridden
        second = registered("Changing", lambda: lottery(seed=9))
    assert first == second
    assert_engines_agree(second, agent)
    assert not np.array_equal(tables.read(second).rewards, before.rewards)


def failing(step):
    if step == 7:
        raise RuntimeError("out of coal")
    return 0.5


@pytest.mark.parametrize(
    ("agent", "error", "message"),
    [
        (Agent(QLearning(), Boltzmann(failing)), RuntimeError, "out of coal"),
        (Agent(QLearning(), Boltzmann(lambda step: 3.0 - step)), ValueError, "temperature must be 0 or more, got -1"),
        (Agent(SARSA(), EpsilonGreedy(lambda step: step / 4)), ValueError, r"epsilon must be in \[0, 1\], got 1.25"),
        (Agent(QLearning(initial=1e308, discount=1.0), Boltzmann(0.1)), None, ""),
        (
            Agent(QLearning(lambda step: 10.0**step), Boltzmann(0.1)),
            ValueError,
            r"learning_rate .* in \[0, 1\], got 10",
        ),
        (Agent(DoubleQLearning(), Boltzmann(lambda step: 1e306 if step == 3 else 0.1)), None, ""),
    ],
)
def test_errors_during_a_run_are_those_of_the_reference(agent, error, message):
    environment = Environment("compiled/Lottery-v0", max_episode_steps=20)
    if error is None:
        assert_blocks_agree(environment, agent)
        return
    for engine in (reference, tabular):
        with pytest.raises(error, match=message):
            engine.simulate(environment, agent, first=0, runs=1, episodes=200, seed=0)


def roots_agree(x):
    """Whether NumPy's square root and its power in an array give the same number."""
    return bool(np.power(x, 0.5) == np.power(x, (0.5, 0.5))[0])


# First those numbers, about 1 in 20, for which it does not.
ENDS = sorted(np.random.default_rng(5).uniform(0.01, 0.9, size=400).round(6).tolist(), key=roots_agree)[:6]


@in_one_test("end", ENDS)
def test_a_decaying_learning_rate_equals_the_reference_bit_for_bit(end):
    agent = Agent(QLearning(Exponential(1.0, end, steps=300), 0.97), EpsilonGreedy(0.4))  # halfway at 150, √end
    assert_engines_agree(ENVIRONMENTS[0], agent, steps=400)


@in_one_test("schedule", [*ALL.values(), wave], ids=named)
def test_a_tabulated_schedule_equals_its_single_steps_bit_for_bit(schedule):
    one_by_one = [evaluate(schedule, step) for step in range(600)]
    pieces = [at_steps(schedule, first, first + 150) for first in range(0, 600, 150)]
    assert np.concatenate(pieces).tolist() == one_by_one


def called(function):
    """Call from Python what otherwise only compiled functions call."""
    return jit.compiled(lambda *given: function(*given), cache=False)


@in_one_test("count", [*range(1, 33), 63, 64, 65, 100, FEW - 1, FEW])
def test_sums_are_those_of_python_and_of_numpy(count):
    rng, add, numpy_sum = stream(0, "sums", count), called(sums.add), called(tabular_kernel._numpy_sum)
    for _ in range(50):
        numbers = rng.standard_normal(FEW) * 10.0 ** rng.integers(-9, 9, FEW)
        total, lost = 0.0, 0.0
        for number in numbers[:count].tolist():
            total, lost = add(total, lost, number)
        assert total + lost == sum(numbers[:count].tolist())
        assert numpy_sum(numbers.copy(), count) == np.add.reduce(numbers[:count])


def test_the_exponential_is_the_one_of_the_reference():
    values, weigh = np.zeros((1, 1, 2)), called(tabular_kernel._weigh)
    for gap in [0.0, 745.2, 1e300, *stream(0, "gaps").exponential(50.0, 2000).tolist()]:
        values[0, 0, 1], weights = -gap, np.empty(2)
        weigh(1.0, values, 0, np.ones((1, 2), dtype=bool), 0.7, weights)
        assert weights.tolist() == [1.0, math.exp(-gap / 0.7)]
