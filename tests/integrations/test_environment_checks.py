"""Bandit environments under the strictest environment checks of other libraries."""

import warnings

import gymnasium
import pytest

from boltzmann_rl.bandits.catalogue import PROBLEMS as BANDITS

IDS = [f"boltzmann_rl.environments:boltzmann_rl/{name}-v0" for name in BANDITS]  # as the README makes them


@pytest.mark.parametrize("name", IDS)
def test_torchrl_makes_every_bandit_by_its_id_and_finds_its_specs_right(name):
    pytest.importorskip("torchrl")
    from torchrl.envs import GymEnv, check_env_specs

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # TorchRL's deprecations of its own interface
        for settings in ({}, {"categorical_action_encoding": True, "frame_skip": 2}):
            env = GymEnv(name, device="cpu", **settings)
            check_env_specs(env)
            assert env.rollout(3).shape == (3,)


@pytest.mark.parametrize("name", IDS)
def test_stable_baselines3_finds_no_fault_with_any_bandit(name):
    pytest.importorskip("stable_baselines3")
    from stable_baselines3.common.env_checker import check_env

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(gymnasium.make(name, steps=3))
