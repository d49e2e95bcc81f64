"""`recommended`: a declaration for those who cannot tune, right in every unit and in both engines."""

import numpy as np
import pytest
from cases import in_one_test

import boltzmann_rl as brl
from boltzmann_rl.defaults import LONGEST

RULES = [brl.recommended(5), brl.recommended(5, 400), brl.recommended(5, LONGEST + 1)]


@pytest.mark.parametrize("agent", RULES, ids=repr)
def test_a_recommended_agent_is_a_declaration_like_any_other(agent):
    assert isinstance(agent, brl.Agent)
    names = {name: getattr(brl, name) for name in brl.__all__} | vars(brl.schedules)
    assert agent == eval(repr(agent), names)
    assert hash(agent) == hash(eval(repr(agent), names))


@pytest.mark.parametrize("agent", RULES[:2], ids=repr)
@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e4])
def test_recommended_agents_know_no_scale_and_no_offset_of_the_rewards(agent, scale):
    means = [0.3, 0.2, -0.5, 0.1, 0.9]
    regrets = []
    for factor, offset in ((1.0, 0.0), (scale, 3.0 * scale)):
        bandit = brl.GaussianBandit(tuple(factor * mean + offset for mean in means), sd=factor)
        experiment = brl.BanditExperiment(
            name="scale", problem=bandit, agents={"rule": agent}, runs=20, steps=400, seed=0
        )
        regrets.append(experiment.run(progress=False).runs["regret"].to_numpy() / factor)
    np.testing.assert_allclose(regrets[0], regrets[1], rtol=1e-6)


def test_the_recommendation_for_states_explores_a_room_and_then_walks_straight_to_the_goal():
    """After n visits the other actions get 3/n together; each costs two of the 4 steps to the goal at most.

    So an episode among the last 50 loses at most 4 · 3/150 · 2 = 0.16 on average.
    """
    options = {"desc": ("SFF", "FFF", "FFG"), "is_slippery": False, "reward_schedule": (0.0, 0.0, -1.0)}
    room = brl.Environment("FrozenLake-v1", 50, options)
    rule = brl.Agent(brl.EveryActionFirst(brl.QLearning(0.5, 0.95)), brl.recommended(4, states=True))
    settings = {"runs": 50, "episodes": 200, "seed": 0, "regret": True}
    curves = brl.GymnasiumExperiment("room", room, agents={"rule": rule}, **settings).run(progress=False).curves
    regret = curves[curves["metric"] == "regret"].set_index("step")["mean"]
    assert regret[0] > 5.0
    assert regret[150:].mean() < 0.16


@in_one_test(
    ("arguments", "message"),
    [
        ({"actions": 0}, "actions must be 1 or more"),
        ({"actions": 2.5}, "actions must be an integer"),
        ({"actions": 2, "steps": 0}, "steps must be 1 or more"),
        ({"actions": 2, "states": "FrozenLake"}, "states must be False or True"),
        ({"actions": 2, "steps": 10, "states": True}, "steps=10 has no effect for states: leave it out"),
        ({"n_arms": 3}, "did you mean actions="),
    ],
)
def test_mistakes_are_refused(arguments, message):
    with pytest.raises((TypeError, ValueError), match=message):
        brl.recommended(**arguments)


@pytest.mark.parametrize(
    "attempt",
    [
        lambda: brl.Agent(brl.QLearning(), brl.recommended(4)),
        lambda: brl.act(brl.recommended(2), [0.0, 1.0], np.random.default_rng()),
    ],
)
def test_an_agent_where_a_policy_belongs_is_told_from_one(attempt):
    with pytest.raises(TypeError, match=r"got an Agent: .*recommended\(actions, states=True\) is a policy"):
        attempt()


def test_a_recommendation_in_the_other_kind_of_experiment_is_refused_with_the_right_one():
    with pytest.raises(
        TypeError, match=r"such as Agent\(EveryActionFirst\(QLearning\(\)\), recommended\(actions, states=True\)\)"
    ):
        brl.GymnasiumExperiment("x", "FrozenLake-v1", agents={"rule": brl.recommended(4)}, runs=1, episodes=1)
    with pytest.raises(TypeError, match=r"must be an Agent\(learner, policy\), such as recommended\(actions\)"):
        brl.BanditExperiment(
            "x", brl.GaussianBandit(), agents={"rule": brl.recommended(9, states=True)}, runs=1, steps=1
        )
