"""The one formula of the family: π = uniform·1/n + soft·softmax(values / temperature) + greedy·1[best]/ties.

A policy of the family has a method ``mixture(step, memory=None)`` that returns a `Mixture`. Probabilities, decisions on
plain floats, compiled decisions and both compiled engines read only that.
"""

from functools import lru_cache
from math import exp, inf, nan
from typing import Any, NamedTuple

import numpy as np

from boltzmann_rl.arguments import Floats, as_temperature, as_values
from boltzmann_rl.arguments.rows import rows_of
from boltzmann_rl.numerics import greedy, softmax, uniform
from boltzmann_rl.numerics.plain import FAR_BELOW
from boltzmann_rl.numerics.plain_temperatures import PLAIN
from boltzmann_rl.numerics.softmax import LARGEST_TEMPERATURE
from boltzmann_rl.policies.parameters import check_memory, misfit, number_at, same_for_many, temperature_at
from boltzmann_rl.policies.units import FIELDS, number_of, temperature_of
from boltzmann_rl.protocols import is_unit, traits_of
from boltzmann_rl.schedules import evaluate, is_constant

# A mixture in numbers: the weights, and the temperature or, with another meaning than `PLAIN`, the number of its unit.
Numbers = tuple[float, float, float, float, int]

# The least and the greatest sum of the weights.
_LEAST, _MOST = 1.0 - 1e-12, 1.0 + 1e-12


class Mixture(NamedTuple):
    """Weights of three parts, each ≥ 0, with the sum 1; a part of weight 0 is not computed.

    Each weight is a number, or an array ``(...,)`` with one for each row of values ``(..., A)``. Limits: temperature 0
    makes the soft part the greedy one, temperature ∞ the uniform one.

    Attributes:
        uniform: Weight of the uniform distribution over the n available actions.
        soft: Weight of the softmax.
        greedy: Weight of the greedy distribution, uniform over the maxima.
        temperature: That of the softmax: a number, one for each row, or a schedule or unit as `boltzmann_rl.Boltzmann`
            takes it, which is evaluated when the decision is made.

    Example:
        >>> mixture = Mixture(uniform=0.1, soft=0.0, greedy=0.9)
        >>> mixture.probabilities([0.0, 1.0])
        array([0.05, 0.95])

    Source: Sutton & Barto (2018), §2.2 (uniform and greedy); Wiering (1999), thesis, ch. 5 (softmax and greedy);
    Auer et al. (2002), §3 (uniform and softmax).
    """

    uniform: Any
    soft: Any
    greedy: Any
    temperature: Any = 1.0

    def probabilities(
        self, values: Any, step: Any = 0, name: str = "a weight of the mixture", memory: Any = None
    ) -> Floats:
        """The probabilities ``(..., A)`` of values ``(..., A)``: what the ``__call__`` of a policy returns.

        Args:
            values: Action values, as `boltzmann_rl.softmax` takes them.
            step: Decisions made so far, for a temperature that depends on them.
            name: The parameter that the weights come from, for errors.
            memory: What the learner remembers, for a temperature that takes it.

        Raises:
            ValueError: No weight above 0, weights or temperatures that do not fit the rows, a clock per action.
        """

        def softened(values: Floats) -> Floats:
            return softmax(values, temperature_at(self.temperature, values, step, memory=memory))

        p: Floats | None = None
        values = as_values(values)
        with np.errstate(under="ignore"):
            for weight, part in zip(self[:3], (uniform, softened, greedy), strict=True):
                if type(weight) is float and weight == 0.0:
                    continue
                found = part(values)
                if type(weight) is not float or weight != 1.0:
                    found = _aligned(weight, name, values, step) * found
                p = found if p is None else p + found
        if p is None:
            raise ValueError(f"the weights of a mixture must add up to 1, got {self}")
        return p


def mixture_of(policy: Any, step: Any, memory: Any = None) -> Mixture | None:
    """The policy's mixture at a step, if all weights are numbers; None where its ``__call__`` must be used.

    It must be used if ``mixture`` and ``__call__`` come from different classes, since a subclass may have changed only
    one of them; if the policy needs a step and none is given; and if it has a ``draw`` of its own.

    Example:
        >>> from boltzmann_rl.policies import Boltzmann
        >>> mixture_of(Boltzmann(0.5), step=0)
        Mixture(uniform=0.0, soft=1.0, greedy=0.0, temperature=0.5)
    """
    kept: Mixture | None = getattr(policy, "kept_mixture", None)
    if kept:
        return kept
    if not offers_mixture(policy.__class__) or (step is None and not getattr(policy, "constant", False)):
        return None
    try:
        uniform, soft, greedy, temperature = policy.mixture(step, memory)
        total = uniform + soft + greedy
        if not (isinstance(total, float | int) and min(uniform, soft, greedy) >= 0.0 and _LEAST <= total <= _MOST):
            return None
    except (TypeError, ValueError):  # the policy's __call__ raises it again, and says what is wrong
        return None
    return Mixture(uniform, soft, greedy, temperature)


