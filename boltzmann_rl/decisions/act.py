"""One decision: from a policy and values to an action, with its propensity on request."""

from typing import Any, Literal, Never, TypedDict, Unpack, overload

import numpy as np
from numpy import ndarray
from numpy.random import Generator

from boltzmann_rl.arguments import Floats, as_generator, as_policy, as_steps, as_values, unwrap
from boltzmann_rl.arguments.arrays import to_numpy
from boltzmann_rl.arguments.near_names import unexpected
from boltzmann_rl.decisions import machine
from boltzmann_rl.decisions.fill_values import HIGHEST, check_fill_values
from boltzmann_rl.decisions.one import one, share_of
from boltzmann_rl.numerics import mask
from boltzmann_rl.numerics.sampling import as_probabilities, inverse_cdf
from boltzmann_rl.policies.blocks import numbers_at
from boltzmann_rl.policies.mixture import mixture_of
from boltzmann_rl.policies.parameters import MEMORY, clock_of
from boltzmann_rl.protocols import Actions, Axes, Mask, Policy, Row, Rows, Steps, traits_of
from boltzmann_rl.schedules import is_constant


class Given(TypedDict, total=False):
    """The optional arguments of a decision: see `act`."""

    step: Steps | None
    available: Mask | None
    memory: Any
    learned: bool


@overload
def act(
    policy: Policy, values: Axes, rng: Generator, *, with_probability: bool = ..., **given: Unpack[Given]
) -> Any: ...
@overload
def act(
    policy: Policy, values: Row, rng: Generator, *, with_probability: Literal[False] = ..., **given: Unpack[Given]
) -> int: ...
@overload
def act(
    policy: Policy, values: Row, rng: Generator, *, with_probability: Literal[True], **given: Unpack[Given]
) -> tuple[int, float]: ...
@overload
def act(
    policy: Policy, values: Rows, rng: Generator, *, with_probability: Literal[False] = ..., **given: Unpack[Given]
) -> Actions: ...
@overload
def act(
    policy: Policy, values: Rows, rng: Generator, *, with_probability: Literal[True], **given: Unpack[Given]
) -> tuple[Actions, Floats]: ...
@overload
def act(
    policy: Policy, values: Mask, rng: Generator, *, with_probability: bool = ..., **given: Unpack[Given]
) -> Any: ...
def act(
    policy: Policy,
    values: Any,
    rng: Generator,
    *,
    step: Any = None,
    available: Any = None,
    memory: Any = None,
    with_probability: bool = False,
    learned: bool = False,
    **unknown: Never,
) -> Any:
    """An action drawn from ``policy`` for each row of values, rows independently of each other.

    Consumes exactly one uniform of ``rng`` per row (for a policy that perturbs the values, one per action).

    Threads may call it at the same time, each with its own generator. If they share one, no uniform is used twice,
    but which thread gets which may differ between runs.

    Args:
        policy: Any callable ``(values, step) -> probabilities``.
        values: Action values ``(..., A)``.
        rng: The random generator.
        step: Decisions made so far, ≥ 0: a number, one per row, or one per action. May be left out only if the
            policy is known not to depend on it. For a policy that counts visits (`GLIE`), those of each row's
            state; for one that counts pulls (`BoltzmannGumbel`), those of each action.
        available: Mask of the actions that may be chosen, same shape as ``values``: bool, or integers 0 and 1.
        memory: For a policy with ``takes_memory = True``: its third argument, ``learner.memory(state)``.
        with_probability: Whether to return the probability of the action (its propensity) as well.
        learned: True if the values are estimates: then none of them, however low, is treated as a fill value (a number
            such as −1e9 written over a masked value).
        unknown: Any other keyword raises a TypeError that suggests the argument probably meant: ``available=`` for
            ``mask=``.

    Returns:
        An int for ``(A,)``, an int64 array ``(...,)`` otherwise; with ``with_probability`` the pair
        ``(action, probability)``.

    Raises:
        TypeError: No ``step`` for a policy that depends on it; arguments of another type than named above.
        ValueError: Values that are NaN or +inf, no action available, a policy that does not return distributions, one
            step for all rows of a policy that counts visits or pulls; the lowest number of a float type where it
            would change the probabilities.

    Warns:
        UserWarning: A number far below all others of its row, such as −1e9, where it would change the
            probabilities: pass the mask as ``available``.

    Example:
        >>> from boltzmann_rl.policies import Boltzmann
        >>> rng = np.random.default_rng(0)
        >>> act(Boltzmann(0.5), [0.0, 1.0, 2.0], rng, available=[1, 1, 0])
        1
        >>> act(Boltzmann(0.5), np.zeros((4, 2)), rng)
        array([0, 0, 0, 1])
    """
    if unknown:  # not the decorator `suggesting`, which would add a tenth to the time of a decision
        raise unexpected(act, unknown)
    if not isinstance(rng, Generator):
        as_generator(rng)
    uniform: Any = None
    if memory is None and type(values) is ndarray and (step is None or (type(step) is int and step >= 0)):
        if values.ndim == 1:
            # getattr first: the call takes a tenth of a decision
            numbers = getattr(policy, "kept_numbers", None) or numbers_at(policy, step)
            if numbers is not None:
                uniform = rng.random()
                if (
                    machine.ready is not None
                    and values.dtype is machine.FLOAT64
                    and (available is None or machine.is_mask(available))
                ):
                    chosen, share = machine.decide(values, available, uniform, not learned, numbers)
                    if chosen >= 0:
                        return (chosen, share) if with_probability else chosen
                found = one(numbers, values, available, uniform, learned=learned)
                if found is not None:
                    chosen, weights = found
                    return (chosen, share_of(weights, chosen)) if with_probability else chosen
        elif available is None and not with_probability and (mixture := mixture_of(policy, step)) is not None:
            chosen = machine.actions_of_rows(policy, mixture, values, step, rng, learned=learned)
            if chosen is not None:
                return chosen
    values = as_values(values) if available is None else mask(values, available)
    traits = traits_of(policy)
    if memory is None and traits.takes_memory:
        raise TypeError(f"memory= is missing: {policy!r} {MEMORY}")
    step = _checked_step(policy, values, step)
    p, low = _probabilities(policy, values, step, memory)
    if low and not learned:
        check_fill_values(policy, values, p, lambda others: probabilities(policy, others, step, memory))
    if uniform is None:
        uniform = rng.random(traits.uniforms(values.shape))
    action = decide(policy, p, values, step, uniform, memory)
    if not with_probability:
        return action
    return action, unwrap(np.take_along_axis(p, np.asarray(action)[..., np.newaxis], axis=-1)[..., 0])


