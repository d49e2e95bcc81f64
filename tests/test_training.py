"""Training in one environment and in a vector of them: what is learned from, in which order, and how it continues."""

from dataclasses import dataclass, field
from itertools import islice, pairwise

import cloudpickle
import gymnasium
import numpy as np
import pytest
from gymnasium.envs.toy_text import FrozenLakeEnv
from gymnasium.spaces import Box, Discrete
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from installed import TAXI, vectors_are_sound

import boltzmann_rl as brl
from boltzmann_rl import act, mask, schedules
from boltzmann_rl.decisions.act import probabilities
from boltzmann_rl.environments.vectors import autoreset_of
from boltzmann_rl.policies.feedback import AdaptiveEpsilonGreedy
from boltzmann_rl.protocols import Transition
from boltzmann_rl.streams import child_seed, stream
from boltzmann_rl.training.places import description_of
from boltzmann_rl.training.training import Training

COOLING = brl.Boltzmann(schedules.Exponential(2.0, 0.1, steps=200))
LEARNERS = [brl.QLearning(0.5), brl.SARSA(0.3), brl.ExpectedSARSA(0.3), brl.DoubleQLearning(0.4)]
AGENTS = [
    *(brl.Agent(learner, COOLING) for learner in LEARNERS),
    brl.Agent(brl.NStep(brl.SARSA(0.3), steps=3), brl.EpsilonGreedy(0.2)),
    brl.Agent(brl.EligibilityTraces(brl.QLearning(0.3), decay=0.8), COOLING),
    brl.Agent(brl.QLearning(schedules.Linear(0.9, 0.1, steps=300)), COOLING, clock="visits"),
    brl.Agent(brl.SARSA(0.3), brl.BoltzmannGumbel(1.0)),
    brl.Agent(brl.ValueDifference(brl.QLearning(0.5), inverse_sensitivity=1.0), AdaptiveEpsilonGreedy()),
]
SINGLE = [brl.Environment("FrozenLake-v1"), brl.Environment("CliffWalking-v1", 40), brl.Environment(TAXI, 30)]
MODES = list(AutoresetMode)


def loop_of_one(env, agent, seed, number):
    """The loop for one environment, written out: the oracle for `Training`."""
    draws = stream(seed, "perturbation" if hasattr(agent.policy, "uniforms_per_action") else "action")
    learner_rng, learner, visits = stream(seed, "learner"), agent.learner, {}
    shape = env.observation_space.n, env.action_space.n
    state, pulls, transitions = learner.start(shape, learner_rng), np.zeros(shape, dtype=int), []
    inner = getattr(learner, "learner", learner)
    takes = getattr(inner, "takes_next", None)

    def decide(at, available, rng):
        now = {"step": len(transitions), "visits": visits.get(at, 0), "pulls": pulls[at]}[agent.clock]
        memory = learner.memory(state)[at] if getattr(agent.policy, "takes_memory", False) else None
        values = learner.values(state)[at]
        action = act(agent.policy, values, rng, step=now, available=available, memory=memory)
        return action, probabilities(
            agent.policy, mask(values, np.ones(shape[1], int) if available is None else available), now, memory
        )

    here, info = env.reset(seed=child_seed(seed, "environment"))
    chosen = None
    while len(transitions) < number:
        action = decide(here, info.get("action_mask"), draws)[0] if chosen is None else chosen
        there, reward, terminated, truncated, info = env.step(action)
        step = len(transitions)
        transitions.append(None)
        visits[here], pulls[here, action] = visits.get(here, 0) + 1, pulls[here, action] + 1
        open_ = None if terminated else info.get("action_mask")
        chosen, p = (None, None)
        if takes and not terminated:
            chosen, p = decide(there, open_, learner_rng if truncated else draws)
        transitions[step] = Transition(
            step, int(here), int(action), float(reward), int(there), terminated, truncated,
            None if open_ is None else open_.astype(bool), chosen, p if takes == "probabilities" else None,
        )  # fmt: skip
        state = learner.update(state, transitions[step], learner_rng)
        here = there
        if terminated or truncated:
            (here, info), chosen = env.reset(), None
    return transitions, learner.values(state)


def same(first, second):
    """Whether two lists of transitions are equal, bit for bit; NaN equals NaN."""
    return [[np.asarray(part).tolist() for part in t] for t in first] == [
        [np.asarray(part).tolist() for part in t] for t in second
    ]


