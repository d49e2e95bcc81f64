"""Policies, schedules and units of this package in PyTorch: pure functions for autograd, ``compile`` and ``vmap``.

Values are ``(..., A)`` in float32 or float64; float16 and bfloat16 are computed in float32 and rounded at the end. All
runs on the device of the values.

Compiled code cannot raise. A row that NumPy refuses (a NaN or +inf among its values, no action available, a negative or
NaN temperature, a target out of reach) has the probabilities NaN and the action −1.
"""

from functools import partial
from typing import Any

import torch

from boltzmann_rl.backends import doors, family, torch_arithmetic as xp
from boltzmann_rl.backends.declarations import evaluated, with_parameters

__all__ = [
    "act",
    "entropy",
    "evaluate",
    "log_probabilities",
    "log_probability",
    "log_softmax",
    "logsumexp",
    "mellowmax",
    "probabilities",
    "softmax",
    "with_parameters",
]


def probabilities(policy: Any, values: Any, step: Any = 0, *, available: Any = None) -> Any:
    """The probabilities of a policy: those that ``policy(values, step)`` has in NumPy.

    Args:
        policy: A policy of this package, or one with a method ``mixture`` whose formula takes tensors.
        values: Action values ``(..., A)``, −inf where an action is not available.
        step: Decisions made so far: an integer, or one for each row, a tensor on any device.
        available: Mask of the shape of values, bool, or the integers 0 and 1: others count as 1, since compiled code
            cannot refuse them. Values under it are not read.

    Returns:
        ``(..., A)`` in the dtype of values, the default dtype for integers. NaN in rows that NumPy refuses.

    Raises:
        TypeError: A policy that needs a learner's memory, or whose formula is not known here.
        ValueError: Shapes that do not fit.

    Example:
        >>> import torch, boltzmann_rl as brl
        >>> q = torch.tensor([[0.0, 1.0, 2.0], [5.0, 5.0, 0.0]])
        >>> probabilities(brl.Boltzmann(0.5), q).round(decimals=3)
        tensor([[0.0160, 0.1170, 0.8670],
                [0.5000, 0.5000, 0.0000]])
    """
    return doors.probabilities(xp, policy, values, step, available)


def log_probabilities(policy: Any, values: Any, step: Any = 0, *, available: Any = None) -> Any:
    """The logarithms of the probabilities ``(..., A)``: −inf, with a gradient of 0, where a probability is 0.

    Args:
        policy: As in `probabilities`.
        values: Action values ``(..., A)``.
        step: Decisions made so far.
        available: Mask.

    Raises:
        TypeError, ValueError: As `probabilities`.

    Example:
        >>> import torch, boltzmann_rl as brl
        >>> log_probabilities(brl.Boltzmann(1.0), torch.tensor([0.0, 1000.0]))
        tensor([-1000.,     0.])
    """
    return doors.log_probabilities(xp, policy, values, step, available)


def log_probability(policy: Any, values: Any, actions: Any, step: Any = 0, *, available: Any = None) -> Any:
    """The logarithm of the probability of each row's action, ``(...,)``: what policy gradients and choice models take.

    Args:
        policy: As in `probabilities`.
        values: Action values ``(..., A)``.
        actions: Integers ``(...,)``; the answer is NaN outside 0 to A − 1.
        step: Decisions made so far.
        available: Mask.

    Raises:
        TypeError, ValueError: As `probabilities`; actions that are not integers, or not one for each row.

    Example:
        >>> import torch, boltzmann_rl as brl
        >>> log_probability(brl.Boltzmann(1.0), torch.tensor([[0.0, 0.0], [0.0, 9.0]]), torch.tensor([0, 1]))
        tensor([-6.9315e-01, -1.2340e-04])
    """
    return doors.log_probability(xp, policy, values, actions, step, available)


def entropy(policy: Any, values: Any, step: Any = 0, *, available: Any = None) -> Any:
    """The entropy of a policy, −Σ π ln π in nats, from 0 to ln A, ``(...,)``.

    Args:
        policy: As in `probabilities`.
        values: Action values ``(..., A)``.
        step: Decisions made so far.
        available: Mask.

    Raises:
        TypeError, ValueError: As `probabilities`.

    Example:
        >>> import torch, boltzmann_rl as brl
        >>> import math
        >>> policy = brl.Boltzmann(brl.EffectiveActions(2.0))
        >>> round(float(entropy(policy, torch.tensor([0.0, 1.0, 2.0]))), 4), round(math.log(2.0), 4)
        (0.6931, 0.6931)
    """
    return doors.entropy(xp, policy, values, step, available)


def softmax(values: Any, temperature: Any = 1.0, *, available: Any = None) -> Any:
    """The Boltzmann distribution ``(..., A)``, π ∝ exp(values / temperature): as `boltzmann_rl.softmax`.

    Args:
        values: Action values ``(..., A)``, −inf where an action is not available.
        temperature: In units of the values, 0 to ∞: a number, or one for each row.
        available: Mask, as in `probabilities`.

    Raises:
        TypeError: A schedule or unit, which needs a policy and a step: see `probabilities`.
        ValueError: Shapes that do not fit.

    Example:
        >>> import torch, boltzmann_rl as brl
        >>> softmax(torch.tensor([3.0, 1.0, 3.0]), temperature=0.0)
        tensor([0.5000, 0.0000, 0.5000])

    Source: Luce (1959), *Individual Choice Behavior*; Sutton & Barto (2018), eq. 2.11.
    """
    return doors.softmax(xp, values, temperature, available)


