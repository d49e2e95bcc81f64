"""Greedy evaluation between episodes of training: it shows what was learned, and changes nothing."""

import dataclasses

import gymnasium
import numpy as np
import pytest
import scipy.stats
from gymnasium.spaces import Discrete
from recording import windows_of
from test_plan import bits

import boltzmann_rl as brl
from boltzmann_rl.engines.reference.episodes import run_seed
from boltzmann_rl.schedules import Exponential

LAKE = brl.Environment("FrozenLake-v1")


class Levers(gymnasium.Env):
    """One step an episode; the reward is the number of the lever."""

    observation_space, action_space = Discrete(1), Discrete(3)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return 0, {}

    def step(self, action):
        return 0, float(action), True, False, {}


gymnasium.register("Levers-v0", entry_point=Levers, max_episode_steps=5)
gymnasium.register("Endless-v0", entry_point=Levers)


def experiment(problem=LAKE, agent=None, **changes):
    agent = agent or brl.Agent(brl.QLearning(0.5), brl.Boltzmann(Exponential(1.0, 0.01, steps=500)))
    given = {"runs": 3, "episodes": 25, "evaluate_every": 4, "evaluation_episodes": 3} | changes
    return brl.GymnasiumExperiment("x", problem, {"a": agent}, **given)


def blocks_of(declared):
    return [cell.simulate() for _, cell in declared.plan().cells()]


COOLED = brl.Boltzmann(Exponential(1.0, 0.05, steps=300))


@pytest.mark.parametrize(
    "agent",
    [
        brl.Agent(brl.QLearning(0.5), COOLED),
        brl.Agent(brl.QLearning(0.5), COOLED, clock="visits"),
        brl.Agent(brl.DoubleQLearning(0.5, ties="draw"), brl.EpsilonGreedy(0.2)),
        brl.Agent(brl.ExpectedSARSA(0.5), COOLED),
        brl.Agent(brl.NStep(brl.SARSA(0.5), 3), COOLED),
        brl.Agent(brl.EligibilityTraces(brl.SARSA(0.5), 0.9), COOLED),
        brl.Agent(brl.ActorCritic(0.1, 0.1), brl.Boltzmann(1.0)),
    ],
    ids=repr,
)
def test_training_is_the_same_with_and_without_evaluation(agent):
    with_it = blocks_of(experiment(agent=agent))
    for mine, plain in zip(with_it, blocks_of(experiment(agent=agent, evaluate_every=0)), strict=True):
        curves, totals, windows, ranks = mine
        assert {"greedy_return"} == set(curves) - set(plain.curves) == set(totals) - set(plain.totals)
        kept = [{name: part[name] for name in part if name != "greedy_return"} for part in (curves, totals, windows)]
        assert bits(type(mine)(*kept, ranks)) == bits(plain)


def test_linear_values_are_evaluated_too():
    environment = brl.Environment("MountainCar-v0", max_episode_steps=40, wrap=brl.TileCoded(4, 4))
    agent = brl.Agent(brl.SARSA(0.1), brl.EpsilonGreedy(0.1))
    [block] = blocks_of(experiment(environment, agent, runs=1, episodes=4, evaluate_every=2))
    assert block.curves["greedy_return"].mean.tolist() == [-40.0] * 4


