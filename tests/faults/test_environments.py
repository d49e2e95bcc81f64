"""Environments that break their contract fail their cells, by name; the others are finished."""

import warnings

import gymnasium as gym
import numpy as np
import pytest

import boltzmann_rl as brl
from boltzmann_rl.storage import atomic, segments

AGENTS = {"q": brl.Agent(brl.QLearning(), brl.Boltzmann(0.1))}
REWARDS = {"nan": float("nan"), "inf": float("inf"), "None": None, "array": np.ones(2)}


class Breaks(gym.Env):
    """Episodes of 10 steps; at step 6, counted from 0, one answer is not allowed."""

    observation_space = gym.spaces.Discrete(4)
    action_space = gym.spaces.Discrete(3, start=5)

    def __init__(self, how):
        self.how, self.step_number = how, 0

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.step_number = 0
        if self.how == "reset":
            raise OSError("no world today")
        return np.int64(2), {}

    def step(self, action):
        assert type(action) in (int, np.int64)
        assert 5 <= action <= 7
        breaks = self.step_number == 6
        self.step_number += 1
        reward = REWARDS.get(self.how, 1.0) if breaks else 1.0
        return 99 if breaks and self.how == "observation" else np.int64(2), reward, self.step_number >= 10, False, {}


SAID = {
    "nan": "ValueError: Nan-v0 with seed [0-9]+, episode 0, step 6: reward must be a number, got nan",
    "inf": "ValueError: Inf-v0 with seed [0-9]+, episode 0, step 6: reward must be finite, got inf",
    "None": "TypeError: None-v0 with seed [0-9]+, episode 0, step 6: reward must be a number, got None",
    "array": "TypeError: Array-v0 with seed [0-9]+, episode 0, step 6: reward must be a number, got array",
    "observation": "ValueError: Observation-v0 with seed [0-9]+, episode 0, step 6: observation 99 lies outside",
    "reset": "RuntimeError: Reset-v0 with seed [0-9]+, episode 0, step 0, reset raised OSError: no world today",
}


@pytest.fixture(autouse=True)
def registered():
    names = [f"{how.capitalize()}-v0" for how in ("fine", *SAID)]
    for name, how in zip(names, ("fine", *SAID), strict=True):
        gym.register(name, Breaks, kwargs={"how": how}, disable_env_checker=True)
    yield
    for name in names:
        del gym.registry[name]


def experiment_on(*problems):
    found = {how: brl.Environment(f"{how.capitalize()}-v0") for how in problems}
    return brl.GymnasiumExperiment("x", found, AGENTS, runs=2, episodes=3, seed=4)


@pytest.mark.parametrize("how", SAID)
def test_an_environment_that_breaks_its_contract_is_named_and_the_others_go_on(tmp_path, how):
    """The one that keeps it has 3 actions from 5 to 7, and rewards of 1 for 10 steps."""
    with pytest.warns(UserWarning, match=f"q on {how}, run 0: {SAID[how]}"):
        results = experiment_on(how, "fine").run(progress=False, results=tmp_path)
    assert list(results.summary["problem"]) == ["fine"]
    assert results.summary["return"].tolist() == [10.0]
    assert {failure.problem for failure in results.failures} == {how}


def test_cells_that_fail_at_each_resume_are_tried_once_each_time(tmp_path):
    for _ in range(2):
        with pytest.warns(UserWarning, match=r"q on nan, run 0: .* \(and 1 more cells of this agent\)"):
            results = experiment_on("nan", "fine").run(progress=False, results=tmp_path)
        assert len(results.failures) == 2
        assert len(list((tmp_path / "x" / "failures").iterdir())) == 2


@pytest.mark.parametrize("operation", ["fsync", "replace", "open"])
@pytest.mark.parametrize("first", [0, 1, 2, 4, 8])
def test_a_disk_whose_every_operation_fails_from_one_on_loses_nothing(tmp_path, monkeypatch, operation, first):
    """What was finished is completed later to the same bytes; the error names a path in the folder."""
    expected = experiment_on("fine").run(progress=False)
    calls = [0]

    def failing(original):
        def call(*arguments, **options):
            calls[0] += 1
            if calls[0] > first:
                raise OSError(5, "Input/output error", str(tmp_path / "x"))
            return original(*arguments, **options)

        return call

    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings(action="ignore"):
        if operation == "open":
            patch.setattr(segments, "_begun", failing(segments._begun))
            patch.setattr(atomic, "_staged", failing(atomic._staged))
        else:
            patch.setattr(f"boltzmann_rl.storage.atomic.os.{operation}", failing(getattr(atomic.os, operation)))
        said = str(tmp_path / "x")  # if so many operations are not needed
        try:
            experiment_on("fine").run(progress=False, results=tmp_path)
        except OSError as error:
            said = str(error)
    assert str(tmp_path / "x") in said
    with warnings.catch_warnings(action="ignore"):  # a segment may be empty, and is set aside
        results = experiment_on("fine").run(progress=False, results=tmp_path)
    for table in ("curves", "summary", "runs", "run_curves"):
        assert getattr(results, table).equals(getattr(expected, table))