@pytest.mark.parametrize("environment", SINGLE, ids=lambda environment: environment.id)
@pytest.mark.parametrize("agent", AGENTS, ids=lambda agent: f"{type(agent.learner).__name__}-{agent.clock}")
def test_training_in_one_environment_equals_the_loop_written_out(environment, agent):
    expected, table = loop_of_one(environment.make(), agent, 7, 300)
    training = Training(environment.make(), agent, seed=7)
    transitions = list(islice(training, 300))
    if isinstance(agent.learner, brl.ExpectedSARSA):  # the loop has probabilities from arrays, the training from floats
        for ours, theirs in zip(transitions, expected, strict=True):
            if theirs.next_probabilities is not None:
                np.testing.assert_allclose(ours.next_probabilities, theirs.next_probabilities, rtol=1e-14)
        transitions, expected = (
            [t._replace(next_probabilities=None) for t in some] for some in (transitions, expected)
        )
        np.testing.assert_allclose(training.values, table, rtol=1e-13)
    else:
        assert training.values.tobytes() == table.tobytes()
    assert same(transitions, expected)
    assert training.step == 300


@dataclass(frozen=True)
class Watchful:
    """A policy whose weights depend on the memory that its unit of temperature takes as well."""

    temperature = brl.RelativeToNoise(0.5)
    takes_memory = True

    def mixture(self, step, memory=None):
        return brl.Mixture(0.5, 0.5, 0.0, self.temperature) if memory is None else brl.Mixture(0.0, 1.0, 0.0, 0.1)

    def __call__(self, values, step, memory):
        return self.mixture(step, memory).probabilities(values, step, memory=memory)


def test_a_policy_whose_weights_depend_on_the_memory_is_given_it():
    agent = brl.Agent(brl.NoiseEstimate(brl.QLearning(0.5)), Watchful())
    environment = brl.Environment("CliffWalking-v1", 40)
    expected, _ = loop_of_one(environment.make(), agent, 7, 100)
    assert same(list(islice(Training(environment.make(), agent, seed=7), 100)), expected)


@pytest.mark.parametrize("mode", MODES, ids=str)
@pytest.mark.parametrize("environment", SINGLE, ids=lambda environment: environment.id)
@pytest.mark.parametrize("agent", AGENTS, ids=lambda agent: f"{type(agent.learner).__name__}-{agent.clock}")
def test_a_vector_of_one_environment_equals_the_environment_alone(environment, agent, mode):
    vector = SyncVectorEnv([environment.make], autoreset_mode=mode)
    alone, among = Training(environment.make(), agent, seed=3), Training(vector, agent, seed=3)
    for one, other in islice(zip(alone, among, strict=True), 200):
        np.testing.assert_equal((*one[:8], one.next_action), (*other[:8], other.next_action))
    np.testing.assert_allclose(among.values, alone.values, rtol=1e-12, atol=1e-13)


class Corridor(gymnasium.Env):
    """Observes its number and its position, which is also the reward; ends after ``length`` steps."""

    STATES = 10

    def __init__(self, number=0, length=3, ending="terminated", masks=False):
        self.observation_space, self.action_space = Discrete(40), Discrete(4, start=2)
        self.number, self.length, self.ending, self.masks = number, length, ending, masks
        self.sent, self.seeds, self.fault = [], [], {}

    def answer(self):
        info = {"action_mask": np.eye(4, dtype=np.int8)[(self.at + self.number) % 4]} if self.masks else {}
        return 10 * self.number + self.at, info

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.seeds.append(seed)
        self.sent.append([])
        self.at = 0
        return self.answer()

    def step(self, action):
        self.sent[-1].append(int(action))
        self.at += 1
        reward = self.fault.get((len(self.sent) - 1, self.at), float(self.at))
        if isinstance(reward, Exception):
            raise reward
        over = self.at == self.length
        observation, info = self.answer()
        return observation, reward, over and self.ending == "terminated", over and self.ending == "truncated", info


def corridors(mode, lengths=(3, 5, 1), **options):
    envs = [Corridor(number, length, **options) for number, length in enumerate(lengths)]
    return SyncVectorEnv([lambda env=env: env for env in envs], autoreset_mode=mode), envs


@dataclass(frozen=True)
class Noted:
    """A uniform policy that records the clocks it gets."""

    clock: str = "step"
    steps: list = field(default_factory=list)

    def __call__(self, values, step):
        self.steps.append(np.asarray(step).tolist())
        return brl.Uniform()(values, step)


