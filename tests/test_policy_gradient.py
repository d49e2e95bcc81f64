"""Softmax in action preferences: gradients against finite differences, the book's boxes, and the short corridor."""

import math

import gymnasium
import numpy as np
import pytest
from cases import in_one_test

import boltzmann_rl.gridworlds  # noqa: F401 - registers the short corridor
from boltzmann_rl import Agent, Boltzmann, log_softmax, mask, softmax, train
from boltzmann_rl.gridworlds import TabularEnv
from boltzmann_rl.learners.features import row
from boltzmann_rl.learners.policy_gradient import ActorCritic, Reinforce
from boltzmann_rl.protocols import Transition
from boltzmann_rl.schedules import InverseTime

STATES, ACTIONS = 4, 3
BEST = 2.0 - math.sqrt(2.0)


def seen(s=0, a=0, r=1.0, to=0, over="", step=0, p=None):
    return Transition(step, s, a, r, to, over == "terminated", over == "truncated", probabilities=p)


def run(learner, trajectory, state=None, shape=(STATES, ACTIONS)):
    rng = np.random.default_rng(0)
    state = learner.start(shape, rng) if state is None else state
    for transition in trajectory:
        state = learner.update(state, transition, rng)
    return state


def trajectory(seed, steps=150):
    rng = np.random.default_rng(seed)
    overs = rng.choice(["", "terminated", "truncated"], p=[0.8, 0.1, 0.1], size=steps)
    return [
        seen(
            int(rng.integers(STATES)),
            int(rng.integers(ACTIONS)),
            float(rng.normal()),
            int(rng.integers(STATES)),
            over,
            step,
            rng.dirichlet(np.ones(ACTIONS)),
        )
        for step, over in enumerate(overs)
    ]


# The gradient


@in_one_test("learner", [Reinforce(0.5), ActorCritic(0.5, 0.1)], ids=repr)
@in_one_test("observation", [2, np.array([0, 3]), np.array([0.5, -1.0, 2.0, 0.0])], ids=repr)
def test_one_step_moves_along_the_gradient_of_the_log_probability(learner, observation):
    """With state value 0 the error is the reward: θ changes by learning_rate·reward·∇ln π (central differences)."""
    theta, action, h = np.random.default_rng(0).normal(size=(STATES, ACTIONS)), 1, 1e-5
    state = learner.start(theta.shape, np.random.default_rng(0))
    learner.values(state)[...] = theta
    p = softmax(row(theta, observation))
    run(learner, [seen(observation, action, 3.0, over="terminated", p=p)], state)
    for index in np.ndindex(theta.shape):
        nudge = np.zeros_like(theta)
        nudge[index] = h
        ahead, behind = (log_softmax(row(theta + sign * nudge, observation))[action] for sign in (1, -1))
        moved = learner.values(state)[index] - theta[index]
        assert moved == pytest.approx(0.5 * 3.0 * (ahead - behind) / (2 * h), abs=1e-9)


@pytest.mark.parametrize("learner", [Reinforce(0.5, 0.2), ActorCritic(0.5, 0.1)], ids=repr)
def test_the_preference_of_an_unavailable_action_does_not_change(learner):
    p = softmax(mask(np.zeros(ACTIONS), [True, False, True]))
    state = run(learner, [seen(a=2, p=p, over="terminated")] * 20)
    assert learner.values(state)[0, 1] == 0.0
    assert learner.values(state)[0, 2] > 0.5


# The boxes of the book


@in_one_test("from_start", [True, False])
@in_one_test("rates", [(0.3, 0.0), (0.3, 0.4), (InverseTime(1.0, 0.1), InverseTime(0.5, 0.2))], ids=repr)
def test_reinforce_follows_the_box_on_page_330(rates, from_start):
    discount, theta, w, episode = 0.9, np.zeros((STATES, ACTIONS)), np.zeros(STATES), []
    for t in trajectory(seed=1):
        episode.append(t)
        if not (t.terminated or t.truncated):
            continue
        alpha, beta = (rate if isinstance(rate, float) else rate(t.step) for rate in rates)
        beyond = 0.0 if t.terminated else w[t.next_observation]
        for k, u in enumerate(episode):
            rest = episode[k:]
            total = sum(discount**i * v.reward for i, v in enumerate(rest)) + discount ** len(rest) * beyond
            delta = total - w[u.observation]
            w[u.observation] += beta * delta
            for b in range(ACTIONS):
                score = (b == u.action) - u.probabilities[b]
                theta[u.observation, b] += alpha * (discount**k if from_start else 1.0) * delta * score
        episode = []
    state = run(Reinforce(*rates, discount, from_start=from_start), trajectory(seed=1))
    assert state.values == pytest.approx(theta, rel=1e-10)
    assert state.baseline[:, 0] == pytest.approx(w, rel=1e-10)