def _checked_step(policy: Any, values: Floats, step: Any) -> Any:
    """The step, checked: one count, one per row or one per action, as the policy's clock requires."""
    if step is None:
        if not is_constant(as_policy(policy)):
            raise TypeError(
                f"step= is missing: {policy!r} may change with the step, the number of decisions made so far"
            )
        step = 0
    elif type(step) is not int or step < 0:
        steps = as_steps(step)  # a step must be a count, also for a policy that ignores it
        shared = (*(1,) * (values.ndim - 1), *values.shape[-1:])  # the pulls of each action, the same for all rows
        if steps.shape not in ((), values.shape[:-1], values.shape, shared):
            raise ValueError(
                f"step must be a number, or one per row or action of values {values.shape}, got shape {steps.shape}"
            )
        step = to_numpy(step, "step") if hasattr(step, "detach") else step  # policies are given NumPy arrays
    clock, shape = clock_of(policy), np.shape(step)
    if (clock == "visits" and shape != values.shape[:-1]) or (clock == "pulls" and len(shape) != values.ndim):
        each = "row" if clock == "visits" else "action"
        raise ValueError(
            f"{policy!r} counts {clock}: step= must have one number for each {each} of values {values.shape}, got "
            f"shape {shape}"
        )
    return step


def probabilities(policy: Any, values: Any, step: Any, memory: Any = None) -> Floats:
    """The policy's probabilities, checked: rows that are distributions, of the shape of ``values``.

    Args:
        policy: Any callable ``(values, step) -> probabilities``, with a third argument if it takes the learner's
            memory.
        values: Action values ``(..., A)``.
        step: Decisions made so far.
        memory: The policy's third argument, unless None.

    Raises:
        ValueError: Rows that are not distributions, another shape, or an unavailable action of positive probability.

    Example:
        >>> probabilities(lambda values, step: [0.5, 0.5], [1.0, 2.0], step=0)
        array([0.5, 0.5])
    """
    return _probabilities(policy, as_values(values), step, memory)[0]


def _probabilities(policy: Any, values: Floats, step: Any, memory: Any) -> tuple[Floats, bool]:
    """The checked probabilities, and whether a value is low enough to be a fill value."""
    policy = as_policy(policy)
    p = policy(values, step) if memory is None else policy(values, step, memory)
    try:
        p = as_probabilities(p)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{policy!r} did not return a distribution: {error}") from None
    if p.shape != values.shape:
        raise ValueError(
            f"{policy!r} returned probabilities of shape {p.shape} for values of shape {values.shape}: the shapes must "
            "be equal, with the actions on the last axis"
        )
    lowest = values.min() if values.size else np.inf
    low = bool(lowest <= HIGHEST)
    if lowest == -np.inf:
        unavailable = np.isneginf(values)
        wrong = p[unavailable].max(initial=0.0)
        if wrong > 0.0:
            raise ValueError(
                f"{policy!r} gives probability {wrong:.3g} to an action that is not available: where a value is "
                "-inf, the probability must be 0"
            )
        low = bool(np.count_nonzero(values <= HIGHEST) > np.count_nonzero(unavailable))
    return p, low


def decide(policy: Any, p: Floats, values: Floats, step: Any, uniforms: Any, memory: Any = None) -> Any:
    """The action for given uniforms: the policy's own ``draw`` if it has one, else the inverse CDF of ``p``.

    A policy that perturbs the values has a method ``draw(values, step, uniforms)``, and ``uniforms_per_action = True``
    if it takes one uniform per action instead of one per row.
    """
    draw = traits_of(policy).draw
    if draw is None:
        return inverse_cdf(p, uniforms)
    drawn = draw(values, step, uniforms) if memory is None else draw(values, step, uniforms, memory)
    return int(drawn) if values.ndim == 1 else np.asarray(drawn, dtype=np.int64)
