"""The loop for Gymnasium environments: what is sent, what is learned, and the errors for faulty environments."""

import copy
import math
from dataclasses import dataclass, field

import gymnasium
import numpy as np
import pytest
from cases import in_one_test
from gymnasium.spaces import Box, Discrete, MultiBinary
from installed import TAXI

from boltzmann_rl import (
    Agent,
    Boltzmann,
    Environment,
    EpsilonGreedy,
    Greedy,
    GymnasiumExperiment,
    QLearning,
    Uniform,
    act,
    play,
    train,
)
from boltzmann_rl.engines.metrics import WINDOW
from boltzmann_rl.engines.reference.episodes import block_of, simulate


class Script(gymnasium.Env):
    """Cycles through its states, pays ``reward`` (or as ``faults`` say at a step), and ends after ``length`` steps."""

    def __init__(self, states=4, actions=3, length=5, reward=1.0, ending="terminated", start=0, first_action=0):
        self.observation_space = Discrete(states, start=start)
        self.action_space = Discrete(actions, start=first_action)
        self.length, self.reward, self.ending = length, reward, ending
        self.faults, self.sent, self.seeds, self.episode = {}, [], [], -1

    def seen(self, part, plain):
        answer = self.faults.get((self.episode, self.at, part), plain)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def observation(self):
        plain = np.int64(self.at % self.observation_space.n + self.observation_space.start)
        return self.seen("observation", plain)

    def info(self):
        mask = self.seen("mask", None)
        return {} if mask is None else {"action_mask": mask}

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.seeds.append(seed)
        self.episode, self.at = self.episode + 1, 0
        self.seen("reset", None)
        return self.observation(), self.info()

    def step(self, action):
        self.sent.append(action)
        self.seen("step", None)
        reward = self.seen("reward", self.reward)
        self.at += 1
        over = self.at == self.length
        ends = over and self.ending == "terminated", over and self.ending == "truncated"
        return self.observation(), reward, *ends, self.info()


@dataclass(frozen=True)
class Noted:
    """A uniform policy that records the clock it gets."""

    clock: str
    steps: list = field(default_factory=list)

    def __call__(self, values, step):
        self.steps.append(np.asarray(step).tolist())
        return Uniform()(values, step)


LEARNER = QLearning(learning_rate=0.5, discount=0.9)
AGENT = Agent(LEARNER, Uniform())


def finish(env, agent=AGENT, episodes=3, seed=0):
    return [copy.deepcopy(episode) for episode in train(env, agent, episodes=episodes, seed=seed)]


def test_actions_and_observations_may_start_at_any_integer():
    env = Script(actions=3, first_action=5, start=-2)
    last = finish(env, episodes=40)[-1]
    assert set(env.sent) == {5, 6, 7}
    assert last.values.shape == (4, 3)
    assert (last.values != 0.0).all()  # every action was taken in every state


def test_actions_are_sent_as_plain_ints():
    env = Script()
    finish(env)
    assert {type(action) for action in env.sent} == {int}
    assert type(env.observation()) is np.int64


def test_a_masked_action_is_never_sent():
    env = Script(actions=4, length=8)
    masks = {at: np.array([at % 2, 1, 0, at > 4], dtype=np.int8) for at in range(9)}
    env.faults = {(episode, at, "mask"): mask for episode in range(50) for at, mask in masks.items()}
    finish(env, episodes=50)
    for at in range(8):
        assert set(env.sent[at::8]) == set(np.flatnonzero(masks[at]).tolist())


def test_a_terminal_state_may_have_no_available_action():
    env = Script(length=2)
    env.faults = {(episode, 2, "mask"): np.zeros(3, dtype=np.int8) for episode in range(3)}
    assert len(finish(env)) == 3


@pytest.mark.parametrize(("ending", "following"), [("terminated", 0.0), ("truncated", 0.9 * 7.0)])
def test_the_target_of_a_last_step_bootstraps_unless_it_terminated(ending, following):
    env = Script(states=4, actions=1, length=3, reward=2.0, ending=ending)
    last = finish(env, Agent(QLearning(learning_rate=1.0, discount=0.9, initial=7.0), Greedy()), episodes=1)[0]
    bootstrapped = 2.0 + 0.9 * 7.0
    assert last.values.ravel().tolist() == pytest.approx([bootstrapped, bootstrapped, 2.0 + following, 7.0])
    assert (last.terminated, last.length, last.total_reward) == (ending == "terminated", 3, 6.0)


