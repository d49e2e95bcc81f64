"""Links to the playground: what it shows, as the dictionary that `to_dict` writes, after the ``#`` of its address."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

# The file that a page links: boltzmann-rl play --output playground.html --no-browser
PLAYGROUND = "playground.html"

# Learners and policies of the playground, with what it calls the agent.
_AGENTS = {
    ("SampleAverage", "Boltzmann"): "Boltzmann",
    ("SampleAverage", "EpsilonGreedy"): "ε-greedy",
    ("SampleAverage", "BoltzmannGumbel"): "Boltzmann–Gumbel",
    ("UCB1", "Greedy"): "UCB",
}

# What the playground cannot change, as it is there.
_FIXED = {"initial": 0.0, "count_initial": False, "drift": 0.0, "decay": None}

_SCHEDULES = ("Linear", "Cosine", "Exponential", "InverseTime")
_BANDITS = ("GaussianBandit", "BernoulliBandit")
_ARMS = range(2, 21)


def link_to_playground(experiment: Mapping[str, Any], agent: Mapping[str, Any]) -> str | None:
    """The address of the playground that shows an agent of an experiment; None if the playground does not know it.

    It shows the experiment's bandit where that has fixed means, else its own, and the nearest numbers that it allows.

    Args:
        experiment: A `BanditExperiment` as `to_dict` writes it.
        agent: One of its agents.

    Example:
        >>> from boltzmann_rl import Agent, BanditExperiment, Boltzmann, GaussianBandit, SampleAverage, to_dict
        >>> agent = Agent(SampleAverage(), Boltzmann(0.1))
        >>> experiment = to_dict(BanditExperiment("short", GaussianBandit((0.0, 1.0)), {"cool": agent}))
        >>> link_to_playground(experiment, experiment["agents"]["cool"])[:40]
        'playground.html#%7B%22boltzmann_rl%22%3A'
    """
    learner, policy = agent.get("learner", {}), agent.get("policy", {})
    label = _AGENTS.get((learner.get("class"), policy.get("class")))
    if label is None or experiment.get("class") != "BanditExperiment" or not (_known(learner) and _known(policy)):
        return None
    problems = [*experiment["problem"].values()]
    shown: dict[str, Any] = {key: experiment[key] for key in ("boltzmann_rl", "class", "name")}
    shown |= {"problem": problems[0]} if len(problems) == 1 and _is_known_bandit(problems[0]) else {}
    shown |= {"agents": {label: agent}} | {key: experiment[key] for key in ("runs", "steps", "seed")}
    return f"{PLAYGROUND}#{quote(json.dumps(shown, ensure_ascii=False, separators=(',', ':')), safe='')}"


def _known(part: Mapping[str, Any]) -> bool:
    """Whether the playground can show a learner or a policy: fields that it has, numbers and schedules."""
    return all(key == "class" or _is_shown(key, value) for key, value in part.items())


def _is_shown(key: str, value: Any) -> bool:
    if key in _FIXED:
        return bool(value == _FIXED[key])
    if isinstance(value, Mapping):
        return value.get("class") == "float" or (value.get("class") in _SCHEDULES and _known(value))
    return isinstance(value, int | float)


def _is_known_bandit(problem: Mapping[str, Any]) -> bool:
    means = problem.get("means")
    fixed = isinstance(means, list) and len(means) in _ARMS and all(isinstance(mean, int | float) for mean in means)
    return fixed and problem.get("class") in _BANDITS and problem.get("drift") == _FIXED["drift"]
