"""Bandit environments with the rest of Gymnasium: specs, time limits, wrappers, pictures."""

import gymnasium
import numpy as np
import pytest
from cases import in_one_test
from gymnasium import wrappers
from gymnasium.envs.registration import EnvSpec
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from gymnasium.wrappers import vector as vector_wrappers

from boltzmann_rl.bandit_environments.environments import BanditEnv, BanditVectorEnv
from boltzmann_rl.bandits.catalogue import PROBLEMS as BANDITS

IDS = [f"boltzmann_rl/{name}-v0" for name in BANDITS]
CONTEXTUAL = [name for name in IDS if "Classification" in name or "Contextual" in name]
ROWS = [[1, 0, 3], [0, 1, 5], [4, 4, 0], [2, 8, 1]]


def ends(env, number):
    """The flags terminated and truncated of ``number`` steps, with a reset after each episode."""
    env.reset(seed=0)
    flags = []
    for _ in range(number):
        flags.append(env.step(0)[2:4])
        if any(flags[-1]):
            env.reset()
    return flags


@in_one_test("steps", [2, 5, 1000])
@in_one_test("name", IDS)
def test_the_spec_says_after_how_many_steps_an_episode_is_truncated(name, steps):
    assert gymnasium.make(name, steps=steps).spec.max_episode_steps == steps
    assert gymnasium.make_vec(name, num_envs=2, steps=steps).spec.max_episode_steps == steps
    assert gymnasium.make(name, steps=steps, max_episode_steps=7).spec.max_episode_steps == 7
    assert gymnasium.spec(name).max_episode_steps is None  # the id alone does not determine the number of steps


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_an_environment_made_from_a_spec_has_the_same_episodes(steps):
    first = gymnasium.make("boltzmann_rl/BernoulliBandit-v0", steps=steps)
    again = gymnasium.make(EnvSpec.from_json(first.spec.to_json()))
    assert (
        ends(first, 12)
        == ends(again, 12)
        == ([(False, False)] * (steps - 1) + [(steps == 1, steps > 1)]) * (12 // steps)
    )
    vector = gymnasium.make_vec("boltzmann_rl/BernoulliBandit-v0", num_envs=2, steps=steps)
    for envs in (vector, gymnasium.make_vec(vector.spec)):
        envs.reset(seed=0)
        *_, last = (envs.step(np.zeros(2, dtype=int)) for _ in range(steps))
        assert last[2].tolist() == [steps == 1] * 2
        assert last[3].tolist() == [steps > 1] * 2


@pytest.mark.parametrize(("steps", "limit"), [(5, 3), (3, 5), (1, 4), (4, 1)])
def test_a_vector_takes_a_time_limit_as_single_environments_do(steps, limit):
    options = {"steps": steps, "max_episode_steps": limit, "rewards": ROWS}
    single = lambda: gymnasium.make("boltzmann_rl/AdversarialBandit-v0", **options)  # noqa: E731 - made twice
    theirs, ours = SyncVectorEnv([single] * 2), BanditVectorEnv("AdversarialBandit", 2, **options)
    theirs.reset(seed=0), ours.reset(seed=0)
    for _ in range(13):
        expected, got = theirs.step(np.array([0, 1])), ours.step(np.array([0, 1]))
        for one, other in zip(expected[:4], got[:4], strict=True):
            assert one.tolist() == other.tolist()


@in_one_test("name", IDS)
def test_wrappers_that_need_a_time_limit_find_one(name):
    env = wrappers.TimeAwareObservation(gymnasium.make(name, steps=4), flatten=False, normalize_time=True)
    env.reset(seed=0)
    assert [float(env.step(0)[0]["time"][0]) for _ in range(4)] == [0.25, 0.5, 0.75, 1.0]


@in_one_test(
    "wrap",
    [
        lambda env: wrappers.FrameStackObservation(env, 3),
        lambda env: wrappers.DelayObservation(env, 1),
        lambda env: wrappers.MaxAndSkipObservation(env, 2),
        lambda env: wrappers.FlattenObservation(env),
        lambda env: wrappers.NormalizeReward(env),
        lambda env: wrappers.RecordEpisodeStatistics(env),
        lambda env: wrappers.TimeAwareObservation(env),
        lambda env: wrappers.StickyAction(env, 0.5),
        lambda env: wrappers.Autoreset(env),
        lambda env: wrappers.TimeLimit(env, 3),
    ],
)
@in_one_test("name", IDS)
def test_every_observation_under_a_gymnasium_wrapper_is_in_its_space(name, wrap):
    env = wrap(gymnasium.make(name, steps=5))
    assert env.reset(seed=0)[0] in env.observation_space
    for _ in range(8):
        observation, _, terminated, truncated, _ = env.step(0)
        assert observation in env.observation_space
        if (terminated or truncated) and not isinstance(env, wrappers.Autoreset):
            env.reset()


@in_one_test("mode", [mode.value for mode in AutoresetMode])
@in_one_test("name", IDS)
def test_a_vector_declares_its_autoreset_mode_twice_and_runs_under_vector_wrappers(name, mode):
    env = gymnasium.make_vec(name, num_envs=2, steps=3, autoreset_mode=mode)
    assert env.unwrapped.autoreset_mode is env.metadata["autoreset_mode"] is AutoresetMode(mode)
    for wrap in (vector_wrappers.RecordEpisodeStatistics, vector_wrappers.NormalizeReward):
        wrapped = wrap(gymnasium.make_vec(name, num_envs=2, steps=3, autoreset_mode=mode))
        wrapped.reset(seed=0)
        *_, (observations, *_) = (wrapped.step(np.zeros(2, dtype=int)) for _ in range(3))
        assert observations in wrapped.observation_space


@pytest.mark.parametrize("name", CONTEXTUAL)
def test_contexts_are_float32(name):
    single, many = gymnasium.make(name), gymnasium.make_vec(name, num_envs=3)
    assert single.observation_space.dtype == many.observation_space.dtype == np.float32
    for env, action in ((single, 0), (many, np.zeros(3, dtype=int))):
        assert env.reset(seed=0)[0].dtype == env.step(action)[0].dtype == np.float32


def test_rewards_belong_to_the_rounded_context_that_was_observed():
    weights = np.array([[1e6, -1e6], [3e5, 7e5]])
    env = BanditEnv("ContextualLinearBandit", weights=weights.tolist(), sd=0.0)
    seen, _ = env.reset(seed=0)
    for arm in (0, 1, 0, 1):
        expected = weights[arm] @ seen.astype(np.float64)  # weights of 1e6 make the rounding of contexts visible
        seen, reward, *_ = env.step(arm)
        assert reward == pytest.approx(expected, rel=1e-12)


def test_a_list_of_pictures_equals_that_of_gymnasiums_render_collection():
    options = {"steps": 3, "rewards": ROWS}
    theirs = wrappers.RenderCollection(BanditEnv("AdversarialBandit", render_mode="rgb_array", **options))
    ours = gymnasium.make("boltzmann_rl/AdversarialBandit-v0", render_mode="rgb_array_list", **options)
    assert ours.render_mode == theirs.render_mode == "rgb_array_list"
    for env in (theirs, ours):
        env.reset(seed=0)
        env.step(0)
        env.reset()
    for arms in ([], [0, 1], [2]):
        for env in (theirs, ours):
            for arm in arms:
                env.step(arm)
        assert_alike(theirs.render(), ours.render())


@pytest.mark.parametrize("mode", [mode.value for mode in AutoresetMode])
def test_lists_of_pictures_of_a_vector_equal_those_of_single_environments(mode):
    options = {"steps": 2, "rewards": ROWS, "render_mode": "rgb_array_list"}
    single = lambda: wrappers.RenderCollection(  # noqa: E731 - made twice
        BanditEnv("AdversarialBandit", steps=2, rewards=ROWS, render_mode="rgb_array")
    )
    theirs = SyncVectorEnv([single] * 2, autoreset_mode=AutoresetMode(mode))
    ours = BanditVectorEnv("AdversarialBandit", 2, autoreset_mode=mode, **options)
    for env in (theirs, ours):
        env.reset(seed=0)
    for step in range(7):
        over, _ = (env.step(np.array([step % 3, 1]))[3] for env in (theirs, ours))
        if mode == "Disabled" and over.any():
            for env in (theirs, ours):
                env.reset(options={"reset_mask": over.copy()})
        if step in (0, 1, 4, 6):
            for mine, yours in zip(theirs.render(), ours.render(), strict=True):
                assert_alike(mine, yours)


def assert_alike(expected, got):
    assert len(expected) == len(got)
    assert all(np.array_equal(one, other) for one, other in zip(expected, got, strict=True))


@pytest.mark.parametrize("make", [gymnasium.make, gymnasium.make_vec])
def test_an_unknown_parameter_is_refused_with_pythons_own_message(make):
    """TorchRL and others recognise by it that an environment does not support one of their arguments."""
    with pytest.raises(TypeError, match="got an unexpected keyword argument 'frameskip': it takes means, arms"):
        make("boltzmann_rl/GaussianBandit-v0", frameskip=1)