@in_one_test("at", [0, 3])
@in_one_test(
    ("part", "answer", "kind", "says"),
    [
        ("reward", math.nan, ValueError, "reward must be .*got nan"),
        ("reward", math.inf, ValueError, "reward must be finite, got inf"),
        ("reward", None, TypeError, "reward must be a number, got None"),
        ("reward", np.ones(2), TypeError, r"reward must be a number, got array"),
        ("reward", "1", TypeError, "reward must be a number, got '1'"),
        ("step", KeyError("broken"), RuntimeError, "step raised KeyError: 'broken'"),
    ],
)
def test_a_faulty_step_raises_an_error_that_says_where(at, part, answer, kind, says):
    env = Script()
    env.faults = {(1, at, part): answer}
    with pytest.raises(kind, match=f"Script with seed [0-9]+, episode 1, step {at}.*{says}"):
        finish(env)
    assert env.episode == 1


@in_one_test("at", [0, 4])
@in_one_test(
    ("part", "answer", "kind", "says"),
    [
        ("observation", 99, ValueError, r"observation 99 lies outside its space Discrete\(4\)"),
        ("observation", -1, ValueError, "observation -1 lies outside"),
        ("observation", 1.0, TypeError, "observation must be an integer, got 1.0"),
        ("observation", None, TypeError, "observation must be an integer, got None"),
        ("observation", np.array([1, 2]), TypeError, "observation must be an integer, got array"),
        ("mask", np.zeros(3, dtype=np.int8), ValueError, "leaves no action"),
        ("mask", np.ones(2, dtype=np.int8), ValueError, r"shape \(2,\)"),
        ("mask", np.array([1.0, 0.0, 1.0]), TypeError, "mask .*must be bool"),
    ],
)
def test_an_observation_or_a_mask_outside_the_table_raises_an_error_that_says_where(at, part, answer, kind, says):
    env = Script()
    env.faults = {(1, at, part): answer}
    with pytest.raises(kind, match=rf"Script with seed \d+, episode 1, step {max(at - 1, 0)}.*{says}"):
        finish(env)


def test_an_environment_that_cannot_be_reset_raises_an_error_that_names_it():
    env = Script()
    env.faults = {(2, 0, "reset"): OSError("no such level")}
    with pytest.raises(RuntimeError, match=r"Script with seed \d+, episode 2.*reset raised OSError: no such level"):
        finish(env)


@pytest.mark.parametrize("space", [Box(0.0, 1.0, (2,)), MultiBinary(3)], ids=repr)
@pytest.mark.parametrize("where", ["observation", "action"])
def test_spaces_that_cannot_be_numbered_are_refused(space, where):
    env = Script()
    setattr(env, f"{where}_space", space)
    with pytest.raises(TypeError, match=f"needs a Discrete {where} space, but Script has"):
        finish(env)


def test_cartpole_is_refused_with_the_remedy():
    with pytest.raises(TypeError, match=r"CartPole-v1 has Box.*wrap the environment so that its observations are num"):
        finish(gymnasium.make("CartPole-v1"))


def test_the_step_clock_counts_decisions_over_all_episodes():
    policy = Noted("step")
    finish(Script(length=3), Agent(LEARNER, policy), episodes=3)
    assert policy.steps == list(range(9))


def test_the_clock_of_visits_counts_decisions_in_the_current_state():
    policy = Noted("visits")
    finish(Script(states=2, length=3), Agent(LEARNER, policy), episodes=2)  # through 0, 1, 0 and over
    assert policy.steps == [0, 0, 1, 2, 1, 3]


def test_the_clock_of_pulls_counts_each_action_in_the_current_state():
    policy, env = Noted("pulls"), Script(states=2, length=3)
    finish(env, Agent(LEARNER, policy), episodes=4)
    pulls, expected = np.zeros((2, 3), dtype=int), []
    for step, action in enumerate(env.sent):
        state = step % 3 % 2
        expected.append(pulls[state].tolist())
        pulls[state, action] += 1
    assert policy.steps == expected


def test_the_seed_is_given_once_and_as_a_small_int():
    env = Script()
    finish(env)
    assert env.seeds[1:] == [None, None]
    assert type(env.seeds[0]) is int
    assert 0 <= env.seeds[0] < 2**31


def test_play_is_endless_and_yields_the_transitions_that_were_learned_from():
    training = play(Script(length=2), AGENT, seed=0)
    seen = [next(training)[0] for _ in range(7)]
    assert [(t.step, t.observation, t.next_observation, t.terminated) for t in seen] == [
        (step, step % 2, step % 2 + 1, step % 2 == 1) for step in range(7)
    ]


@pytest.mark.parametrize("name", ["FrozenLake-v1", "CliffWalking-v1"])
def test_the_same_seed_gives_the_same_episodes_and_another_seed_different_ones(name):
    def episodes(seed):
        env = Environment(name, max_episode_steps=60).make()
        return [
            (e.total_reward, e.length, e.values.tobytes())
            for e in finish(env, Agent(LEARNER, Boltzmann(0.5)), episodes=20, seed=seed)
        ]

    assert episodes(3) == episodes(3)
    assert episodes(3) != episodes(4)


