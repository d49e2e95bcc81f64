"""Environments that follow their tables and others: what the compiled engine accepts, it simulates as by stepping."""

import itertools
from dataclasses import dataclass
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.envs.toy_text.cliffwalking import CliffWalkingEnv
from gymnasium.envs.toy_text.frozen_lake import FrozenLakeEnv, generate_random_map
from gymnasium.spaces import Discrete
from gymnasium.wrappers import RecordEpisodeStatistics, TimeLimit, TransformObservation, TransformReward
from hypothesis import given, settings, strategies as st
from installed import TAXI

from boltzmann_rl import Agent, Environment, EpsilonGreedy, QLearning, RewardRescaling
from boltzmann_rl.engines.reference import episodes as reference
from boltzmann_rl.gridworlds import TabularEnv

pytest.importorskip("numba")

from boltzmann_rl.engines.compiled import tabular

TaxiEnv = type(gymnasium.make(TAXI).unwrapped)
AGENT = Agent(QLearning(learning_rate=0.5, discount=0.9), EpsilonGreedy(0.5))
WORK = {"first": 0, "runs": 2, "episodes": 400, "seed": 3}


def table_of(rng, states=5, actions=3):
    """A transition table whose episodes take about ten steps."""

    def outcomes():
        chances = rng.dirichlet(np.ones(3)).tolist()
        return [(p, int(rng.integers(states)), float(rng.integers(-2, 3)), bool(rng.random() < 0.1)) for p in chances]

    return {state: {action: outcomes() for action in range(actions)} for state in range(states)}


class Own(TabularEnv):
    """A table and its own ``__init__``; the classes below change its behaviour."""

    made = 0

    def __init__(self, seed=0):
        rng = np.random.default_rng(seed)
        super().__init__(table_of(rng), np.full(5, 0.2))
        self.other = table_of(rng)
        self.late = int(rng.integers(400, 1500))  # in steps, and well within a run of some 4,000
        self.steps = self.resets = 0
        type(self).made += 1


# Environments whose behaviour is not given by their tables, or changes.


class Thaws(Own):
    def step(self, action):
        self.steps += 1
        return super().step(action) if self.steps < self.late else (int(self.s), 0.0, False, False, {})


class Truncates(Own):
    def step(self, action):
        self.steps += 1
        state, reward, terminated, _, info = super().step(action)
        return state, reward, terminated, self.steps % self.late == 0, info


class Renews(Own):
    def reset(self, *, seed=None, options=None):
        self.resets += 1
        if self.resets == self.late // 10:
            self.P = self.other
        return super().reset(seed=seed)


class Bonus(Own):
    def step(self, action):
        state, reward, *rest = super().step(action)
        self.steps += 1
        return state, reward + (self.steps % self.late == 0), *rest


class Remembers(Own):
    def step(self, action):
        before = self.s
        state, reward, *rest = super().step(action)
        self.steps += before == state
        return state, reward if self.steps < 300 else -reward, *rest


class Loads(Own):
    def _draw(self, probabilities):
        self.steps += 1
        return super()._draw(probabilities) if self.steps < self.late else 0


class Draws(Own):
    @property
    def np_random(self):
        self.steps += 1
        if self.steps == self.late:
            super().np_random.random()
        return super().np_random

    @np_random.setter
    def np_random(self, generator):
        self._np_random = generator


class Shifts(Own):
    @property
    def s(self):
        self.steps += 1
        return self.at if self.steps < 5 * self.late else 0

    @s.setter
    def s(self, state):
        self.at = state


class Swaps(Own):
    @property
    def P(self):  # noqa: N802 - Gymnasium's name
        return self.tables[self.steps > 20 * self.late] if self.counts() else self.tables[0]

    @P.setter
    def P(self, table):  # noqa: N802
        self.tables = [table, table_of(np.random.default_rng(7))]

    def counts(self):
        self.steps += 1
        return True


class Watches(Own):
    def __getattribute__(self, name):
        found = super().__getattribute__(name)
        if name == "P":
            self.steps += 1
            return found if self.steps < 2 * super().__getattribute__("late") else self.other
        return found


class Fades(dict):
    """A table whose content changes after many reads."""

    asked = 0

    def __getitem__(self, state):
        self.asked += 1
        return super().__getitem__(state if self.asked < 2000 else 0)


class FadingTable(Own):
    def __init__(self, seed=0):
        super().__init__(seed)
        self.P = Fades(self.P)


class FadingRow(Own):
    def __init__(self, seed=0):
        super().__init__(seed)
        self.P[0] = Fades(self.P[0])


class FadingStart(Own):
    def __init__(self, seed=0):
        super().__init__(seed)
        self.initial_state_distrib = self.initial_state_distrib.view(Slips)


class Slips(np.ndarray):
    """Probabilities whose comparisons deviate from their values."""

    asked = 0

    def __array_function__(self, function, types, args, kwargs):
        Slips.asked += 1
        plain = np.asarray(self)
        return function(plain if Slips.asked < 300 else plain[::-1] ** 2, *args[1:], **kwargs)


