"""The numbers of a policy's mixture at consecutive steps, from blocks that are evaluated at once.

One evaluation of a schedule takes longer than a decision, and a thousand as an array little more. So a policy of this
package whose steps are asked for one after another is evaluated for a block of steps beforehand: with the same bits,
and without a trace on the policy. Threads may do it at the same time: a block never changes once it can be seen.
"""

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from boltzmann_rl.arguments.rows import rows_of
from boltzmann_rl.numerics.plain_temperatures import PLAIN
from boltzmann_rl.policies.mixture import Numbers, mixture_of, mixtures, numbers_of
from boltzmann_rl.policies.units import meaning_of, numbers_of as numbers_of_unit
from boltzmann_rl.protocols import is_unit
from boltzmann_rl.schedules import is_constant

# A block has 2 to the power of this many steps: so many that far fewer than one in a thousand
# decisions evaluates one.
_BITS = 13
SIZE = 1 << _BITS

# How many steps of a block are evaluated one by one before the whole block is, unless the block before it was.
PATIENCE = 64

# The most blocks that are kept.
MOST = 32

# Steps from here on are evaluated one by one.
_LAST = 2**53 - SIZE


class _Block(NamedTuple):
    """What is known of a block.

    Attributes:
        first: Its first step.
        uniform: The first of the numbers at each step; empty before they are evaluated, and where that failed.
        soft: The second,
        greedy: the third, and
        number: the fourth.
        meaning: The last, which is the same at all steps.
        policy: Held, so that no other object gets its identity.
        misses: How many steps were evaluated one by one.
    """

    first: int
    uniform: list[float]
    soft: list[float]
    greedy: list[float]
    number: list[float]
    meaning: int
    policy: Any
    misses: int


# By the identity of the policy and the number of the block; and of each policy the block that was used last, as a
# tuple, which is unpacked in half the time.
_BLOCKS: dict[tuple[int, int], _Block] = {}
_LATEST: dict[int, tuple[Any, ...]] = {}


def numbers_at(policy: Any, step: int | None) -> Numbers | None:
    """The numbers of the policy's mixture at a step; None if it has none, as `mixture_of` says.

    Example:
        >>> from boltzmann_rl.policies import EpsilonGreedy
        >>> from boltzmann_rl.schedules import Linear
        >>> numbers_at(EpsilonGreedy(Linear(1.0, 0.0, steps=4)), 3)
        (0.25, 0.0, 0.75, 1.0, 0)
    """
    if step is not None and (latest := _LATEST.get(id(policy))) is not None:
        first, uniform, soft, greedy, number, meaning, _, _ = latest
        place = step - first
        if 0 <= place < SIZE:
            return uniform[place], soft[place], greedy[place], number[place], meaning
    block = None if step is None else _BLOCKS.get((id(policy), step >> _BITS))
    if block is not None and block.uniform:
        _LATEST[id(policy)] = tuple(block)
        return numbers_at(policy, step)
    mixture = mixture_of(policy, step)
    if mixture is None:
        return None
    if step is not None and (block is None or block.misses <= PATIENCE) and _may_be_kept(policy.__class__):
        _miss(policy, step >> _BITS, block)
    return numbers_of(mixture, step)


def _miss(policy: Any, index: int, block: _Block | None) -> None:
    """Count a step that was evaluated alone, and evaluate its block when that pays."""
    before, misses = (id(policy), index - 1), 1 if block is None else block.misses + 1
    first, latest = index << _BITS, _BLOCKS.get(before)
    found: tuple[Any, ...] = [], [], [], [], PLAIN
    follows = misses == 1 and latest is not None and bool(latest.uniform)
    if first <= _LAST and (follows or (misses == PATIENCE and _may_be_read_ahead(policy))):
        found = _evaluated(policy, first) or found
        _BLOCKS.pop(before, None)
    if len(_BLOCKS) >= MOST or len(_LATEST) >= MOST:
        _BLOCKS.clear()
        _LATEST.clear()
    _BLOCKS[id(policy), index] = block = _Block(*(first, *found, policy, misses))
    if block.uniform:  # now, since freeing the one before takes a while as well
        _LATEST[id(policy)] = tuple(block)


def _evaluated(policy: Any, first: int) -> tuple[Any, ...] | None:
    """The numbers at each step of a block; None if any of its steps has none."""
    try:
        with np.errstate(all="ignore"):
            mixture = mixtures(policy, first, first + SIZE)
            unit: Any = mixture.temperature
            number = numbers_of_unit(unit, first, first + SIZE) if is_unit(unit) else unit
            meaning = meaning_of(unit) if is_unit(unit) else PLAIN
        return *map(_column, (*mixture[:3], number)), meaning
    except Exception:  # of a step that may never be asked for; if it is, it raises the error itself
        return None


def _column(numbers: Any) -> list[float]:
    """A number for each step as plain floats; one that was made for all steps at once is one object."""
    return [numbers[0].item()] * SIZE if numbers.strides == (0,) or len(numbers) == 1 else numbers.tolist()


def _may_be_read_ahead(policy: Any) -> bool:
    """Whether the policy does not notice at which steps it is evaluated: all its parts are of this package.

    Or it is a user's, says that it is constant, and has a mixture without a step.
    """
    if rows_of(policy):
        return False
    return _consists_of_ours(policy) or (is_constant(policy) and mixture_of(policy, None) is not None)


def _consists_of_ours(part: Any) -> bool:
    if isinstance(part, tuple):
        return all(map(_consists_of_ours, part))
    if isinstance(part, float | int | None):
        return True
    return _is_ours(part.__class__) and all(map(_consists_of_ours, vars(part).values()))


@lru_cache(256)
def _is_ours(kind: type) -> bool:
    return kind.__module__.startswith(("boltzmann_rl.schedules.", "boltzmann_rl.policies."))


@lru_cache(256)
def _may_be_kept(kind: Any) -> bool:
    """Whether policies of a class cannot change: those of this package, and frozen dataclasses."""
    return _is_ours(kind) or getattr(getattr(kind, "__dataclass_params__", None), "frozen", False)