@pytest.mark.parametrize("mode", MODES, ids=str)
@pytest.mark.parametrize("ending", ["terminated", "truncated"])
@pytest.mark.parametrize("learner", LEARNERS[:3], ids=lambda learner: type(learner).__name__)
def test_no_transition_crosses_episodes_and_learned_actions_are_those_sent(mode, ending, learner):
    vector, envs = corridors(mode, ending=ending)
    transitions = list(islice(Training(vector, brl.Agent(learner, brl.Uniform()), seed=0), 120))
    for row, env in enumerate(envs):
        own = [t for t in transitions if t.environment == row]
        assert len(own) > 20
        for number, t in enumerate(own):
            at = number % env.length
            over = at == env.length - 1
            ends = over and ending == "terminated", over and ending == "truncated"
            assert t[1:2] + t[3:7] == (10 * row + at, float(at + 1), 10 * row + at + 1, *ends)
        sent = [action - 2 for episode in env.sent for action in episode]
        assert [t.action for t in own] == sent[: len(own)]
        for t, following in pairwise(own):
            looked_ahead = learner is not LEARNERS[0] and not t.terminated
            assert (t.next_action is not None) == looked_ahead
            assert t.truncated or not looked_ahead or following.action == t.next_action


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_a_truncated_row_bootstraps_from_its_last_observation_and_a_terminated_row_does_not(mode):
    for ending, following in (("truncated", 0.9 * 7.0), ("terminated", 0.0)):
        vector, _ = corridors(mode, lengths=(2, 2), ending=ending)
        training = Training(vector, brl.Agent(brl.QLearning(1.0, discount=0.9, initial=7.0), brl.Uniform()), seed=0)
        transitions = list(islice(training, 80))
        for t in transitions:
            if t.terminated or t.truncated:
                assert training.values[t.observation, t.action] == 2.0 + following


@pytest.mark.parametrize(("mode", "dead"), [(AutoresetMode.NEXT_STEP, 1), (AutoresetMode.SAME_STEP, 0)])
def test_each_row_has_its_own_clock_that_does_not_count_resets(mode, dead):
    policy = Noted()
    list(islice(Training(corridors(mode, lengths=(2, 5))[0], brl.Agent(brl.QLearning(), policy), seed=0), 30))
    first, second, expected = 0, 0, []
    for round_ in range(100):
        live = [round_ % (2 + dead) < 2, round_ % (5 + dead) < 5]
        clocks = [clock for clock, alive in zip((first, second), live, strict=True) if alive]
        expected += [clocks] if clocks else []  # if no row decides, the policy is not called
        first, second = first + live[0], second + live[1]
    assert policy.steps == expected[: len(policy.steps)]
    assert len(policy.steps) >= 15


def test_the_clocks_of_visits_and_pulls_count_for_the_observation_of_each_row():
    for clock in ("visits", "pulls"):
        policy = Noted(clock)
        transitions = list(
            islice(Training(corridors("SameStep", (2, 3))[0], brl.Agent(brl.QLearning(), policy), seed=0), 40)
        )
        counts = np.zeros((40, 4), dtype=int)
        for clocks, rows in zip(policy.steps, zip(transitions[::2], transitions[1::2], strict=True), strict=False):
            seen = counts[[t.observation for t in rows]]
            assert clocks == (seen if clock == "pulls" else seen.sum(axis=1)).tolist()
            for t in rows:
                counts[t.observation, t.action] += 1


def test_rows_draw_independent_uniforms():
    transitions = list(
        islice(Training(corridors("SameStep", (9, 9))[0], brl.Agent(brl.QLearning(), brl.Uniform()), seed=0), 4000)
    )
    table = np.zeros((4, 4))
    for one, other in zip(transitions[::2], transitions[1::2], strict=True):
        table[one.action, other.action] += 1
    chi_squared = ((table - 125.0) ** 2 / 125.0).sum()
    assert chi_squared < 56.5  # 15 degrees of freedom, false-alarm rate 1e-6: SciPy's chi2.isf


def test_each_environment_of_a_vector_has_its_own_seed():
    vector, envs = corridors("NextStep")
    list(islice(Training(vector, brl.Agent(brl.QLearning(), brl.Uniform()), seed=5), 50))
    first = [env.seeds[0] for env in envs]
    assert first == [child_seed(5, "environment"), child_seed(5, "environment", 1), child_seed(5, "environment", 2)]
    assert {seed for env in envs for seed in env.seeds[1:]} == {None}