class Mixed:
    """A mixin between a class and its base."""

    def reset(self, *, seed=None, options=None):
        self.resets = getattr(self, "resets", 0) + 1
        super().reset(seed=seed)
        if self.resets % 100 == 0:
            self.np_random.random()


class Between(FrozenLakeEnv, Mixed, gymnasium.Env):
    """A lake whose ``super().reset`` is that of the mixin, which precedes ``Env`` in the method resolution order."""

    def __init__(self, seed=0):
        super().__init__()


class Patched(Own):
    """Methods set on the instance, which are not visible in the class."""

    def __init__(self, seed=0):
        super().__init__(seed)
        plain, name = getattr(self, ("step", "reset", "_draw")[seed % 3]), ("step", "reset", "_draw")[seed % 3]
        others = {
            "step": lambda action: (plain(action)[0], 0.0 if self.count() else 1.0, *plain(action)[2:]),
            "reset": lambda seed=None, options=None: plain(seed=seed if self.count() else 1),
            "_draw": lambda probabilities: plain(probabilities) if self.count() else 0,
        }
        setattr(self, name, others[name])

    def count(self):
        self.steps += 1
        return self.steps < self.late // 10


class Moody(TaxiEnv):
    """A taxi whose action mask becomes stricter later."""

    asked = 0

    def __init__(self, seed=0):
        super().__init__()

    def action_mask(self, state):
        self.asked += 1
        mask = super().action_mask(state)
        return mask if self.asked < 2000 else np.maximum(mask, np.int8(1))


class Chooses(CliffWalkingEnv):
    """Has a method that returns an action mask, which Gymnasium's environment does not have."""

    def __init__(self, seed=0):
        super().__init__(is_slippery=True)

    def action_masks(self):
        return np.array([True, True, self.s % 2 == 0, True])


class Declared(Own):
    steps_by_tables = True

    def step(self, action):
        self.steps += 1
        return super().step(action)


class Betrays(Declared):
    """Violates the declaration of its base class."""

    def step(self, action):
        state, reward, *rest = super().step(action)
        return state, reward if self.steps < self.late else 0.0, *rest


class BetraysDeeply(Declared):
    def _draw(self, probabilities):
        return super()._draw(probabilities) if self.steps < self.late else 0


class Renounces(Own):
    steps_by_tables = False


class Ages(Own):
    """The first two instances are equal, the third has no table, and later ones have another table."""

    def __init__(self, seed=0):
        super().__init__(seed)
        if type(self).made > 3:
            self.P = self.other
        if type(self).made == 3:
            self._draw = lambda probabilities: 0


# Wrappers.


class Sticky(gymnasium.Wrapper):
    last = 0

    def step(self, action):
        self.last = self.last if self.env.unwrapped.np_random.random() < 0.01 else action
        return self.env.step(self.last)


class Counts(gymnasium.Wrapper):
    total = 0

    def step(self, action):
        self.total += 1
        *answer, truncated, info = self.env.step(action)
        return *answer, truncated or self.total % 777 == 0, info


class Longer(TimeLimit):
    def reset(self, **options):
        self._max_episode_steps += 1
        return super().reset(**options)


class Tells(gymnasium.Wrapper):
    def action_masks(self):
        return np.array([True, True, False])


def shadowed(env):
    inner, limited = env, TimeLimit(env, 30)
    limited.step = lambda action: inner.step(0)
    return limited


def renumbered(env):
    limited = TimeLimit(env, 30)
    limited.action_space = Discrete(3, start=0)
    limited.observation_space = Discrete(9)
    return limited


@dataclass(frozen=True)
class Wrapped:
    """An environment in wrappers, the first innermost."""

    names: tuple[str, ...]

    def __call__(self, env):
        for name in self.names:
            env = self.wrapped(name, env)
        return env

    def wrapped(self, name, env):
        return {
            "limits": lambda: TimeLimit(TimeLimit(env, 9), 12),
            "rescaled": lambda: RewardRescaling(env, 0.1, -0.3),
            "rescaled anew": lambda: changing(RewardRescaling(env)),
            "rescaled twice": lambda: RewardRescaling(RewardRescaling(env, 0.1, -0.3), 7.0, 0.7),
            "reward": lambda: TransformReward(env, lambda reward: reward * 2),
            "observation": lambda: TransformObservation(env, lambda state: 4 - state, env.observation_space),
            "statistics": lambda: RecordEpisodeStatistics(env),
            "sticky": lambda: Sticky(env),
            "counts": lambda: Counts(env),
            "longer": lambda: Longer(env, 5),
            "tells": lambda: Tells(env),
            "shadowed": lambda: shadowed(env),
            "renumbered": lambda: renumbered(env),
            "patched": lambda: patched_inside(env),
            "rewritten": lambda: rewritten(env),
        }[name]()


