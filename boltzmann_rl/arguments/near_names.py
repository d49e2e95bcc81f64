"""Near names: which argument or public name an error suggests in place of an unknown one.

Other packages name the same arguments differently (``alpha``, ``gamma``, ``tau``, ``mask``): a table lists their names.
`dataclass` is Python's own, with errors that suggest the argument that was meant; type checkers see Python's own.
"""

import dataclasses
import functools
import inspect
from collections.abc import Callable, Iterable
from types import FunctionType
from typing import TYPE_CHECKING, Any, TypeVar

from boltzmann_rl.arguments.containers import taking_containers

Function = TypeVar("Function", bound=Callable[..., Any])

# Names used by other packages and papers, with ours: the first of ours that the function takes is suggested.
_OTHER_WORDS: dict[str, tuple[str, ...]] = {
    "action_mask action_masks legal legal_actions mask masks valid": ("available",),
    "alpha eta lr step_size": ("learning_rate", "rate", "reference_rate"),
    "beta t tau temp": ("temperature", "step", "steps"),
    "bandit env environment": ("problem", "env"),
    "c": ("exploration",),
    "decay_factor decay_rate factor multiplier": ("decay", "rate"),
    "decay_steps duration exploration_steps horizon n_iter n_steps num_steps timesteps total_steps total_timesteps": (
        "steps",
        "period",
    ),
    "end_value eps_end exploration_final_eps final final_value stop": ("end",),
    "env_id": ("id",),
    "eps exploration_rate explore": ("epsilon",),
    "eps_start exploration_initial_eps initial_value start_value": ("start", "initial"),
    "gamma": ("discount", "decay"),
    "generator random_state": ("rng", "seed"),
    "init optimistic q0 q_init": ("initial",),
    "k n_actions n_arms num_actions num_arms": ("arms", "actions"),
    "lam lambd lambda_": ("decay",),
    "loc mu mus": ("means", "mean"),
    "limit max_episode_steps time_limit": ("steps",),
    "logits preferences q q_values qvalues": ("values",),
    "n_episodes num_episodes": ("episodes",),
    "n_jobs n_workers num_workers processes workers": ("jobs",),
    "n_runs num_runs repetitions trials": ("runs",),
    "pi probs": ("probabilities",),
    "propensity return_probability": ("with_probability",),
    "scale sigma std stddev stdev": ("sd",),
    "time timestep": ("step",),
}

# Arguments without a default that users expect to have one, and what to do instead.
_EXPLORATION = (
    "say how to explore. For bandits and tables, boltzmann_rl.recommended(actions) is for those who cannot tune. A "
    "network counts no visits: take a temperature relative to its values, such as "
    "boltzmann_rl.Boltzmann(RelativeToSpread(Exponential(4.0, 0.2, steps=5000)))"
)
WITHOUT_DEFAULT = {
    "temperature": "none suits rewards of every scale. boltzmann_rl.recommended(actions) is for those who cannot tune, "
    "boltzmann_rl.tune finds one for those who can",
    "exploration": _EXPLORATION,
    "policy": _EXPLORATION,
}
_OF_ONE = {"BoltzmannGumbel.scale": WITHOUT_DEFAULT["temperature"]}

# Arguments that are not needed.
_NEEDLESS = {"BanditExperiment.regret": "regret is always measured in a bandit: leave it out"}


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that was probably meant: a synonym, or a name of similar spelling."""
    from difflib import get_close_matches  # imported here: only errors need it

    names = {one.replace("_", "").lower(): one for one in known}
    folded = name.replace("_", "").lower()
    if folded in names:
        return names[folded]
    synonyms = (one for words, ours in _OTHER_WORDS.items() if name.lower() in words.split() for one in ours)
    similar = (names[one] for one in get_close_matches(folded, names, n=1, cutoff=0.7))
    return next((one for one in (*synonyms, *similar) if one in names.values()), None)


def unexpected(function: Any, unknown: Iterable[str]) -> TypeError:
    """The error for an unexpected keyword argument: which was probably meant, and which the function takes.

    Example:
        >>> print(unexpected(sorted, {"reversed": True}))
        sorted() got an unexpected keyword argument 'reversed': did you mean reverse=? It takes iterable, key, reverse
    """
    parameters = inspect.signature(function).parameters
    takes = [name for name, p in parameters.items() if name not in ("self", "cls") and p.kind is not p.VAR_KEYWORD]
    wrong = next(iter(unknown))
    called = function.__qualname__.removesuffix(".__init__")
    if (reason := _NEEDLESS.get(f"{called}.{wrong}")) is not None:
        return TypeError(f"{called}() got an unexpected keyword argument {wrong!r}: {reason}")
    meant = nearest(wrong, takes)
    hint = f"did you mean {meant}=? " if meant else ""
    return TypeError(
        f"{called}() got an unexpected keyword argument {wrong!r}: {hint}It takes {', '.join(takes) or 'none'}"
    )


def missing(function: Any, given: tuple[Any, ...], named: dict[str, Any]) -> TypeError | None:
    """The error for a missing argument that users expect to have a default; None if something else is wrong.

    Example:
        >>> def explore(policy, values): ...
        >>> print(missing(explore, (), {}))
        explore() needs policy=: say how to explore. ...
    """
    signature = inspect.signature(function)
    try:
        found = signature.bind_partial(*given, **named).arguments
    except TypeError:  # too many
        return None
    absent = [one for one, p in signature.parameters.items() if one not in found and p.default is p.empty]
    called = function.__qualname__.removesuffix(".__init__")
    known = {one: WITHOUT_DEFAULT.get(one) or _OF_ONE.get(f"{called}.{one}") for one in absent}
    name = next((one for one in absent if known[one]), None)
    return None if name is None else TypeError(f"{called}() needs {name}=: {known[name]}")


def suggesting(function: Function) -> Function:
    """A decorator: errors suggest the argument that was probably meant, and what to give where users miss a default."""

    def explain(error: TypeError, args: tuple[Any, ...], given: dict[str, Any]) -> None:
        if error.__traceback__ is not None and error.__traceback__.tb_next is not None:
            return
        known = inspect.signature(function).parameters
        takes_any = any(parameter.kind is parameter.VAR_KEYWORD for parameter in known.values())
        if not takes_any and (unknown := [name for name in given if name not in known]):
            raise unexpected(function, unknown) from None
        if (absent := missing(function, args, given)) is not None:
            raise absent from None

    def called(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except TypeError as error:
            explain(error, args, kwargs)
            raise

    # Doctest reads only functions that have the globals of their module.
    called = FunctionType(called.__code__, function.__globals__, closure=called.__closure__)
    return functools.update_wrapper(called, function)  # type: ignore[return-value]


if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(**options: Any) -> Callable[[type], type]:
        """Python's `dataclasses.dataclass`, with errors that suggest fields; it takes OmegaConf's containers."""

        def made(cls: type) -> type:
            cls = dataclasses.dataclass(**options)(cls)
            cls.__init__ = taking_containers(suggesting(cls.__init__))
            return cls

        return made
