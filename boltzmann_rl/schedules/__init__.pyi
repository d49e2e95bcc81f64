"""The public schedules, each with the module that defines it: see ``boltzmann_rl/__init__.pyi``."""

from boltzmann_rl.protocols import Schedule as Schedule
from boltzmann_rl.schedules.combinators import (
    Ceiling as Ceiling,
    Complement as Complement,
    Floor as Floor,
    Joined as Joined,
    Piecewise as Piecewise,
    Restarts as Restarts,
    Scaled as Scaled,
    WarmUp as WarmUp,
)
from boltzmann_rl.schedules.evaluation import (
    as_parameter as as_parameter,
    evaluate as evaluate,
    is_constant as is_constant,
)
from boltzmann_rl.schedules.shapes import (
    Constant as Constant,
    Cosine as Cosine,
    Exponential as Exponential,
    InverseTime as InverseTime,
    Linear as Linear,
    Logarithmic as Logarithmic,
    Polynomial as Polynomial,
    Power as Power,
)