@pytest.mark.parametrize("mode", MODES, ids=str)
@pytest.mark.parametrize("ending", ["terminated", "truncated"])
def test_a_masked_action_is_never_taken_in_any_row(mode, ending):
    vector, _ = corridors(mode, masks=True, ending=ending)
    for t in islice(Training(vector, brl.Agent(brl.SARSA(), brl.Uniform()), seed=0), 200):
        assert t.action == (t.observation % 10 + t.environment) % 4
        expected = None if t.terminated else [a == (t.next_observation % 10 + t.environment) % 4 for a in range(4)]
        assert (None if t.next_available is None else t.next_available.tolist()) == expected
        assert t.next_action == (None if t.terminated else expected.index(True))


@pytest.mark.parametrize("mode", [mode.value for mode in MODES])
def test_a_batched_vector_environment_gets_one_seed_and_learns(mode):
    vector = gymnasium.make_vec(
        "boltzmann_rl.environments:boltzmann_rl/BernoulliBandit-v0",
        num_envs=5, vectorization_mode="vector_entry_point", means=[0.0, 1.0], steps=4, autoreset_mode=mode,
    )  # fmt: skip
    training = Training(vector, brl.Agent(brl.QLearning(0.1, discount=0.0), brl.Boltzmann(0.2)), seed=1)
    episodes = list(training.episodes(50))
    assert {episode.length for episode in episodes} == {4}
    assert training.values[0].tolist() == pytest.approx([0.0, 1.0], abs=0.05)
    assert [episode.environment for episode in episodes[:5]] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("fault", "kind", "says"),
    [
        (np.nan, ValueError, "reward must be a number, got nan"),
        (KeyError("broken"), RuntimeError, "step raised KeyError: 'broken'"),
    ],
)
@pytest.mark.parametrize("mode", MODES, ids=str)
def test_a_fault_in_a_row_raises_an_error_that_names_row_and_step(mode, fault, kind, says):
    vector, envs = corridors(mode)
    envs[1].fault = {(1, 3): fault}
    seed = child_seed(0, "environment", 1)
    with pytest.raises(kind, match=f"SyncVectorEnv, row 1, with seed {seed}, episode 1, step 2.*{says}"):
        list(islice(Training(vector, brl.Agent(brl.QLearning(), brl.Uniform()), seed=0), 60))


def test_a_mask_of_another_shape_or_without_an_action_raises_an_error_that_names_the_row():
    vector, envs = corridors("NextStep", masks=True)
    envs[2].answer = lambda: (20, {"action_mask": np.zeros(4, dtype=np.int8)})
    with pytest.raises(ValueError, match=r"row 2, with seed \d+, episode 0, step 0: .*leaves no action"):
        Training(vector, brl.Agent(brl.QLearning(), brl.Uniform()), seed=0)


def test_a_vector_without_an_autoreset_mode_is_refused():
    vector, _ = corridors("NextStep")
    vector.metadata["autoreset_mode"] = vector.autoreset_mode = None
    with pytest.raises(ValueError, match=r"does not say how its rows are reset.*AutoresetMode.NEXT_STEP"):
        Training(vector, brl.Agent(brl.QLearning(), brl.Uniform()), seed=0)


def test_a_vector_resets_in_its_own_mode_where_vectors_share_their_metadata(monkeypatch):
    """Before Gymnasium 1.4, making a vector writes its mode into the metadata of the environments' class."""
    vector, _ = corridors("SameStep")
    vector.metadata["autoreset_mode"] = AutoresetMode.NEXT_STEP
    assert autoreset_of(vector) is AutoresetMode.SAME_STEP
    alone = description_of(gymnasium.make("FrozenLake-v1"))
    monkeypatch.setitem(FrozenLakeEnv.metadata, "autoreset_mode", AutoresetMode.NEXT_STEP)
    assert description_of(gymnasium.make("FrozenLake-v1")) == alone


def test_a_vector_whose_spaces_do_not_fit_a_table_is_refused():
    vector = gymnasium.make_vec("CartPole-v1", num_envs=2, vectorization_mode="sync")
    with pytest.raises(TypeError, match="CartPole-v1 has Box"):
        Training(vector, brl.Agent(brl.QLearning(), brl.Uniform()), seed=0)


