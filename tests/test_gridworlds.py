"""The windy gridworld and the short corridor: Gymnasium's own check, the rules by hand, and the book's numbers."""

import math
import subprocess
import sys
import warnings

import gymnasium
import numpy as np
import pytest
from cases import in_one_test
from gymnasium.utils.env_checker import check_env

from boltzmann_rl import Agent, Boltzmann, Environment, EpsilonGreedy, Greedy, QLearning, act, train
from boltzmann_rl.gridworlds import TabularEnv
from boltzmann_rl.planning import MDP, policy_values, value_iteration

UP, RIGHT, DOWN, LEFT = range(4)
NAMES = ("WindyGridworld", "ShortCorridor")


def make(name):
    return gymnasium.make(f"boltzmann_rl.gridworlds:boltzmann_rl/{name}-v0")


@pytest.mark.parametrize("name", NAMES)
def test_gymnasiums_checker_finds_no_fault(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(make(name).unwrapped)


@pytest.mark.parametrize("name", NAMES)
def test_the_table_has_the_format_of_gymnasiums_toy_text_environments(name):
    env = make(name).unwrapped
    assert env.initial_state_distrib.sum() == 1.0
    assert set(env.P) == set(range(len(env.initial_state_distrib)))
    for ways in env.P.values():
        assert set(ways) == set(range(int(env.action_space.n)))
        for outcomes in ways.values():
            assert math.fsum(outcome[0] for outcome in outcomes) == 1.0
            assert {tuple(map(type, outcome)) for outcome in outcomes} == {(float, int, float, bool)}


def test_stepping_follows_the_table_and_draws_one_uniform_per_reset_and_step():
    table = {
        0: {0: [(0.25, 0, 1.0, False), (0.75, 1, 2.0, False)], 1: [(1.0, 0, 0.0, True)]},
        1: {0: [(0.5, 1, 3.0, True), (0.5, 0, 4.0, False)], 1: [(1.0, 1, 5.0, False)]},
    }
    env, expected_rng = TabularEnv(table, [0.5, 0.5]), np.random.default_rng(7)
    observation, _ = env.reset(seed=7)
    state = int(expected_rng.random() >= 0.5)
    for step in range(200):
        assert observation == state
        action = step % 2
        outcomes, u = table[state][action], expected_rng.random()
        _, state, reward, ended = outcomes[int(len(outcomes) > 1 and u >= outcomes[0][0])]
        observation, *answer = env.step(action)
        assert answer[:3] == [reward, ended, False]
        if ended:
            observation, _ = env.reset()
            state = int(expected_rng.random() >= 0.5)
    assert env.np_random.bit_generator.state == expected_rng.bit_generator.state


@in_one_test(
    ("start", "action", "arrives"),
    [
        ((3, 0), UP, (2, 0)),
        ((3, 0), LEFT, (3, 0)),  # stays at the edge
        ((6, 0), DOWN, (6, 0)),
        ((3, 3), RIGHT, (2, 4)),  # the wind of the column that is left
        ((3, 2), RIGHT, (3, 3)),
        ((3, 8), LEFT, (2, 7)),  # "one cell to the right of the goal and you move left": one above the goal
        ((5, 6), DOWN, (4, 6)),
        ((6, 7), DOWN, (5, 7)),
        ((0, 6), UP, (0, 6)),
        ((4, 9), UP, (3, 9)),
        ((4, 8), LEFT, (3, 7)),
    ],
)
def test_moves_in_the_wind_worked_by_hand(start, action, arrives):
    env = make("WindyGridworld").unwrapped
    ((probability, to, reward, terminated),) = env.P[10 * start[0] + start[1]][action]
    assert (probability, divmod(to, 10), reward, terminated) == (1.0, arrives, -1.0, arrives == (3, 7))


def test_the_shortest_path_has_15_steps_by_breadth_first_search():
    env, reached, steps = make("WindyGridworld").unwrapped, {30}, 0
    assert env.initial_state_distrib[30] == 1.0
    while 37 not in reached:
        reached |= {outcomes[0][1] for s in reached for outcomes in env.P[s].values()}
        steps += 1
    assert steps == 15
    assert value_iteration(MDP.of(env), 1.0).values[30] == -15.0


def test_with_epsilon_0_1_the_optimal_15_steps_become_17():
    """Sutton & Barto (2018), Example 6.5, "about 17"; an independent solution gives 17.05333."""
    windy = MDP.of(make("WindyGridworld"))
    explorer = EpsilonGreedy(0.1)(value_iteration(windy, 1.0).action_values, 0)
    assert -windy.start @ policy_values(windy, explorer, 1.0) == pytest.approx(17.05333, abs=1e-5)


def test_the_shortest_path_of_the_windy_gridworld_is_learned():
    env = make("WindyGridworld")
    *_, last = train(env, Agent(QLearning(1.0), EpsilonGreedy(0.1)), episodes=400, seed=0)
    observation, steps, over = env.reset()[0], 0, False
    while not over and steps < 50:
        observation, _, over, *_ = env.step(act(Greedy(), last.values[observation], np.random.default_rng(0)))
        steps += 1
    assert steps == 15


@pytest.mark.parametrize("right", [0.05, 0.3, 2 - math.sqrt(2), 0.95])
def test_the_value_of_the_corridor_has_its_closed_form(right):
    """2(p − 2)/(p(1 − p)), largest at p = 2 − √2, where it is −(6 + 4√2): Sutton & Barto (2018), Example 13.1."""
    value = policy_values(MDP.of(make("ShortCorridor")), [1 - right, right], 1.0)[0]
    assert value == pytest.approx(2 * (right - 2) / (right * (1 - right)), rel=1e-12)
    assert value <= -(6 + 4 * math.sqrt(2)) + 1e-12


def test_all_states_of_the_corridor_look_alike():
    env = make("ShortCorridor")
    assert env.observation_space.n == 1
    assert env.reset(seed=0)[0] == 0
    answers = [env.step(action)[:3] for action in (0, 1, 1, 1, 0, 0, 0, 1)]
    assert [env.unwrapped.s, *(answer[0] for answer in answers)] == [3, *[0] * 8]
    assert [answer[2] for answer in answers] == [False] * 7 + [True]
    assert {answer[1] for answer in answers} == {-1.0}


def test_the_mean_return_in_the_corridor_is_the_value_of_the_policy():
    """Uniform choice is worth 2·(−1.5)/.25 = −12; over 4000 episodes, 4.9 standard errors: false alarms 1e-6."""
    episodes = train(make("ShortCorridor"), Agent(QLearning(0.0), Boltzmann(1.0)), episodes=4000, seed=0)
    returns = np.array([episode.total_reward for episode in episodes])
    assert abs(returns.mean() + 12.0) < 4.9 * returns.std() / math.sqrt(len(returns))


def test_the_id_alone_is_enough_in_a_fresh_process():
    code = (
        "from boltzmann_rl import Environment; "
        "print(Environment('boltzmann_rl.gridworlds:boltzmann_rl/WindyGridworld-v0').make().reset(seed=0)[0])"
    )
    out = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, check=True, text=True).stdout
    assert out.strip() == "30"
    assert (
        Environment("boltzmann_rl/ShortCorridor-v0").make().unwrapped.s == -1
    )  # and once imported, without naming its module
