"""Plans under a time limit and exact regret: all trajectories and all policies one by one, and closed forms."""

import itertools
import math

import gymnasium
import numpy as np
import pytest
from cases import in_one_test
from hypothesis import given, settings, strategies as st
from installed import TAXI

import boltzmann_rl as brl
from boltzmann_rl import Environment, RescaledRewards
from boltzmann_rl.engines.reference import episodes as reference
from boltzmann_rl.gridworlds import DeepSea, Garnet, TabularEnv
from boltzmann_rl.planning import MDP, backward_induction
from boltzmann_rl.planning.time_limits import gaps_in
from boltzmann_rl.runs import plan as plans
from boltzmann_rl.tables import read

WORLDS = "boltzmann_rl.gridworlds:boltzmann_rl/"
LIMITED = (
    Environment("FrozenLake-v1"),
    Environment("CliffWalking-v1", 30, {"is_slippery": True}),
    Environment(TAXI, 12),
    Environment(f"{WORLDS}DeepSea-v0", 5, {"size": 5, "stochastic": True, "instance": 2}),
    Environment(f"{WORLDS}Garnet-v0", 15, {"states": 6, "instance": 1}),
    Environment("FrozenLake-v1", 20, wrap=RescaledRewards(3.0, -0.1)),
)


def random_table(seed, states=3, actions=2):
    """Outcomes of both kinds, terminal or not; rewards of both signs."""
    rng = np.random.default_rng(seed)

    def outcomes():
        chances = rng.dirichlet(np.ones(3)).tolist()
        return [(p, int(rng.integers(states)), float(rng.normal()), bool(rng.random() < 0.2)) for p in chances]

    return {s: {a: outcomes() for a in range(actions)} for s in range(states)}


# Values


@given(st.integers(0, 10_000))
@settings(deadline=None, max_examples=15)
def test_the_values_are_the_best_of_all_policies_that_count_the_steps(seed):
    table, steps, best = random_table(seed), 3, np.full(3, -np.inf)
    for choice in itertools.product(range(2), repeat=3 * steps):
        values = [0.0] * 3
        for n in range(steps):
            values = [
                sum(p * (r + (0.0 if end else values[to])) for p, to, r, end in table[s][choice[3 * n + s]])
                for s in range(3)
            ]
        best = np.maximum(best, values)
    plan = backward_induction(MDP.of(TabularEnv(table, [0.5, 0.25, 0.25])), steps)
    assert plan.values[steps] == pytest.approx(best, abs=1e-12)
    assert plan.optimal_return == pytest.approx(best @ [0.5, 0.25, 0.25], abs=1e-12)
    assert (plan.values[0] == 0.0).all()
    assert (plan.values == plan.action_values.max(axis=2)).all()


def trajectories(table, start, steps, policy):
    """Every trajectory under a policy of whole histories: probability, states, actions, return."""
    open_ones, done = [(p, (s,), (), 0.0) for s, p in enumerate(start) if p > 0.0], []
    for _ in range(steps):
        longer = []
        for chance, states, actions, total in open_ones:
            for a, prefers in enumerate(policy(states, actions)):
                for p, to, reward, end in table[states[-1]][a]:
                    one = chance * prefers * p, (*states, to), (*actions, a), total + reward
                    (done if end else longer).append(one)
        open_ones = longer
    return [(chance, states[:-1], actions, total) for chance, states, actions, total in (*done, *open_ones)]


@given(st.integers(0, 10_000))
@settings(deadline=None, max_examples=10)
def test_expected_regret_is_the_optimal_return_minus_the_expected_return_whatever_the_policy(seed):
    """The policy depends on the whole history, as that of a learner does; all its trajectories are added up."""
    table, start, steps = random_table(seed), [0.5, 0.0, 0.5], 3

    def policy(states, actions):
        p = np.random.default_rng([seed, *states, 99, *actions]).random()
        return p, 1.0 - p

    plan = backward_induction(MDP.of(TabularEnv(table, start)), steps)
    everything = trajectories(table, start, steps, policy)
    assert sum(one[0] for one in everything) == pytest.approx(1.0, abs=1e-12)
    expected = sum(chance * total for chance, _, _, total in everything)
    regret = sum(chance * plan.regret(states, actions) for chance, states, actions, _ in everything)
    assert regret == pytest.approx(plan.optimal_return - expected, abs=1e-12)
    assert min(plan.regret(states, actions) for _, states, actions, _ in everything) >= 0.0


