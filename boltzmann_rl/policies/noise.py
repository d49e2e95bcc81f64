"""Temperatures in units of the observed noise, which the learner remembers."""

from collections.abc import Callable
from typing import Any

import numpy as np

from boltzmann_rl.arguments import Floats, as_values, check_fields, real_array, unwrap
from boltzmann_rl.arguments.near_names import dataclass
from boltzmann_rl.policies.parameters import as_row_parameter, row_parameter
from boltzmann_rl.protocols import Parameter


@dataclass(frozen=True)
class RelativeToNoise:
    """A temperature in units of the observed noise: scale · σ̂, with σ̂ from the learner's memory.

    `NoiseEstimate` defines σ̂ and remembers it. A factor on all rewards then changes no decision if initial values are
    0. In a bandit an offset changes none either if sample averages try every arm first (`EveryActionFirst`); in an
    environment it changes the task where episodes differ in length. Limits: before σ̂ is known it is ∞, and the policy
    uniform; where no noise was observed it is 0, and the policy greedy.

    With a number it may also be the ``scale`` of `BoltzmannGumbel`, whose learner must then be a `NoiseEstimate`, or
    ``UCB1(exploration=...)`` or ``GaussianPosterior(sd=...)``, which measure σ̂ themselves: do not wrap these.

    Args:
        scale: Without unit, 0 to ∞: a number or a schedule. 0 is greedy, ∞ uniform.

    Raises:
        ValueError: A memory that is not one number ≥ 0 for each row.

    Example:
        >>> RelativeToNoise(0.5).temperature([[0.0, 1.0], [0.0, 1.0]], step=0, memory=[2.0, 3.0])
        array([1. , 1.5])

    Source: Cesa-Bianchi, Gentile, Lugosi & Neu (2017), *Boltzmann Exploration Done Right*, whose bounds are in units
    of the σ of σ-subgaussian rewards.
    """

    scale: Parameter
    constant = takes_memory = True

    def __post_init__(self) -> None:
        check_fields(self, scale=as_row_parameter)

    def temperature(self, values: Any, step: Any, memory: Any) -> Any:
        values = as_values(values)
        scale = row_parameter(self.scale, "scale", values, step)
        with np.errstate(invalid="ignore", over="ignore", under="ignore"):  # 0 · ∞ is replaced
            noise = noise_of_rows(memory, values)
            temperature: Floats = np.where((scale == 0.0) | np.isinf(scale), scale, scale * noise)
        return unwrap(temperature[..., 0])


def in_units_of_noise(parameter: Any, name: str, check: Callable[..., Any]) -> Any:
    """A number that ``check(number, name)`` accepts, or `RelativeToNoise` with such a number as its scale.

    Raises:
        TypeError: `RelativeToNoise` with a schedule.
    """
    if not isinstance(parameter, RelativeToNoise):
        return check(parameter, name)
    if not isinstance(parameter.scale, float):
        raise TypeError(f"{name} must be a number in units of the noise, not a schedule, got {parameter!r}")
    check(parameter.scale, name)
    return parameter


def noise_of_rows(memory: Any, values: Floats) -> Floats:
    """The remembered σ̂ of each row of values ``(..., A)``, as ``(..., 1)``.

    Raises:
        ValueError: A memory that is not one number ≥ 0 for each row.
    """
    noise = real_array(memory, "memory")
    if noise.shape != values.shape[:-1] or not (noise >= 0.0).all():
        raise ValueError(
            f"memory must hold one σ̂ ≥ 0 for each row of values {values.shape}, as NoiseEstimate remembers it, got "
            f"{memory}"
        )
    return noise[..., np.newaxis]
