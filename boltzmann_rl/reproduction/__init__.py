"""Reproduction of published numbers: targets, their measurement, and the page and figures that compare them.

Each file in ``experiments/reproductions`` declares its ``TARGETS`` with the classes here.
"""

from boltzmann_rl.reproduction.targets import NOT_GIVEN, Measurement, Row, Target

__all__ = ["NOT_GIVEN", "Measurement", "Row", "Target"]
