"""The numbers of a policy's mixture at consecutive steps, from blocks that are evaluated at once.

Evaluating a schedule at one step takes longer than a decision; evaluating it at thousands of steps as one array takes
as long as some hundred decisions. So a policy of this package whose steps are asked for one after another is evaluated
for a block of steps beforehand: with the same bits, and without a trace on the policy. Threads may do it at the same
time: a block never changes once it can be seen.
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

# A block has 2 to the power of this many steps: so many that fewer than one decision in a thousand evaluates one.
_BITS = 13
SIZE = 1 << _BITS

# A block is evaluated after this many single evaluations at consecutive steps; after two if the block before it was.
PATIENCE = 64

# A block is also evaluated after this many single evaluations at any of its steps: they take as long.
MANY = 512

# The most blocks that are kept, and the most that are counted.
MOST = 64

# Steps from here on are evaluated one by one.
_LAST = 2**53 - SIZE


class _Block(NamedTuple):
    """The numbers of a policy at the steps of a block.

    Attributes:
        first: Its first step.
        uniform: The weight of the uniform policy at each step.
        soft: That of the softmax.
        greedy: That of the greedy policy.
        number: The temperature, or the number of its unit.
        meaning: The meaning of that number, which is the same at all steps.
        policy: Held, so that no other object gets its identity.
    """

    first: int
    uniform: list[float]
    soft: list[float]
    greedy: list[float]
    number: list[float]
    meaning: int
    policy: Any


class _Misses(NamedTuple):
    """The single evaluations at steps of a block.

    Attributes:
        policy: Held, as above.
        last: The step of the last one.
        run: How many there were at consecutive or equal steps up to it.
        total: How many there were; −1 if the block cannot be evaluated.
    """

    policy: Any
    last: int
    run: int
    total: int


# By the identity of the policy and the number of the block; and of each policy the block that was used last, as a
# tuple, which is unpacked in half the time.
_BLOCKS: dict[tuple[int, int], _Block] = {}
_MISSES: dict[tuple[int, int], _Misses] = {}
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
        first, uniform, soft, greedy, number, meaning, _ = latest
        place = step - first
        if 0 <= place < SIZE:
            return uniform[place], soft[place], greedy[place], number[place], meaning
    block = None if step is None else _BLOCKS.get((id(policy), step >> _BITS))
    if block is not None:
        _LATEST[id(policy)] = tuple(block)
        return numbers_at(policy, step)
    mixture = mixture_of(policy, step)
    if mixture is None:
        return None
    if step is not None and _may_be_kept(policy.__class__):
        _miss(policy, step)
    return numbers_of(mixture, step)


def _miss(policy: Any, step: int) -> None:
    """Count a step that was evaluated alone, and evaluate its block when that pays."""
    index = step >> _BITS
    key, before = (id(policy), index), (id(policy), index - 1)
    _, last, run, total = _MISSES.get(key) or _Misses(policy, -2, 0, 0)
    if total < 0:
        return
    run, total = run + 1 if last <= step <= last + 1 else 1, total + 1
    if run == PATIENCE or total == MANY or (run == 2 and before in _BLOCKS):
        found = _evaluated(policy, index << _BITS)
        if found is not None:
            _keep(_BLOCKS, key, found)
            _keep(_LATEST, key[0], tuple(found))  # now, since freeing the one before takes a while as well
            _BLOCKS.pop(before, None)
            _MISSES.pop(key, None)
            return
        total = -1
    _keep(_MISSES, key, _Misses(policy, step, run, total))


def _keep(kept: dict[Any, Any], key: Any, value: Any) -> None:
    """Keep a value in place of the oldest, if there are many."""
    if len(kept) >= MOST and key not in kept:
        kept.pop(list(kept)[0], None)  # noqa: RUF015 - another thread may change it during an iteration
    kept[key] = value


def _evaluated(policy: Any, first: int) -> _Block | None:
    """The block from a step on; None if it cannot be evaluated ahead, or any of its steps has no numbers."""
    if first > _LAST or not _may_be_read_ahead(policy):
        return None
    try:
        with np.errstate(all="ignore"):
            mixture = mixtures(policy, first, first + SIZE)
            unit: Any = mixture.temperature
            number = numbers_of_unit(unit, first, first + SIZE) if is_unit(unit) else unit
            meaning = meaning_of(unit) if is_unit(unit) else PLAIN
        uniform, soft, greedy, temperature = map(_column, (*mixture[:3], number))
        return _Block(first, uniform, soft, greedy, temperature, meaning, policy)
    except Exception:  # of a step that may never be asked for; if it is, it raises the error itself
        return None


def _column(numbers: Any) -> list[float]:
    """A number for each step as plain floats; one that was made for all steps at once is one object."""
    return [numbers[0].item()] * SIZE if numbers.strides == (0,) or len(numbers) == 1 else numbers.tolist()


def _may_be_read_ahead(policy: Any) -> bool:
    """Whether evaluating the policy ahead of time changes nothing: all its parts are of this package.

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