@pytest.mark.parametrize("from_start", [True, False])
@pytest.mark.parametrize("rates", [(0.3, 0.4), (InverseTime(1.0, 0.1), InverseTime(0.5, 0.2))], ids=repr)
def test_the_actor_critic_follows_the_box_on_page_332(rates, from_start):
    discount, theta, w, weight = 0.9, np.zeros((STATES, ACTIONS)), np.zeros(STATES), 1.0
    for t in trajectory(seed=2):
        alpha, beta = (rate if isinstance(rate, float) else rate(t.step) for rate in rates)
        delta = t.reward + (0.0 if t.terminated else discount * w[t.next_observation]) - w[t.observation]
        w[t.observation] += beta * delta
        for b in range(ACTIONS):
            theta[t.observation, b] += alpha * weight * delta * ((b == t.action) - t.probabilities[b])
        weight = 1.0 if t.terminated or t.truncated or not from_start else weight * discount
    state = run(ActorCritic(*rates, discount, from_start=from_start), trajectory(seed=2))
    assert state.values == pytest.approx(theta, rel=1e-10)
    assert state.critic[:, 0] == pytest.approx(w, rel=1e-10)


def test_reinforce_learns_nothing_before_an_episode_ends():
    learner = Reinforce(0.5, 0.5)
    state = run(learner, [seen(p=np.full(3, 1 / 3))] * 5)
    assert not state.values.any()
    assert run(learner, [seen(p=np.full(3, 1 / 3), over="truncated")], state).values.any()
    assert not any(state.played.values())


# The short corridor with switched actions (Example 13.1)


def value_of(right):
    """The value of the start if right is taken with probability p: (2p − 4)/(p(1 − p)), solved by hand."""
    return (2.0 * right - 4.0) / (right * (1.0 - right))


def corridor_episodes(right, episodes, seed):
    """Episodes of the corridor under one policy, as transitions, simulated by hand."""
    rng, p = np.random.default_rng(seed), np.array([1.0 - right, right])
    for _ in range(episodes):
        position, walk = 0, []
        while position < 3:
            action = int(rng.random() < right)
            ahead = action == (position != 1)
            position = position + 1 if ahead else max(position - 1, 0)
            walk.append(seen(0, action, -1.0, 0, "terminated" if position == 3 else "", p=p))
        yield walk


def test_the_best_policy_of_the_corridor_is_that_of_the_book():
    assert value_of(BEST) == pytest.approx(-(6.0 + 4.0 * math.sqrt(2.0)), rel=1e-14)
    assert max(value_of(p) for p in np.linspace(0.01, 0.99, 999)) <= value_of(BEST)


@pytest.mark.parametrize("baseline", [0.0, -11.0])
def test_the_mean_update_of_reinforce_is_the_gradient_of_the_value_with_any_baseline(baseline):
    """Its mean update is J'(p)·p(1 − p) for the preference of right; 4.9 standard errors, false alarms: 1e-6."""
    right, moves, learner = 0.3, [], Reinforce(1.0)
    for walk in corridor_episodes(right, episodes=4000, seed=0):
        state = learner.start((1, 2), np.random.default_rng(0))
        state.baseline[...] = baseline
        moves.append(run(learner, walk, state).values[0, 1])
    h = 1e-6
    slope = (value_of(right + h) - value_of(right - h)) / (2 * h)
    assert abs(np.mean(moves) - slope * right * (1 - right)) < 4.9 * np.std(moves) / len(moves) ** 0.5


def test_one_step_bootstrapping_is_biased_if_states_look_alike():
    """With one value v for all states, δ = −1 except in the last step: right is updated by −v(1 − p) > 0 on average."""
    right, v, moves, learner = 0.8, -12.0, [], ActorCritic(1.0, 0.0)
    for walk in corridor_episodes(right, episodes=3000, seed=0):
        state = learner.start((1, 2), np.random.default_rng(0))
        state.critic[...] = v
        moves.append(run(learner, walk, state).values[0, 1])
    assert abs(np.mean(moves) + v * (1 - right)) < 4.9 * np.std(moves) / len(moves) ** 0.5
    assert value_of(right + 0.01) < value_of(right)  # although right is already taken too often