def test_q_learning_learns_the_return_of_minus_13_on_cliff_walking():
    """Example 6.6 of Sutton & Barto (2018): the greedy policy of Q-learning takes the 13 steps along the edge."""
    env = Environment("CliffWalking-v1", max_episode_steps=500).make()
    *_, last = train(env, Agent(QLearning(0.5), EpsilonGreedy(0.1)), episodes=500, seed=1)
    observation, _ = env.reset()
    total, over = 0.0, False
    while not over:
        action = act(Greedy(), last.values[observation], np.random.default_rng(0))
        observation, reward, terminated, truncated, _ = env.step(action)
        total, over = total + reward, terminated or truncated
    assert total == -13.0


def test_the_masks_of_taxi_are_obeyed():
    class Watching(gymnasium.Wrapper):
        refused = 0

        def reset(self, **options):
            observation, info = self.env.reset(**options)
            self.mask = info["action_mask"]
            return observation, info

        def step(self, action):
            self.refused += not self.mask[action]
            observation, reward, terminated, truncated, info = self.env.step(action)
            self.mask = info["action_mask"]
            return observation, reward, terminated, truncated, info

    env = Watching(gymnasium.make(TAXI))
    episodes = finish(env, episodes=30)
    assert env.refused == 0
    assert min(episode.total_reward / episode.length for episode in episodes) > -10.0  # −10 is for a wrong pick-up


def test_a_block_measures_its_episodes_by_their_definitions():
    gymnasium.register("Script-v0", entry_point=Script, kwargs={"reward": 2.0}, max_episode_steps=100)
    block = simulate(Environment("Script-v0"), AGENT, first=0, runs=3, episodes=25, seed=0)
    assert {metric: set(curve.mean.tolist()) for metric, curve in block.curves.items()} == {
        "return": {10.0},
        "smoothed_return": {10.0},
        "length": {5.0},
        "terminated": {1.0},
    }
    assert {metric: total.tolist() for metric, total in block.totals.items()} == {
        "return": [250.0] * 3,
        "length": [125.0] * 3,
        "terminated": [25.0] * 3,
    }


def test_the_smoothed_return_is_the_mean_of_the_last_ten_episodes():
    agent = Agent(QLearning(0.5), Boltzmann(1.0))
    environment = Environment("CliffWalking-v1", max_episode_steps=100)
    curves = simulate(environment, agent, first=5, runs=2, episodes=30, seed=0).curves
    for episode in range(30):
        recent = curves["return"].mean[max(episode - WINDOW + 1, 0) : episode + 1]
        assert curves["smoothed_return"].mean[episode] == pytest.approx(recent.mean(), rel=1e-12)


def test_the_smoothed_return_forgets_a_large_return_altogether():
    returns = np.array([[1e17, *(0.1 * k for k in range(40))], np.arange(41.0)])
    smoothed = block_of(np.stack([returns, returns, returns])).curves["smoothed_return"]
    expected = [np.mean([math.fsum(row[max(k - 9, 0) : k + 1]) / min(k + 1, 10) for row in returns]) for k in range(41)]
    np.testing.assert_allclose(smoothed.mean, expected, rtol=1e-13)
    few = block_of(np.ones((3, 2, 4))).curves["smoothed_return"]
    assert few.mean.tolist() == [1.0] * 4


def test_a_run_depends_neither_on_the_runs_of_its_block_nor_on_other_agents():
    def totals(runs, agents):
        experiment = GymnasiumExperiment(
            name="x",
            problem=Environment("FrozenLake-v1"),
            agents={name: Agent(QLearning(0.1), Boltzmann(t)) for name, t in agents.items()},
            runs=runs,
            episodes=20,
        )
        table = experiment.run(progress=False).runs
        return table[(table["agent"] == "a") & (table["run"] < 3)]["length"].tolist()

    assert totals(3, {"a": 0.1}) == totals(7, {"a": 0.1}) == totals(4, {"b": 1.0, "a": 0.1})


@pytest.mark.parametrize(
    ("make", "kind", "message"),
    [
        (lambda: Environment("NoSuch-v0").make(), ValueError, "no environment 'NoSuch-v0' to be made"),
        (lambda: Environment(""), TypeError, "id must be the id of a Gymnasium environment, got ''"),
        (lambda: Environment(Script()), TypeError, "id must be the id of a Gymnasium environment"),
        (lambda: Environment("Taxi-v4", 0), ValueError, "max_episode_steps must be 1 or more, got 0"),
        (lambda: Environment("Taxi-v4", 1.5), TypeError, "max_episode_steps must be an integer, got 1.5"),
    ],
)
def test_invalid_environments_are_refused_by_name(make, kind, message):
    with pytest.raises(kind, match=message):
        make()