@in_one_test(("steps", "value"), [(1, -1.0), (12, -12.0), (13, -13.0), (14, -13.0), (500, -13.0)])
def test_the_cliff_takes_13_steps_if_there_are_as_many(steps, value):
    cliff = MDP.of(gymnasium.make("CliffWalking-v1"))
    assert backward_induction(cliff, steps).optimal_return == value


def test_a_plan_that_does_not_fit_into_memory_is_refused_with_its_size():
    with pytest.raises(ValueError, match=r"16 × 4, which is more than 50,000,000 numbers: lower steps"):
        backward_induction(MDP.of(gymnasium.make("FrozenLake-v1")), 10**9)


def test_the_best_return_of_frozen_lake_tends_to_14_of_17_with_the_limit():
    """Without a limit 14 of 17 episodes reach the goal at best: exact fractions, solved independently."""
    lake = MDP.of(gymnasium.make("FrozenLake-v1"))
    found = [backward_induction(lake, steps).optimal_return for steps in (5, 6, 100, 3000)]
    assert found[0] == 0.0  # the goal is 6 moves away
    assert found[1] > 0.0
    assert found[2] < found[3] == pytest.approx(14 / 17, abs=1e-12)


def test_with_one_action_the_value_is_the_sum_of_powers_of_the_transitions():
    garnet = MDP.of(Garnet(6, 1, 3, 4))
    onward, paid = garnet.transitions[:, 0], garnet.rewards[:, 0]
    expected = sum(np.linalg.matrix_power(onward, t) @ paid for t in range(40))
    assert backward_induction(garnet, 40).values[40] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("size", [1, 3, 8])
def test_the_regret_of_a_dive_has_a_closed_form(size):
    """Leaving the diagonal at row r loses 1 − .01(size − r)/size; each move to the right after that .01/size."""
    plan = backward_induction(MDP.of(DeepSea(size)), size)
    assert plan.optimal_return == pytest.approx(0.99, abs=1e-14)
    for actions in itertools.product((0, 1), repeat=size):
        column, states, lost, on_the_way = 0, [], 0.0, True
        for row, action in enumerate(actions):
            states.append(row * size + column)
            if on_the_way and action == 0:
                lost, on_the_way = 1.0 - 0.01 * (size - row) / size, False
            elif action == 1 and not on_the_way:
                lost += 0.01 / size
            column = max(0, min(size - 1, column + (1 if action else -1)))
        assert plan.regret(states, actions) == pytest.approx(lost, abs=1e-14)


def test_a_trajectory_may_begin_with_fewer_steps_left():
    cliff = backward_induction(MDP.of(gymnasium.make("CliffWalking-v1")), 50)
    assert cliff.regret([36], [0], steps_left=13) == 0.0
    assert cliff.regret([36], [2], steps_left=13) == 1.0 - 1.0  # too late to arrive in time after any other first move
    assert cliff.regret([36], [2], steps_left=14) == 1.0
    assert cliff.regret([], [], steps_left=0) == 0.0


@in_one_test(
    ("given", "error", "message"),
    [
        (([0, 0], [0]), ValueError, "states and actions must have the same length, at most 3 .* got 2 and 1"),
        (([0] * 4, [0] * 4), ValueError, "at most 3 .*, got 4 and 4"),
        (([2], [0]), ValueError, r"state must be in \[0, 1\], got 2"),
        (([0], [2]), ValueError, r"action must be in \[0, 1\], got 2"),
        (([0.5], [0]), TypeError, "state must be an integer"),
        ((0, [0]), TypeError, "states must be a tuple of integers"),
        (([1], [0]), ValueError, "action 0 is not available in state 1"),
    ],
)
def test_trajectories_that_the_plan_does_not_have_are_refused(given, error, message):
    table = {0: {0: [(1.0, 1, 1.0, False)], 1: [(1.0, 0, 0.0, True)]}, 1: {0: [], 1: [(1.0, 0, 0.0, False)]}}
    plan = backward_induction(MDP.of(TabularEnv(table, [1.0, 0.0])), 3)
    with pytest.raises(error, match=message):
        plan.regret(*given)


