"""Generated worlds with masks, units of temperature, wrapped learners: both engines agree, and obey the same laws."""

import math

import gymnasium
import numpy as np
import pytest

import boltzmann_rl as brl
from boltzmann_rl import Agent, Boltzmann, Environment, EpsilonBoltzmann, EveryActionFirst, MaxBoltzmann, NoiseEstimate
from boltzmann_rl.gridworlds import TabularEnv
from boltzmann_rl.schedules import Exponential, Linear
from boltzmann_rl.streams import stream

pytest.importorskip("numba")

from test_compiled_tabular import RIDE, Masked, tape_of

from boltzmann_rl.engines.compiled import tabular


class Gates(Masked):
    """Random outcomes, and in each state a mask with one action or more."""

    steps_by_tables = True

    def __init__(self, seed=0, states=5, actions=4, scale=1.0):
        rng = np.random.default_rng(seed)

        def outcomes():
            rewards = rng.integers(-2, 3, size=2) * scale
            ways = zip(rng.dirichlet(np.ones(2)), rewards.tolist(), strict=True)
            return [(p, int(rng.integers(states)), reward, bool(rng.random() < 0.15)) for p, reward in ways]

        table = {state: {action: outcomes() for action in range(actions)} for state in range(states)}
        TabularEnv.__init__(self, table, np.full(states, 1.0 / states))
        self.masks = (rng.random((states, actions)) < rng.uniform(0.2, 1.0)).astype(np.int8)
        self.masks[np.arange(states), rng.integers(actions, size=states)] = 1

    def action_mask(self, state):
        return self.masks[state].copy()


gymnasium.register("compiled/Gates-v0", entry_point=Gates)


def gates(rng, scale=1.0):
    size = {"states": int(rng.integers(1, 7)), "actions": int(rng.integers(1, 10))}
    options = size | {"seed": int(rng.integers(1000)), "scale": scale}
    return Environment("compiled/Gates-v0", options=options, max_episode_steps=int(rng.choice([3, 10, 100])))


def between(low, high, rng):
    """A number, or a schedule of numbers, in a range."""
    first, last = rng.uniform(low, high, size=2).tolist()
    kinds = first, Linear(first, last, steps=40), lambda step: first if step % 3 else last
    return kinds[rng.integers(3)]


def free_of_scale(rng):
    """A unit of temperature in which the policy is the same whatever the scale of the rewards."""
    return (
        lambda: brl.RelativeToRange(between(0.0, 2.0, rng)),
        lambda: brl.RelativeToSpread(between(0.0, 2.0, rng)),
        lambda: brl.RelativeToNoise(between(0.0, 2.0, rng)),
        lambda: brl.TargetEntropy(between(0.0, 0.6, rng)),
        lambda: brl.EffectiveActions(between(1.0, 1.9, rng)),
        lambda: brl.GreedyProbability(between(0.5, 1.0, rng)),
        lambda: brl.GreedyProbability(Exponential(0.999, 0.9, steps=30)),
        brl.GLIE,
        brl.GreedyByVisits,
    )[rng.integers(9)]()


def agent_of(unit, rng, scale=1.0):
    learners = brl.QLearning, brl.SARSA, brl.ExpectedSARSA, brl.DoubleQLearning
    initial, rate = float(rng.choice([0.0, 1.0, -1.5])) * scale, float(rng.choice([0.1, 0.5, 1.0]))
    learner = learners[rng.integers(4)](rate, float(rng.choice([0.0, 0.9, 1.0])), initial)
    first = rng.random() < 0.5
    learner = EveryActionFirst(learner) if first else learner
    learner = NoiseEstimate(learner) if isinstance(unit, brl.RelativeToNoise) or rng.random() < 0.5 else learner
    epsilon = between(0.0, 1.0, rng)
    policies = Boltzmann(unit), EpsilonBoltzmann(epsilon, unit), MaxBoltzmann(epsilon, unit)
    by_visits = isinstance(unit, brl.GLIE | brl.GreedyByVisits) or rng.random() < 0.5
    return Agent(learner, policies[rng.integers(3)], "visits" if by_visits else "step")


def by_reference(environment, agent):
    """The tape of a run; None if a target is infeasible under a mask."""
    try:
        return tape_of(environment, agent, 1, 80)
    except ValueError as error:
        if "infeasible" not in str(error):
            raise
        return None


def by_kernel(environment, agent):
    assert tabular.reason(environment, agent) == ""
    run = tabular.train(environment, agent, episodes=80, seed=1, steps=80)
    return None if run is None else (run.places.tobytes(), run.rewards.tobytes(), run.values.tobytes())


@pytest.mark.parametrize("seed", range(80))
def test_engines_agree_in_generated_worlds_with_masks(seed):
    rng = stream(seed, "masks")
    scale = float(rng.choice([1.0, 1e-12, 1e-6, 1e5]))
    environment = gates(rng, scale)
    wide = brl.TargetEntropy(between(0.0, math.log(dict(environment.options)["actions"]) * 1.02, rng))
    agent = agent_of(wide if seed % 8 == 0 else free_of_scale(rng), rng, scale)
    assert by_kernel(environment, agent) == by_reference(environment, agent)


@pytest.mark.parametrize("tape", [by_reference, by_kernel])
@pytest.mark.parametrize("seed", range(20))
def test_actions_do_not_depend_on_the_scale_of_the_rewards(tape, seed):
    found = []
    for scale in (1.0, 2.0**-30, 2.0**12):  # by which all products are exact
        rng = stream(seed, "scales")
        environment = gates(rng, scale)
        found.append(tape(environment, agent_of(free_of_scale(rng), rng, scale)))
    if found[0] is None:
        assert found == [None] * 3
        return
    assert found[0][0] == found[1][0] == found[2][0]
    for one, scale in zip(found, (1.0, 2.0**-30, 2.0**12), strict=True):
        assert (np.frombuffer(one[1]) == scale * np.frombuffer(found[0][1])).all()


def test_only_available_actions_are_taken():
    for seed in range(30):
        rng = stream(seed, "available")
        environment = gates(rng)
        agent = agent_of(free_of_scale(rng), rng)
        run = tabular.train(environment, agent, episodes=300, seed=0, steps=300)
        if run is None:  # an infeasible target
            continue
        here, action = run.places[:, 0], run.places[:, 1]
        assert brl.tables.read(environment).available[here, action].all()


def test_targets_hold_under_the_masks_of_taxi():
    """The share of greedy actions, over decisions whose values differ, is the probability that was asked for."""
    agent = Agent(brl.QLearning(0.5, 0.9), Boltzmann(brl.GreedyProbability(0.8)))
    run = tabular.train(RIDE, agent, episodes=10**6, seed=0, steps=40_000)
    world, values = tabular.read(RIDE), np.zeros((500, 6))
    greedy = decided = 0
    for (here, action, there, terminated, _), reward in zip(run.places.tolist(), run.rewards.tolist(), strict=True):
        free = world.available[here]
        best = values[here][free].max()
        if 0.8 * free.sum() > (values[here][free] == best).sum():
            decided, greedy = decided + 1, greedy + (values[here, action] == best)
        after = 0.0 if terminated else 0.9 * values[there][world.available[there]].max()
        values[here, action] += 0.5 * (reward + after - values[here, action])
    assert decided > 20_000
    assert abs(greedy / decided - 0.8) < 5.0 * math.sqrt(0.8 * 0.2 / decided)
    np.testing.assert_allclose(run.values, values, rtol=1e-12)