@dataclass(frozen=True)
class Weighing(brl.QLearning):
    """A learner that asks for the probabilities that actions were drawn from, and records them."""

    takes_probabilities = True
    given: list = field(default_factory=list, compare=False)

    def update(self, state, transition, rng):
        self.given.append((state.copy(), transition))
        return super().update(state, transition, rng)


def test_a_learner_that_asks_for_probabilities_gets_those_its_actions_were_drawn_from():
    for wrap in (lambda learner: learner, lambda learner: brl.ValueDifference(learner, inverse_sensitivity=1.0)):
        for environment in (brl.Environment(TAXI).make(), gymnasium.make_vec(TAXI, num_envs=1)):
            learner = Weighing(0.5)
            transitions = list(islice(Training(environment, brl.Agent(wrap(learner), brl.Boltzmann(0.5)), seed=2), 200))
            before = None
            for (table, seen), t in zip(learner.given, transitions, strict=True):
                assert seen.probabilities is t.probabilities
                values = table[t.observation]
                if before is not None and before.next_available is not None and not before.truncated:
                    values = mask(values, before.next_available)
                    np.testing.assert_allclose(t.probabilities, brl.Boltzmann(0.5)(values, 0), rtol=1e-14)
                before = t
    assert all(t.probabilities is None for t in islice(Training(SINGLE[0].make(), AGENTS[2], seed=0), 20))


def test_a_vector_that_returns_another_number_of_rows_raises_an_error():
    vector, _ = corridors("NextStep")
    training, step = Training(vector, AGENTS[0], seed=0), vector.step
    vector.step = lambda actions: (lambda seen, paid, *rest: (seen, paid[:2], *rest))(*step(actions))
    with pytest.raises(ValueError, match=r"rewards must have one entry for each of the 3 rows, got shape \(2,\)"):
        next(training)


def test_a_same_step_autoreset_without_the_final_observation_raises_an_error():
    vector, _ = corridors("SameStep")
    training, step = Training(vector, AGENTS[0], seed=0), vector.step
    vector.step = lambda actions: (*step(actions)[:4], {})
    with pytest.raises(ValueError, match=r"row 2, with seed \d+, episode 0, step 0: .* no info\['final_obs'\]"):
        next(training)


def test_clocks_of_visits_and_memories_are_refused_with_features_and_the_remedy_is_named():
    pytest.importorskip("boltzmann_rl.environments.tile_coding")
    from boltzmann_rl.environments.tile_coding import TileCoding

    for agent in (AGENTS[6], AGENTS[8]):
        with pytest.raises(TypeError, match=r"observations are features: use the clock 'step'"):
            Training(TileCoding(gymnasium.make("MountainCar-v0")), agent, seed=0)
    transitions = list(islice(Training(TileCoding(gymnasium.make("MountainCar-v0")), AGENTS[1], seed=0), 20))
    assert all(len(t.observation) == 8 for t in transitions)


def make_single():
    return brl.Environment("FrozenLake-v1").make()


def make_vector():
    return gymnasium.make_vec(TAXI, num_envs=3, vectorization_mode="sync", max_episode_steps=7)


@pytest.mark.parametrize("make", [make_single, make_vector])
@pytest.mark.parametrize("agent", AGENTS, ids=lambda agent: f"{type(agent.learner).__name__}-{agent.clock}")
def test_looking_changes_nothing(make, agent):
    seen, unseen = Training(make(), agent, seed=1), Training(make(), agent, seed=1)
    before = seen.look()
    for _ in range(60):
        next(seen)
        first, second = seen.look(), seen.look()
        for one, other in zip(first, second, strict=True):
            assert np.asarray(one).tobytes() == np.asarray(other).tobytes()
    list(islice(unseen, 60))
    assert cloudpickle.dumps(seen._loop.player.action_rng) == cloudpickle.dumps(unseen._loop.player.action_rng)
    assert same(islice(seen, 60), list(islice(unseen, 60)))
    assert seen.values.tobytes() == unseen.values.tobytes()
    assert before.values.shape == before.probabilities.shape