def test_wrong_limits_are_refused():
    mdp = MDP([[[1.0]]], [[0.0]], [1.0])
    for steps, error in ((0, ValueError), (-1, ValueError), (1.5, TypeError)):
        with pytest.raises(error, match="steps must be"):
            backward_induction(mdp, steps)
    with pytest.raises(ValueError, match=r"steps_left must be in \[0, 2\], got 3"):
        backward_induction(mdp, 2).regret([], [], steps_left=3)


@pytest.mark.parametrize("environment", LIMITED, ids=repr)
def test_the_gaps_of_an_environment_are_those_of_its_mdp(environment):
    world, gaps = read(environment), gaps_in(environment)
    plan = backward_induction(MDP.of(environment.make()), world.limit)
    expected = np.where(world.available, plan.gaps[:0:-1], np.inf)
    assert gaps.shape == expected.shape
    np.testing.assert_allclose(gaps, expected, rtol=0.0, atol=1e-11)
    assert (gaps >= 0.0).all()


# Regret of episodes


AGENTS = (
    brl.Agent(brl.QLearning(0.5), brl.EpsilonGreedy(0.3)),
    brl.Agent(brl.SARSA(0.4), brl.Boltzmann(0.3), clock="visits"),
    brl.Agent(brl.ExpectedSARSA(0.4), brl.Boltzmann(0.3)),
    brl.Agent(brl.DoubleQLearning(0.4), brl.MaxBoltzmann(0.5, 0.2)),
)


def bytes_of(block):
    """The bytes of all numbers, by their names."""
    curves = {f"{name} curve": np.concatenate(curve[1:]) for name, curve in block.curves.items()}
    windows = {f"{name} windows": means for name, means in block.windows.items()}
    return {name: numbers.tobytes() for name, numbers in (curves | block.totals | windows).items()}


@pytest.mark.parametrize("environment", LIMITED, ids=repr)
def test_both_engines_measure_the_regret_of_each_trajectory_bit_for_bit(environment, monkeypatch):
    tabular = pytest.importorskip("boltzmann_rl.engines.compiled.tabular")
    monkeypatch.setattr(tabular, "_FIRST", 64)  # so that runs are continued in the middle of episodes
    plan = backward_induction(MDP.of(environment.make()), read(environment).limit)
    for agent in AGENTS:
        work = {"first": 1, "runs": 2, "episodes": 15, "seed": 4, "regret": True}
        assert tabular.reason(environment, agent) == ""
        found, expected = (engine.simulate(environment, agent, **work) for engine in (tabular, reference))
        assert bytes_of(found) == bytes_of(expected)
        assert bytes_of(found).keys() > {"regret", "regret curve", "regret windows"}
        assert expected.totals["regret"].tolist() == pytest.approx(
            [sum(regrets_by_hand(environment, agent, plan, run)) for run in (1, 2)], rel=1e-12
        )


def regrets_by_hand(environment, agent, plan, run):
    """The regret of each of 15 episodes, from what is observed."""
    regrets, states, actions = [], [], []
    for transition, _ in brl.play(environment.make(), agent, seed=reference.run_seed(4, run)):
        states.append(transition.observation)
        actions.append(transition.action)
        if transition.terminated or transition.truncated:
            regrets.append(plan.regret(states, actions))
            states, actions = [], []
        if len(regrets) == 15:
            return regrets
    raise AssertionError


@pytest.mark.parametrize("environment", LIMITED[:1] + LIMITED[3:5], ids=repr)
def test_mean_regret_is_the_optimal_return_minus_the_mean_return(environment):
    """4.9 standard errors of the difference over 2,000 episodes: false alarms 1e-6."""
    agent = brl.Agent(brl.QLearning(0.1), brl.EpsilonGreedy(0.5))
    block = reference.simulate(environment, agent, first=0, runs=1, episodes=2000, seed=1, regret=True)
    regrets, returns = (block.curves[name].mean for name in ("regret", "return"))
    optimal = backward_induction(MDP.of(environment.make()), read(environment).limit).optimal_return
    gap = regrets - (optimal - returns)
    assert abs(gap.mean()) < 4.9 * gap.std() / math.sqrt(2000)


