"""Exact Boltzmann exploration on a bandit with very many arms, in sublinear time per step."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from boltzmann_rl.arguments import Floats, as_integer, real_array
from boltzmann_rl.arguments.near_names import suggesting
from boltzmann_rl.bandits.stationary import GaussianBandit
from boltzmann_rl.many_actions import draws
from boltzmann_rl.schedules import as_parameter, evaluate
from boltzmann_rl.streams import stream

# Rewards below this have differences that do not overflow.
_LARGEST = 8e307


class History(NamedTuple):
    """What happened in one run, step by step."""

    actions: NDArray[np.int64]
    rewards: Floats
    regret: Floats  # the highest mean minus that of the arm


@suggesting
def play_many_arms(bandit: GaussianBandit, temperature: Any, *, steps: int, seed: int) -> History:
    """One run of Boltzmann exploration on sample averages, in which no step visits all arms.

    Equal in distribution to ``Agent(SampleAverage(), Boltzmann(temperature))`` in the simulation, but not action for
    action: arms are drawn as by `BoltzmannSampler`, from separate random streams. An arm's estimate is 0 until it is
    pulled. The temperature at step t is the schedule at t, the number of pulls so far. Memory is about fifty bytes per
    step and a hundred per arm.

    Args:
        bandit: Gaussian, with constant means.
        temperature: In units of the rewards, 0 to ∞: a number, or a schedule.
        steps: Number of pulls, ≥ 1.
        seed: In [0, 2⁶³).

    Returns:
        Actions, rewards and regret of each step, ``(steps,)``.

    Raises:
        TypeError: Another bandit.
        ValueError: A bandit whose means drift, a temperature that is negative or NaN at some step, or rewards too large
            for their differences.

    Example:
        >>> from boltzmann_rl.schedules import Exponential
        >>> bandit = GaussianBandit(arms=1000)
        >>> regret = play_many_arms(bandit, Exponential(1.0, 0.1, steps=5000), steps=20_000, seed=0).regret
        >>> bool(regret[:1000].mean() > 2.0 * regret[-1000:].mean())
        True

    Source: Sutton & Barto (2018), §2.2-2.4, with the sampler for the softmax.
    """
    if type(bandit) is not GaussianBandit:
        raise TypeError(f"bandit must be a GaussianBandit, got {bandit!r}: BanditExperiment plays any bandit")
    if bandit.drift:
        raise ValueError(f"bandit must have drift=0, got {bandit.drift}: every step would change all means")
    steps = as_integer(steps, "steps", minimum=1)
    problem, rewarding, acting = (stream(seed, "many arms", purpose) for purpose in ("problem", "reward", "action"))
    means = bandit.start(1, problem)[0]
    noise = bandit.reward(np.zeros(steps), bandit.noise(steps, rewarding))
    largest = abs(means).max() + abs(noise).max()
    if not largest < _LARGEST:
        raise ValueError(f"{bandit!r} may pay {largest:g}: rewards must be below {_LARGEST:g}")
    actions, rewards = np.empty(steps, dtype=np.int64), np.empty(steps)
    run = draws.Run(_temperatures(temperature, steps), noise, actions, rewards, means, np.zeros(bandit.arms))
    draws.run_bandit(run, acting)
    return History(actions, rewards, means.max() - means[actions])


def _temperatures(schedule: Any, steps: int) -> Floats:
    """The schedule at each step."""
    found = real_array(evaluate(as_parameter(schedule, "temperature"), np.arange(steps)), "temperature")
    if not (found >= 0.0).all():
        step = int((~(found >= 0.0)).argmax())
        raise ValueError(f"temperature must be 0 or more, got {found[step]} at step {step}")
    return found