def test_look_returns_the_probabilities_in_the_current_state():
    training = Training(make_single(), brl.Agent(brl.QLearning(0.5, initial=1.0), COOLING), seed=0)
    for t in islice(training, 100):
        look, at = training.look(), t.observation if t.terminated or t.truncated else t.next_observation
        values, temperature = training.values[at], COOLING.temperature(training.step)
        weights = np.exp((values - values.max()) / temperature)
        p = weights / weights.sum()
        np.testing.assert_allclose(look.probabilities, p, rtol=1e-13)
        assert look.temperature == temperature
        assert look.entropy == pytest.approx(-(p * np.log(p)).sum())
        assert look.effective_actions == pytest.approx(np.exp(-(p * np.log(p)).sum()))
        assert look.greedy_share == pytest.approx(p[values == values.max()].sum())


def test_episodes_are_counted_over_all_rows_and_a_training_may_continue_with_more():
    training = Training(corridors("SameStep")[0], brl.Agent(brl.QLearning(), brl.Uniform()), seed=0)
    first, more = list(training.episodes(4)), list(training.episodes(5))
    assert [episode.episode for episode in first + more] == list(range(9))
    assert {(e.environment, e.length, e.total_reward) for e in first + more} == {(0, 3, 6.0), (1, 5, 15.0), (2, 1, 1.0)}
    assert list(training.episodes(0)) == []


def test_episode_statistics_of_gymnasium_agree_with_the_episodes_of_a_training():
    env = gymnasium.wrappers.RecordEpisodeStatistics(brl.Environment("CliffWalking-v1", 50).make())
    episodes = list(Training(env, AGENTS[1], seed=0).episodes(20))
    assert list(env.return_queue) == [episode.total_reward for episode in episodes]
    assert list(env.length_queue) == [episode.length for episode in episodes]


@pytest.mark.parametrize("mode", [AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP], ids=str)
@vectors_are_sound
def test_episode_statistics_of_a_vector_agree_with_the_episodes_of_a_training(mode):
    env = gymnasium.wrappers.vector.RecordEpisodeStatistics(corridors(mode)[0])
    episodes = list(Training(env, AGENTS[1], seed=0).episodes(20))
    assert list(env.return_queue)[:20] == [episode.total_reward for episode in episodes]


def test_cliff_walking_is_learned_by_four_environments_at_once():
    """Example 6.6 of Sutton & Barto (2018): 13 steps along the edge."""
    vector = gymnasium.make_vec("CliffWalking-v1", num_envs=4, vectorization_mode="sync", max_episode_steps=500)
    training = Training(vector, brl.Agent(brl.QLearning(0.5), brl.EpsilonGreedy(0.1)), seed=1)
    list(training.episodes(500))
    assert training.values[36].max() == pytest.approx(-13.0)


def test_wrong_arguments_are_refused():
    with pytest.raises(TypeError, match="agent must be Agent"):
        Training(make_single(), brl.QLearning(), seed=0)
    with pytest.raises(ValueError, match="seed must be"):
        Training(make_single(), AGENTS[0], seed=-1)
    with pytest.raises(ValueError, match="number must be 0 or more, got -1"):
        Training(make_single(), AGENTS[0], seed=0).episodes(-1)
    env = Corridor()
    env.action_space = Box(0.0, 1.0, (1,))
    with pytest.raises(TypeError, match="Discrete action space"):
        Training(env, AGENTS[0], seed=0)


class Optional(brl.QLearning):
    """Its update has an optional argument that no loop passes."""

    def update(self, state, transition, rng, verbose=False):
        return super().update(state, transition, rng)


class Anything(brl.QLearning):
    """Its update takes any arguments."""

    def update(self, *experience):
        return super().update(*experience)


@pytest.mark.parametrize("learner", [Optional(0.5), Anything(0.5)])
def test_the_update_of_a_learner_may_have_any_signature_that_fits(learner):
    ours, plain = (
        list(islice(Training(make_single(), brl.Agent(one, brl.Boltzmann(0.5)), seed=0), 50))
        for one in (learner, brl.QLearning(0.5))
    )
    assert same(ours, plain)


def test_a_training_that_cannot_work_is_refused_at_once():
    with pytest.raises(TypeError, match=r"SampleAverage.* learns from a bandit's pulls, .* QLearning"):
        Training(SINGLE[0].make(), brl.Agent(brl.SampleAverage(), brl.Boltzmann(0.1)), seed=0)
    with pytest.raises(
        TypeError, match=r"env must be .*string 'CliffWalking-v1': .*gymnasium.make\('CliffWalking-v1'\)"
    ):
        Training("CliffWalking-v1", AGENTS[0], seed=0)