def test_a_policy_that_knows_the_optimal_actions_has_no_regret():
    """One step is left at each decision of these levers, so the best lever is best whatever was learned."""
    table = {0: {a: [(1.0, 0, float(a), True)] for a in range(3)}}
    gymnasium.register("Levels-v0", lambda: TabularEnv(table, [1.0]), max_episode_steps=1)
    agent = brl.Agent(brl.QLearning(1.0, initial=5.0), brl.Greedy())
    block = reference.simulate(Environment("Levels-v0"), agent, first=0, runs=1, episodes=30, seed=0, regret=True)
    regrets = block.curves["regret"].mean
    assert set(regrets[:3].tolist()) <= {0.0, 1.0, 2.0}
    assert sorted(regrets[:3].tolist()) == [0.0, 1.0, 2.0]  # optimistic values: each lever once
    assert (regrets[3:] == 0.0).all()


def experiment(problem="FrozenLake-v1", **changes):
    given = {"agents": {"q": AGENTS[0]}, "runs": 3, "episodes": 20, "regret": True} | changes
    return brl.GymnasiumExperiment("x", problem, **given)


def test_an_experiment_shows_regret_in_its_tables_and_its_declaration():
    results = experiment().run(progress=False)
    assert "regret" in set(results.curves["metric"])
    assert {"regret", "regret_low"} <= set(results.summary.columns)
    assert "regret" in results.runs.columns
    assert results.manifest["declaration"]["regret"] is True


def test_without_regret_nothing_changes():
    plain, asked = experiment(regret=False).plan().first, experiment().plan().first
    assert plain == experiment(regret=False).plan().first
    assert "regret" not in repr(plain)
    assert "regret" not in plain.metrics
    assert asked.key != plain.key
    assert "regret" not in experiment(regret=False).run(progress=False).manifest["declaration"]
    with_it, without = (plans.simulate_together([cell])[0] for cell in (asked, plain))
    mine, other = bytes_of(with_it), bytes_of(without)
    assert mine.keys() - other.keys() == {"regret", "regret curve", "regret windows"}
    assert {name: mine[name] for name in other} == other


@pytest.mark.usefixtures("everything_pays")
def test_regret_is_measured_by_the_compiled_engine_and_beside_evaluations_by_the_reference():
    pytest.importorskip("numba")
    assert experiment().plan().first.engine == "compiled"
    beside = experiment(evaluate_every=5)
    assert beside.plan().first.engine == "reference"
    frames = [one.run(progress=False).curves.query("metric == 'regret'")["mean"] for one in (experiment(), beside)]
    assert frames[0].tolist() == frames[1].tolist()


@in_one_test(
    ("problem", "message"),
    [
        ("CartPole-v1", "known to follow its tables, but CartPole-v1 has no P"),
        ("CliffWalking-v1", r"CliffWalking-v1 has none: declare it as Environment\(id, max_episode_steps=...\)"),
        (f"{WORLDS}ShortCorridor-v0", "known to follow its tables, but .*ShortCorridor-v0 can't be read|observations"),
        (Environment("FrozenLake-v1", options={"desc": None, "map_name": None}), "is different each time it is made"),
        (Environment("CliffWalking-v1", 10**7), r"10,000,000 × 48 × 4,.*lower max_episode_steps"),
        (Environment("FrozenLake-v1", wrap=RescaledRewards(1.0, 1e307)), "the optimal returns must be finite"),
    ],
)
def test_regret_needs_known_tables_and_a_time_limit(problem, message):
    with pytest.raises(ValueError, match=message):
        experiment(problem).plan()
    experiment(problem, regret=False).plan()


def test_regret_is_asked_for_by_true_or_false():
    with pytest.raises(TypeError, match="regret must be True or False, got 'yes'"):
        experiment(regret="yes")


@pytest.mark.parametrize("regret", [False, True])
def test_the_figure_shows_the_regret_if_it_is_measured(regret):
    agents = {"greedy": brl.Agent(brl.QLearning(), brl.Greedy())}
    lake = brl.Environment("FrozenLake-v1", max_episode_steps=5)
    experiment = brl.GymnasiumExperiment("x", lake, agents, runs=2, episodes=3, seed=0, regret=regret)
    figure = experiment.run(progress=False).plot()
    assert ("Regret of an episode [reward]" in [ax.get_title() for ax in figure.axes]) is regret
