"""Schedules: a schedule is any callable ``step -> value``, and these are the usual ones.

``step`` counts the decisions made so far, from 0: a number or an array of any shape, evaluated elementwise. Schedules
have no state. Each is a frozen dataclass, which prints as it was written, compares, hashes and pickles. For several
environments, numbers such as ``start`` and ``end`` may be lists, tuples or arrays with one per row; the schedule then
returns one value per row, for one step of all rows or one step each.
"""

from typing import TYPE_CHECKING

from boltzmann_rl.lazy import public as _public
from boltzmann_rl.protocols import Schedule
from boltzmann_rl.schedules.combinators import Ceiling, Floor, Joined, Piecewise, Restarts, Scaled, WarmUp
from boltzmann_rl.schedules.evaluation import as_parameter, evaluate, is_constant
from boltzmann_rl.schedules.shapes import (
    Constant,
    Cosine,
    Exponential,
    InverseTime,
    Linear,
    Logarithmic,
    Polynomial,
    Power,
)

if not TYPE_CHECKING:  # type checkers read the imports above
    _, __getattr__, __dir__ = _public(__name__)  # the error for a misspelled name suggests the right one

__all__ = [
    "Ceiling",
    "Constant",
    "Cosine",
    "Exponential",
    "Floor",
    "InverseTime",
    "Joined",
    "Linear",
    "Logarithmic",
    "Piecewise",
    "Polynomial",
    "Power",
    "Restarts",
    "Scaled",
    "Schedule",
    "WarmUp",
    "as_parameter",
    "evaluate",
    "is_constant",
]