@pytest.mark.parametrize("learner", [Reinforce(2.0**-12, 0.0), Reinforce(2.0**-9, 2.0**-6)], ids=repr)
def test_reinforce_reaches_the_value_of_the_best_policy_as_in_figures_13_1_and_13_2(learner):
    left = (math.log(19.0), 0.0)
    agent = Agent(Reinforce(learner.learning_rate, learner.baseline_rate, initial=left), Boltzmann(1.0))
    env = gymnasium.make("boltzmann_rl/ShortCorridor-v0", max_episode_steps=1000)
    returns, policies = [], []
    for seed in range(6):
        episodes = [(e.total_reward, softmax(e.values[0])[1]) for e in train(env, agent, episodes=1000, seed=seed)]
        returns.append([total for total, _ in episodes])
        policies.append(episodes[-1][1])
    assert np.mean(returns, axis=0)[:10].mean() < -30.0  # it begins at −82
    assert -12.7 < np.mean(returns, axis=0)[-300:].mean() < -10.7  # the best is −11.66
    assert abs(np.mean(policies) - BEST) < 0.1


@pytest.mark.parametrize("learner", [ActorCritic(0.3, 0.3), Reinforce(0.05, 0.2)], ids=repr)
def test_with_observable_states_the_shortest_path_is_found(learner):
    hidden = gymnasium.make("boltzmann_rl/ShortCorridor-v0").unwrapped
    env = TabularEnv(hidden.P, hidden.initial_state_distrib)
    *_, last = train(env, Agent(learner, Boltzmann(1.0)), episodes=600, seed=0)
    assert softmax(last.values[:3])[[0, 1, 2], [1, 0, 1]].min() > 0.9


# Invalid settings


@in_one_test(
    ("make", "kind", "message"),
    [
        (lambda: Reinforce(-0.1), ValueError, "learning_rate must be 0 or more, got -0.1"),
        (lambda: Reinforce(0.1, 1.5), ValueError, r"baseline_rate must be in \[0, 1\], got 1.5"),
        (lambda: ActorCritic(0.1, 2.0), ValueError, r"critic_rate must be in \[0, 1\], got 2.0"),
        (lambda: ActorCritic(0.1, 0.1, 1.5), ValueError, r"discount must be in \[0, 1\], got 1.5"),
        (lambda: Reinforce(0.1, initial=[0.0, np.inf]), ValueError, "initial must be finite, got inf"),
        (lambda: Reinforce(0.1, initial=[[0.0]]), ValueError, "initial must be one number, or one for each action"),
        (lambda: Reinforce(0.1, from_start=1), TypeError, "from_start must be True or False, got 1"),
        (lambda: run(Reinforce(0.1, initial=(1, 2)), []), ValueError, "one for each of 3 actions"),
        (lambda: run(Reinforce(0.1), [seen()]), ValueError, "has no probabilities"),
        (lambda: run(ActorCritic(0.1, 0.1), [seen()]), ValueError, "has no probabilities"),
    ],
)
def test_invalid_settings_are_refused_by_name(make, kind, message):
    with pytest.raises(kind, match=message):
        make()


@pytest.mark.parametrize("learner", [Reinforce(0.1, initial=[1, 2]), ActorCritic(0.1, 0.2, from_start=False)], ids=repr)
def test_the_repr_of_a_learner_is_its_code_and_it_starts_at_its_initial_preferences(learner):
    assert eval(repr(learner)) == learner
    assert run(learner, [], shape=(3, 2)).values.tolist() == [[1.0, 2.0] if learner.initial else [0.0, 0.0]] * 3


@pytest.mark.parametrize(
    "learner", [Reinforce(0.01, 0.1, discount=0.5), ActorCritic(0.01, 0.1, discount=0.5)], ids=repr
)
def test_a_discount_that_underflows_raises_no_floating_point_error(learner):
    rng, p = np.random.default_rng(0), np.array([0.5, 0.5])
    with np.errstate(all="raise"):
        state = learner.start((1, 2), rng)
        for step in range(1200):
            seen = Transition(step, 0, 0, -1.0, 0, step == 1199, False, probabilities=p)
            state = learner.update(state, seen, rng)
    assert np.isfinite(learner.values(state)).all()
