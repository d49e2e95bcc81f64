"""Schedules: a schedule is any callable ``step -> value``, and these are the usual ones.

``step`` counts decisions made so far, from 0: a number or an array of any shape, evaluated elementwise. Reading a
schedule changes nothing. Each is a frozen dataclass: it prints as it was written, compares, hashes and pickles.
Where several environments have values of their own, numbers such as ``start`` and ``end`` may be lists, tuples or
arrays of one for each row; the schedule then answers one value a row, of one step for all or of one for each.
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

if not TYPE_CHECKING:  # type checkers know which names are there
    _, __getattr__, __dir__ = _public(__name__)  # suggests one for a name that is not

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
