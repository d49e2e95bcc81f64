"""User code that type checkers must accept, with the types they must infer; checked together with the README's code."""

from dataclasses import dataclass
from typing import Any, assert_type

import gymnasium
import numpy as np
from numpy.typing import NDArray

import boltzmann_rl as brl
from boltzmann_rl.protocols import Actions, Policy

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Halving:
    """A schedule."""

    start: float

    def __call__(self, step: int) -> float:
        return self.start * 0.5**step


@dataclass(frozen=True)
class Cauchy:
    """A policy."""

    scale: float = 1.0

    def __call__(self, values: Floats, step: int) -> Floats:
        weights = 1.0 / (1.0 + (values.max(axis=-1, keepdims=True) - values) ** 2 / self.scale)
        return np.asarray(weights / weights.sum(axis=-1, keepdims=True))


@dataclass(frozen=True)
class Last:
    """A learner for bandits."""

    def start(self, shape: tuple[int, int], rng: np.random.Generator) -> Floats:
        return np.zeros(shape)

    def values(self, state: Floats) -> Floats:
        return state

    def update(
        self, state: Floats, action: Actions, reward: Floats, probabilities: Floats, rng: np.random.Generator
    ) -> Floats:
        state[np.arange(len(state)), action] = reward
        return state


@dataclass(frozen=True)
class Steady:
    """A bandit."""

    arms: int = 3

    def start(self, runs: int, rng: np.random.Generator) -> Floats:
        return np.tile(np.arange(float(self.arms)), (runs, 1))

    def noise(self, runs: int, rng: np.random.Generator) -> Floats:
        return rng.random(runs)

    def reward(self, means: Floats, noise: Floats) -> Floats:
        return means + noise

    def move(self, means: Floats, rng: np.random.Generator) -> Floats:
        return means


rng = np.random.default_rng(0)
policy = brl.Boltzmann(brl.EffectiveActions(1.5))
rows = np.zeros((4, 3))
assert_type(brl.act(policy, [0.0, 1.0], rng, step=0), int)
assert_type(brl.act(policy, np.zeros(3), rng, step=0), int)
assert_type(brl.act(policy, np.zeros(3), rng, step=0, with_probability=True), tuple[int, float])
assert_type(brl.act(policy, rows, rng, step=np.arange(4), available=np.ones((4, 3), bool)), Actions)
assert_type(brl.act(policy, [[0.0, 1.0]], rng, step=[0], with_probability=True), tuple[Actions, Floats])
assert_type(brl.act(Cauchy(), np.zeros(2), rng, step=1), int)
assert_type(brl.act(lambda values, step: values, [0.5, 0.5], rng, step=np.int64(1)), int)

explorer = brl.Explorer(Cauchy(), rng)
assert_type(explorer.policy, Policy)
assert_type(explorer(rows, mask=np.ones((4, 3), dtype=bool), step=0), Actions)
assert_type(explorer([0.0, 1.0], None, 3), int)
assert_type(explorer([0.0, 1.0], step=3, with_probability=True), tuple[int, float])
assert_type(explorer(rows, None, 0, with_probability=True), tuple[Actions, Floats])
explorer.load_state_dict(explorer.state_dict())


def act_on_an_array_of_unknown_shape(values: NDArray[np.float32]) -> Any:
    return brl.act(policy, values, rng, step=0, with_probability=True), explorer(values, step=0)


temperatures = [
    brl.Boltzmann(0.5),
    brl.Boltzmann(1),
    brl.Boltzmann(Halving(1.0)),
    brl.Boltzmann(lambda step: 1.0 / (1 + step)),
    brl.Boltzmann([0.5, brl.schedules.Linear(1.0, 0.0, steps=10)]),
    brl.Boltzmann(np.array([0.5, 1.0])),
    brl.Boltzmann(brl.Odds(gap=0.1, odds=brl.schedules.Linear(2, 9, steps=100))),
    brl.Boltzmann(brl.GLIE()),
]
agents = {
    "custom learner": brl.Agent(Last(), brl.EpsilonGreedy(Halving(0.5))),
    "custom policy": brl.Agent(brl.SampleAverage(), Cauchy()),
    "memory": brl.Agent(
        brl.ChoiceKernel(brl.ValueDifference(brl.SampleAverage(), 1.0), 0.1, 1.0), brl.AdaptiveEpsilonGreedy()
    ),
    "memory of an environment": brl.Agent(
        brl.ValueDifference(brl.NStep(brl.SARSA(), steps=2), 1.0), brl.AdaptiveMaxBoltzmann()
    ),
    "Thompson": brl.Agent(brl.GaussianPosterior(), brl.GaussianThompson()),
}
agent = agents["memory"]
assert_type(agent.policy, Policy)
assert_type(agent.clock, str)
brl.BanditExperiment(name="one", problem=Steady(), agents=agents)
brl.BanditExperiment(name="two", problem={"a": brl.GaussianBandit(), "b": Steady()}, agents={"a": agent})
brl.BanditExperiment(name="study", problem=brl.BernoulliBandit(), agents={"τ": {0.1: agent, 1: agent}})
brl.GymnasiumExperiment(
    name="lake", problem="FrozenLake-v1", agents={"q": brl.Agent(brl.QLearning(), brl.exp3(4, 0.1).policy)}
)
brl.learn_from_log(brl.SampleAverage(), brl.SampleAverage().start((1, 2), rng), [0, 1], [1.0, 0.0])
brl.learn_from_log(Last(), Last().start((1, 2), rng), [0, 1], [1.0, 0.0])
brl.check_policy(Cauchy())
for training in (
    brl.Training(gymnasium.make("FrozenLake-v1"), agent, seed=0),
    brl.Training(gymnasium.make_vec("FrozenLake-v1", num_envs=2), agent, seed=0),
    brl.Training(brl.Environment("MountainCar-v0", wrap=brl.TileCoded(tilings=8, tiles=8)).make(), agent, seed=0),
):
    assert_type(next(training), brl.Transition)
    assert_type(training.agent.policy, Policy)