def keep(policy: Any) -> None:
    """Store the mixture of a policy that needs no step, and its numbers: making them takes as long as a decision."""
    if (mixture := mixture_of(policy, None)) is not None:
        object.__setattr__(policy, "kept_mixture", mixture)
        if is_constant(policy):
            object.__setattr__(policy, "kept_numbers", numbers_of(mixture, None))


def numbers_of(mixture: Mixture, step: int | None) -> Numbers:
    """A mixture at a step in numbers, with NaN for a temperature that only the array code can say, or refuse.

    Example:
        >>> from boltzmann_rl.policies import RelativeToRange
        >>> numbers_of(Mixture(0.0, 1.0, 0.0, RelativeToRange(0.5)), step=0)
        (0.0, 1.0, 0.0, 0.5, 1)
    """
    uniform, soft, greedy, temperature = mixture
    if soft == 0.0:
        return uniform, soft, greedy, 1.0, PLAIN
    if type(temperature) is float:
        return uniform, soft, greedy, temperature, PLAIN
    known = FIELDS.get(type(temperature))
    number = number_at(temperature, step) if known is None else number_of(temperature, step)
    return uniform, soft, greedy, nan if number is None else number, PLAIN if known is None else known[0]


@lru_cache(256)
def offers_mixture(kind: type) -> bool:
    """Whether a class of policies answers ``mixture``, and its ``__call__`` and its draws are those of the mixture."""
    names = ("mixture", "__call__")
    home, called = (next((base for base in kind.__mro__ if name in vars(base)), None) for name in names)
    draws = hasattr(kind, "draw") or getattr(kind, "uniforms_per_action", False)
    return home is not None and home is called and not draws


def mixed(policy: Any, values: Any, step: Any, memory: Any = None) -> Floats:
    """The ``__call__`` of a policy that offers a mixture."""
    check_memory(policy, memory)
    name = "epsilon" if hasattr(policy, "epsilon") else "a weight of the mixture"
    mixture = getattr(policy, "kept_mixture", None) or policy.mixture(step, memory)
    answer: Floats = mixture.probabilities(values, step, name, memory)
    return answer


def weights_of(
    mixture: Mixture, values: list[float], step: int | None = None, *, memory: Any = None, learned: bool = False
) -> list[float] | None:
    """Unnormalised probabilities as plain floats, for weights that are numbers; None where the array code must decide.

    That code handles the unusual cases, and says what is wrong. One comparison finds most of them: the softmax weights
    have a finite sum of at least 1, unless a value is NaN or +inf or no action is available. Where a policy explores
    uniformly, or its temperature depends on the values, rows with very low values are left to the arrays as well,
    unless they were ``learned``: they may contain a number written over a masked value. A part with weight 1 keeps its
    own weights, exp((value − best) / temperature) or 1.

    Example:
        >>> weights_of(Mixture(0.5, 0.0, 0.5), [1.0, 0.0, -inf])
        [0.75, 0.25, 0.0]
    """
    return plain_weights(numbers_of(mixture, step), values, memory=memory, learned=learned)


def plain_weights(
    numbers: Numbers, values: list[float], *, memory: Any = None, learned: bool = False
) -> list[float] | None:
    """`weights_of` a mixture that is given in numbers."""
    flat, soft, peak, number, meaning = numbers
    best = max(values)
    if soft != 1.0:  # the sum of values with a NaN or +inf is one of these
        size = sum(values)
        if not -inf < best or not size < inf or (flat != 0.0 and not learned and -inf < size <= FAR_BELOW):
            return None
    if soft == flat == 0.0:
        return [1.0 if value == best else 0.0 for value in values]
    if soft == peak == 0.0:
        return [1.0 if value > -inf else 0.0 for value in values]
    if soft == 0.0:
        low = flat / (len(values) - values.count(-inf))
        high = low + peak / values.count(best)
        return [high if value == best else low if value > -inf else 0.0 for value in values]
    temperature: float | None = number
    if meaning != PLAIN:
        temperature = temperature_of(number, meaning, values, memory=memory, learned=learned)
    if temperature is None or not temperature >= 0.0:
        return None
    if 0.0 < temperature <= LARGEST_TEMPERATURE:
        weights = [exp((value - best) / temperature) for value in values]
    elif learned and temperature in (0.0, inf) and -inf < best and sum(values) < inf:
        weights = [1.0 if value == best or (temperature and value > -inf) else 0.0 for value in values]
    else:
        return None
    if not 1.0 <= (norm := sum(weights)) < inf:
        return None
    if flat == peak == 0.0:
        return weights
    masked = values.count(-inf) if soft == 1.0 or size == -inf else 0
    low, more = flat / (len(values) - masked), soft / norm
    weights = [low + more * weight for weight in weights] if flat != 0.0 else [more * weight for weight in weights]
    if masked:
        weights = [weight if value > -inf else 0.0 for value, weight in zip(values, weights, strict=True)]
    return weights if peak == 0.0 else _peaked(weights, values, best, peak)


