"""Published numbers beside ours: targets, how they are measured, their page and figure.

A file in ``experiments/reproductions`` lists its ``TARGETS``, made of the classes here.
"""

from boltzmann_rl.reproduction.targets import NOT_GIVEN, Measurement, Row, Target

__all__ = ["NOT_GIVEN", "Measurement", "Row", "Target"]