def test_the_greedy_return_is_that_of_the_best_lever_that_was_tried():
    agent = brl.Agent(brl.QLearning(1.0), brl.Uniform())
    every, episodes, known = 2, 9, 0
    work = {"runs": 40, "episodes": episodes, "evaluate_every": every}
    blocks = blocks_of(experiment(brl.Environment("Levers-v0"), agent, **work))
    for run, block in enumerate(blocks):
        env = brl.Environment("Levers-v0").make()
        tried = [episode.total_reward for episode in brl.train(env, agent, episodes=episodes, seed=run_seed(0, run))]
        np.testing.assert_array_equal(block.curves["return"].mean, tried)
        found = block.curves["greedy_return"].mean.tolist()
        for episode in range(episodes):
            before = tried[: episode // every * every]
            if any(before):  # otherwise all values tie
                assert found[episode] == max(before)
                known += 1
        assert found == [found[episode // every * every] for episode in range(episodes)]
        assert block.totals["greedy_return"].tolist() == pytest.approx([sum(found)], rel=1e-12)
        assert block.windows["greedy_return"].tolist() == [pytest.approx(windows_of(found, episodes), rel=1e-12)]
    assert known > 200


def test_runs_and_evaluations_draw_differently():
    """Before the first episode all levers tie, so each is pulled in a third of the evaluations."""
    agent = brl.Agent(brl.QLearning(0.0), brl.Uniform())  # learns nothing, so they tie for ever
    work = {"runs": 20, "episodes": 30, "evaluate_every": 1, "evaluation_episodes": 1}
    blocks = blocks_of(experiment(brl.Environment("Levers-v0"), agent, **work))
    greedy = np.array([block.curves["greedy_return"].mean for block in blocks])
    taken = np.array([block.curves["return"].mean for block in blocks])
    pairs = [(greedy[:, 1:], greedy[:, :-1]), (greedy[1:], greedy[:-1]), (greedy, taken)]
    for one, other in pairs:
        counts = np.bincount((3 * one + other).astype(int).ravel(), minlength=9)
        assert scipy.stats.chisquare(counts).pvalue > 1e-6  # false-alarm rate


def test_the_mean_over_evaluation_episodes_is_kept():
    agent = brl.Agent(brl.QLearning(0.0), brl.Uniform())
    work = {"runs": 1, "episodes": 200, "evaluate_every": 1, "evaluation_episodes": 24}
    [block] = blocks_of(experiment(brl.Environment("Levers-v0"), agent, **work))
    returns = block.curves["greedy_return"].mean
    assert np.all(np.abs(returns * 24 - (returns * 24).round()) < 1e-9)
    z = (returns.mean() - 1.0) / np.sqrt(2 / 3 / 24 / 200)
    assert abs(z) < 4.9  # false-alarm rate 1e-6
    assert returns.var() == pytest.approx(2 / 3 / 24, rel=0.5)


def test_an_environment_without_a_time_limit_is_refused_with_the_remedy():
    endless = experiment(brl.Environment("Endless-v0"))
    with pytest.raises(
        ValueError, match=r"Endless-v0 has none: declare it as Environment\(id, max_episode_steps=...\)"
    ):
        endless.plan()
    cell = next(experiment(brl.Environment("Endless-v0", max_episode_steps=3)).plan().cells())[1]
    with pytest.raises(ValueError, match="has none"):
        dataclasses.replace(cell, problem=brl.Environment("Endless-v0")).simulate()
    experiment(brl.Environment("Endless-v0"), evaluate_every=0).plan()


@pytest.mark.usefixtures("everything_pays")
def test_the_reference_engine_runs_and_says_why():
    assert experiment(evaluate_every=0).plan().first.engine == "compiled"
    [series] = experiment().plan().series
    assert (series.cell.engine, series.reason) == ("reference", "it alone measures the greedy policy")


def test_evaluations_are_part_of_a_cell():
    cell = next(experiment().plan().cells())[1]
    others = {dataclasses.replace(cell, **{name: 5}).key for name in ("evaluate_every", "evaluation_episodes")}
    assert len({cell.key, *others}) == 3


@pytest.mark.parametrize(
    ("changes", "kind", "says"),
    [
        ({"evaluate_every": -1}, ValueError, "evaluate_every must be 0 or more, got -1"),
        ({"evaluate_every": 1.5}, TypeError, "evaluate_every must be an integer"),
        ({"evaluation_episodes": 0}, ValueError, "evaluation_episodes must be 1 or more, got 0"),
    ],
)
def test_wrong_settings_are_refused(changes, kind, says):
    with pytest.raises(kind, match=says):
        experiment(**changes)