def log_softmax(values: Any, temperature: Any = 1.0, *, available: Any = None) -> Any:
    """The logarithm of the softmax ``(..., A)``: as `boltzmann_rl.log_softmax`.

    Args:
        values: As in `softmax`.
        temperature: As in `softmax`.
        available: Mask.

    Raises:
        TypeError: A schedule or unit, which needs a policy and a step: see `probabilities`.
        ValueError: Shapes that do not fit.

    Example:
        >>> import torch, boltzmann_rl as brl
        >>> log_softmax(torch.tensor([0.0, 1000.0]))
        tensor([-1000.,     0.])
    """
    return doors.log_softmax(xp, values, temperature, available)


def logsumexp(values: Any, temperature: Any = 1.0, *, available: Any = None) -> Any:
    """The log-normaliser ln Σ exp(values / temperature), ``(...,)``: as `boltzmann_rl.logsumexp`.

    Args:
        values: As in `softmax`.
        temperature: As in `softmax`.
        available: Mask.

    Raises:
        TypeError: A schedule or unit, which needs a policy and a step: see `probabilities`.
        ValueError: Shapes that do not fit.

    Example:
        >>> import torch, boltzmann_rl as brl
        >>> logsumexp(torch.tensor([0.0, 0.0]))
        tensor(0.6931)
    """
    return doors.logsumexp(xp, values, temperature, available)


def mellowmax(values: Any, omega: Any) -> Any:
    """The mellowmax ln(Σ exp(ω values) / n) / ω of the n available actions, ``(...,)``: as `boltzmann_rl.mellowmax`.

    Args:
        values: As in `softmax`.
        omega: ω in inverse units of the values, −∞ to ∞: a number, or one for each row. Limits: 0 is the mean, ±∞ the
            maximum and the minimum.

    Raises:
        TypeError: A schedule or unit, which needs a policy and a step: see `probabilities`.
        ValueError: Shapes that do not fit.

    Example:
        >>> import torch, boltzmann_rl as brl
        >>> mellowmax(torch.tensor([0.0, 2.0]), omega=0.0)
        tensor(1.)

    Source: Asadi & Littman (2017), *An Alternative Softmax Operator for Reinforcement Learning*, §3.
    """
    return doors.mellowmax(xp, values, omega)


def evaluate(schedule: Any, step: Any) -> Any:
    """The value at a step of a number, a schedule of this package, or another callable, in PyTorch's default dtype.

    Args:
        schedule: As a policy takes it. A callable that is not of this package is called with the step as it is given.
        step: Decisions made so far, on any device.

    Raises:
        TypeError: A unit, which needs values; neither a number nor a callable; steps that are not integers.

    Example:
        >>> import torch, boltzmann_rl as brl
        >>> evaluate(brl.schedules.Linear(1.0, 0.0, steps=4), torch.arange(3))
        tensor([1.0000, 0.7500, 0.5000])
    """
    return evaluated(xp, schedule, step, torch.zeros((), device=getattr(step, "device", None)))


def act(
    policy: Any,
    generator: Any,
    values: Any,
    step: Any = 0,
    *,
    available: Any = None,
    with_probability: bool = False,
    fine: bool = False,
) -> Any:
    """An action for each row of values, rows independently of each other; −1 in rows that NumPy refuses.

    One uniform a row is inverted through the running sums of the weights. An action with probability 0 is never taken.
    In float32 the uniform is a multiple of 2⁻²⁴: an action with a probability below 1e-6 may be taken too often or
    never, see ``fine``.

    Args:
        policy: As in `probabilities`; also `boltzmann_rl.BoltzmannGumbel`, whose step counts the pulls of each action.
        generator: A ``torch.Generator`` on the device of the values; None for the global one; or the uniforms
            themselves, a tensor ``(...,)`` in [0, 1), for code that cannot take a generator; the action is −1 where
            they are not.
        values: Action values ``(..., A)``.
        step: Decisions made so far.
        available: Mask.
        with_probability: Whether to return the probabilities of the actions as well, without a gradient: in float32
            or float64, since float16 would round those below 3e-8 to 0.
        fine: Take the best of log-probability + Gumbel noise instead, from two uniforms for each action: right for
            a million actions, and for probabilities down to the square of the resolution above.

    Returns:
        Integers ``(...,)``; with ``with_probability`` the pair ``(actions, probabilities)``.

    Raises:
        TypeError: As `probabilities`; a generator of another kind; ``with_probability`` for
            `boltzmann_rl.BoltzmannGumbel`, whose probabilities are integrals.
        ValueError: As `probabilities`; uniforms of another shape.

    Example:
        >>> import torch, boltzmann_rl as brl
        >>> act(brl.Boltzmann(0.0), torch.Generator().manual_seed(0), torch.tensor([[0.0, 1.0], [2.0, 1.0]]))
        tensor([1, 0])
    """
    with torch.no_grad():
        rows = family.rows_of(xp, values, available, smooth=fine)
        actions, weight = doors.drawn(xp, policy, partial(_uniforms, generator), rows, step, fine)
        return (actions, doors.propensity(xp, weight, actions)) if with_probability else actions


def _uniforms(generator: Any, shape: tuple[int, ...], like: Any) -> Any:
    if generator is None or isinstance(generator, torch.Generator):
        given: Any = {} if generator is None else {"generator": generator}  # None stops dynamic shapes
        return torch.rand(shape, dtype=like.dtype, device=like.device, **given)
    if not isinstance(generator, torch.Tensor) or not generator.dtype.is_floating_point:
        raise TypeError(f"generator must be a torch.Generator, None, or a tensor of uniforms, got {generator!r}")
    if generator.shape != shape:
        raise ValueError(f"generator holds uniforms of shape {tuple(generator.shape)}, but {tuple(shape)} are needed")
    return generator
