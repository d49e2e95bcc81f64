"""A training as the content of a file, and a new training that continues from it; each part is checked first."""

from typing import Any

import numpy as np

from boltzmann_rl.arguments import as_integer, as_seed
from boltzmann_rl.environments.interface import name_of
from boltzmann_rl.training.encoding import encoded
from boltzmann_rl.training.places import check_same, description_of, go_to, place_of
from boltzmann_rl.training.players import KEPT
from boltzmann_rl.training.restoring import as_list, as_parts
from boltzmann_rl.training.saving import agent_of, check_agent, named_tuples

_PARTS = ("environment", "agent", "seed", "step", "last", "rewards", "lengths", *KEPT, "loop", "description", "place")
_REMEDY = (
    "a file without code holds arrays, numbers, strings, None, PCG64 generators, and tuples, lists, dicts, deques and "
    "named tuples of these (whose classes are in the learner's module). Build the learner's state from these, or use "
    "save(path, environment='pickle') and load(path, trust=True), which runs code from the file"
)


def packed(training: Any) -> bytes:
    """Everything that the next transition depends on, as the content of a file without code.

    Raises:
        TypeError: The learner's state contains something else; the message says what, where, and the remedy.
    """
    loop, description = training._loop, description_of(training.env)
    parts = (
        _environment(training),
        agent_of(training.agent),
        training.seed,
        training.step,
        _last(training),
        training._rewards,
        training._lengths,
        *loop.player.kept(),
        loop.state(),
        description,
        place_of(training.env),
    )
    try:
        loop.player.check_kept(anew=description is None)
        return encoded(dict(zip(_PARTS, parts, strict=True)), "", named_tuples(training.agent.learner))
    except RecursionError:
        raise TypeError(f"the state is nested too deeply: {_REMEDY}") from None
    except (TypeError, ValueError) as error:
        raise TypeError(f"{error}: {_REMEDY}") from None


def seed_of(found: Any, agent: Any) -> int:
    """The seed of a saved training of this agent.

    Raises:
        ValueError: Another agent.
    """
    _, saved, seed, *_ = as_parts(found, *_PARTS)
    check_agent(agent, saved)
    return as_seed(seed)


def restore(training: Any, found: Any, episode: Any) -> bool:
    """Give a new training the saved state; returns whether new episodes have to begin.

    Args:
        training: Made from the environment, the agent and the seed.
        found: The decoded content of the file.
        episode: The class `Episode`.

    Raises:
        ValueError: Another environment than the one that was saved, or a state that no training has.
    """
    environment, _, _, step, last, rewards, lengths, *kept, loop, description, place = as_parts(found, *_PARTS)
    if environment != (mine := _environment(training)):
        raise ValueError(f"env must be the one that was saved, {_told(environment)}, but is {_told(mine)}")
    rows, anew = training._loop.environments, description is None or description_of(training.env) is None
    if not anew:
        check_same(training.env, description)
    training._loop.player.restore(kept, rows)
    training.last = None if last is None else episode(*_as_last(last, training))
    training.step = as_integer(step, "step")
    training._rewards = [_as_float(reward, "rewards") for reward in as_list(rewards, rows, "rewards")]
    training._lengths = [as_integer(length, "lengths") for length in as_list(lengths, rows, "lengths")]
    training._loop.restore(loop, anew=anew)
    if not anew:
        go_to(training.env, place)
    return anew


def begin_anew(training: Any) -> str:
    """Begin new episodes in a restored training; returns the text of the warning."""
    before = training.step
    while getattr(training._loop, "waits", False):
        next(training)
    loop, learned, dropped = training._loop, training.step - before, sum(training._lengths)
    loop.player.forget()
    loop.begin_anew(training.seed, "after", training.step)
    training._rewards, training._lengths = [0.0] * loop.environments, [0] * loop.environments
    begin = "new episodes begin" if loop.environments > 1 else "a new episode begins"
    waited = f", and {_steps(learned)} that waited to be learned from came first" if learned else ""
    return (
        f"the file does not contain the state of {name_of(training.env)}, since not everything that its next step "
        f"depends on is known: {begin}, with a new seed; {_steps(dropped)} of unfinished episodes will not be continued"
        f"{waited}. save(path, environment='pickle') would have kept them"
    )


def _steps(number: int) -> str:
    return f"{number} step{'' if number == 1 else 's'}"


def _environment(training: Any) -> list[Any]:
    """What must be the same in the environment that was saved: name, rows, observations, actions."""
    loop = training._loop
    return [name_of(training.env), loop.environments if hasattr(loop, "waits") else None, *loop.player.shape]


def _told(environment: Any) -> str:
    if not isinstance(environment, list) or len(environment) != 4:
        return f"{environment!r:.100}"
    name, rows, observations, actions = environment
    several = "" if rows is None else f"a vector of {rows} "
    return f"{several}{name!s:.100} with {observations!r:.40} observations and {actions!r:.40} actions"


def _last(training: Any) -> Any:
    """The last episode; its values are None if they are the learner's live array."""
    last = training.last
    if last is None:
        return None
    live = np.may_share_memory(last.values, training.values)
    return (*last[:4], None if live else np.asarray(last.values), last.environment)


def _as_last(found: Any, training: Any) -> tuple[Any, ...]:
    if not isinstance(found, tuple) or len(found) != 6:
        raise ValueError(f"the last episode must have six parts, got {found!r:.100}")
    number, total, length, terminated, values, environment = found
    if type(terminated) is not bool:
        raise ValueError(f"terminated must be True or False, got {terminated!r:.60}")
    live = training.values
    if values is not None and not (isinstance(values, np.ndarray) and values.shape == live.shape):
        raise ValueError(f"the values of the last episode must have shape {live.shape}, got {values!r:.100}")
    return (
        as_integer(number, "episode"),
        _as_float(total, "total_reward"),
        as_integer(length, "length", minimum=1),
        terminated,
        live if values is None else values,
        as_integer(environment, "environment", maximum=training._loop.environments - 1),
    )


def _as_float(found: Any, name: str) -> float:
    if type(found) is not float:
        raise ValueError(f"{name} must be numbers, got {found!r:.60}")
    return found