def patched_inside(env):
    inner, steps = env.unwrapped, itertools.count()
    plain = inner.step
    inner.step = lambda action: plain(action if next(steps) < 900 else 0)
    return env


class Growing:
    """A factor that grows with each product."""

    now = 1.0

    def __mul__(self, reward):
        self.now += 0.01
        return self.now * reward


def changing(env):
    """Rescales by a factor that changes from step to step."""
    env.factor = Growing()
    return env


def rewritten(env):
    """Replaces the table before the environment is used; both engines must read the new one."""
    env.unwrapped.P = table_of(np.random.default_rng(11))
    return env


HONEST = (Own, Declared, lambda seed=0: TabularEnv(table_of(np.random.default_rng(seed)), [0.2] * 5))
SLY = (
    Ages,
    Betrays,
    BetraysDeeply,
    Between,
    Bonus,
    Chooses,
    Draws,
    FadingRow,
    FadingStart,
    FadingTable,
    Loads,
    Moody,
    Patched,
    Remembers,
    Renews,
    Renounces,
    Shifts,
    Swaps,
    Thaws,
    Truncates,
    Watches,
)
WRAPPERS = dict.fromkeys(("limits", "rewritten", "rescaled", "rescaled twice"), True)
WRAPPERS |= dict.fromkeys(("reward", "observation", "statistics", "sticky", "counts", "longer", "tells"), False)
WRAPPERS |= dict.fromkeys(("shadowed", "renumbered", "patched", "rescaled anew"), False)


def environment_of(make, seed, wrap=None, **options):
    """An environment that is registered for one test; each of its episodes ends."""
    name = f"fuzz/{getattr(make, '__name__', 'made').replace('<lambda>', 'Function')}{seed}-v0"
    if name not in gymnasium.registry:
        gymnasium.register(name, entry_point=make, max_episode_steps=60, kwargs={"seed": seed} | options)
    return Environment(name, wrap=wrap)


def played(engine, environment):
    """The measurements of an engine on an environment, or the error that it raises."""
    Ages.made, Slips.asked = 2, 0
    try:
        block = engine.simulate(environment, AGENT, **WORK)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    parts = [*block.totals.values(), *(part for curve in block.curves.values() for part in curve)]
    return [np.asarray(part).tobytes() for part in parts]


def assert_played_as_stepped(environment) -> str:
    """Assert that the compiled engine gives a reason for refusing, or that both engines agree, on two runs."""
    Ages.made = 0
    reason: Any = tabular.reason(environment, AGENT)
    assert isinstance(reason, str)
    assert "\n" not in reason
    if not reason:
        expected = played(reference, environment)
        for _ in range(2):
            assert played(tabular, environment) == expected
    return reason


@pytest.mark.filterwarnings("ignore")  # Gymnasium's checker warns of some of these environments
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("make", SLY, ids=lambda make: make.__name__)
def test_an_environment_that_deviates_from_its_tables_is_left_to_the_reference_or_simulated_equally(make, seed):
    assert_played_as_stepped(environment_of(make, seed))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("make", HONEST, ids=lambda make: make.__name__)
def test_an_environment_that_follows_its_tables_is_known_and_simulated_equally(make, seed):
    assert assert_played_as_stepped(environment_of(make, seed)) == ""


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(("name", "known"), WRAPPERS.items())
def test_a_wrapper_around_a_table_is_known_or_left_to_the_reference(name, known, seed):
    environment = environment_of(Own, seed, Wrapped((name,)))
    reason = assert_played_as_stepped(environment)
    assert (reason == "") is known


@pytest.mark.parametrize("seed", range(5))
def test_variants_of_gymnasiums_tabular_environments_are_known_and_simulated_equally(seed):
    rng = np.random.default_rng(seed)
    options: dict[str, Any] = {
        "desc": tuple(generate_random_map(size=4, p=0.7, seed=seed)),
        "success_rate": float(rng.uniform(0.2, 1.0)),
        "reward_schedule": tuple(rng.integers(-5, 5, 3).tolist()),
    }
    rainy = bool(seed % 2)
    for environment in (
        Environment("FrozenLake-v1", int(rng.integers(5, 50)), options=options),
        Environment("CliffWalking-v1", int(rng.integers(5, 50)), options={"is_slippery": rainy}),
        Environment(TAXI, 20, options={"is_rainy": rainy}),
        Environment(TAXI, 20, wrap=Wrapped(("limits",))),
    ):
        assert assert_played_as_stepped(environment) == ""


@pytest.mark.filterwarnings("ignore")
@given(st.sampled_from((*HONEST, *SLY)), st.integers(0, 9), st.lists(st.sampled_from(sorted(WRAPPERS)), max_size=3))
@settings(deadline=None, max_examples=60, derandomize=True)
def test_any_stack_of_wrappers_is_left_to_the_reference_or_simulated_equally(make, seed, names):
    assert_played_as_stepped(environment_of(make, seed, Wrapped(tuple(names)) if names else None))