def _peaked(weights: list[float], values: list[float], best: float, peak: float) -> list[float]:
    """The weights, those of the maxima increased by ``peak`` in all."""
    ties = values.count(best)
    if ties == 1:
        weights[values.index(best)] += peak
        return weights
    return [weight + peak / ties if value == best else weight for value, weight in zip(values, weights, strict=True)]


def unknown(policy: Any, units: tuple[type, ...] = ()) -> str:
    """In a line, why a policy's weights and temperature do not follow from the step alone; empty if they do.

    Args:
        policy: A policy.
        units: The classes of units of temperature that are known: the temperature may be in one of them.

    Example:
        >>> from boltzmann_rl.policies import Boltzmann, Greedy, RelativeToRange
        >>> policy = Boltzmann(RelativeToRange(1.0))
        >>> unknown(Greedy()), unknown(policy, units=(RelativeToRange,)), unknown(policy)
        ('', '', 'Boltzmann(temperature=RelativeToRange(scale=1.0)) reads the values, which is not known')
    """
    if rows_of(policy):
        return f"{policy!r} has a parameter for each row, which is not known"
    traits = traits_of(policy)
    shown = traits.temperature
    blind = traits.mixes_by_memory or (traits.takes_memory and type(shown) not in units)
    mixture = None if blind else mixture_of(policy, 0)
    if mixture is None:
        return f"{policy!r} is not known"
    if any(is_unit(each) and type(each) not in units for each in (mixture.temperature, shown)):
        return f"{policy!r} reads the values, which is not known"
    if is_unit(shown) and shown != mixture.temperature:
        return f"{policy!r} shows another temperature than that of its mixture, which is not known"
    return ""


def mixtures(policy: Any, first: int, last: int) -> Mixture:
    """Weights and temperatures at many steps ``(last − first,)``, ``(1,)`` if constant: the same bits as one by one.

    A unit of temperature stays as it is.

    Raises:
        TypeError, ValueError: A step at which they are not numbers, or the weights do not add up to 1; different units.

    Example:
        >>> from boltzmann_rl.policies import Boltzmann
        >>> from boltzmann_rl.schedules import Linear
        >>> mixtures(Boltzmann(Linear(1.0, 0.0, steps=2)), 0, 3).temperature
        array([1. , 0.5, 0. ])
    """
    constant = is_constant(policy)
    steps = np.arange(first, first + 1 if constant else last)
    if constant or same_for_many(policy):
        uniform, soft, greedy, temperature = policy.mixture(first if constant else steps)
        if not is_unit(temperature):
            temperature = np.broadcast_to(np.asarray(evaluate(temperature, steps), dtype=np.float64), steps.shape)
    else:
        found = [policy.mixture(step) for step in steps.tolist()]
        uniform, soft, greedy = np.array([x[:3] for x in found], dtype=np.float64).reshape(len(found), 3).T
        temperature = _one_unit([x.temperature for x in found])
        if temperature is None:
            each = [evaluate(x.temperature, step) for step, x in zip(steps.tolist(), found, strict=True)]
            temperature = np.array(each, dtype=np.float64)
    total, lowest = uniform + soft + greedy, np.minimum(np.minimum(uniform, soft), greedy)
    if not np.all((total >= _LEAST) & (total <= _MOST) & (lowest >= 0.0)):
        raise ValueError(f"the weights of {policy!r} must be 0 or more and add up to 1")
    parts = (uniform, soft, greedy)
    uniform, soft, greedy = (np.broadcast_to(np.asarray(x, dtype=np.float64), steps.shape) for x in parts)
    return Mixture(uniform, soft, greedy, temperature)


def _one_unit(temperatures: list[Any]) -> Any:
    """The unit of all temperatures; None if none of them has a unit."""
    if not any(map(is_unit, temperatures)):
        return None
    if any(each is not temperatures[0] and each != temperatures[0] for each in temperatures):
        raise ValueError("the unit of the temperature must be the same at each step")
    return temperatures[0]


def _aligned(weight: Any, name: str, values: Floats, step: Any) -> float | Floats:
    """A weight, or one for each row as ``(..., 1)``."""
    if isinstance(weight, float):
        return weight
    shape, rows = np.shape(weight), values.shape[:-1]
    if np.ndim(step) >= values.ndim:
        raise ValueError(
            f"step has shape {np.shape(step)}, one per action of values {values.shape}, but {name} is one per row: "
            "give one step per row"
        )
    if shape == (1,) and rows == ():
        return float(weight[0])
    if shape not in ((), rows, np.shape(step)):
        raise misfit(name, shape, values)
    return as_temperature(weight, values.shape, name)
