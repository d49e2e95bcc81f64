"""Tuning: the best parameters of each agent of an experiment, found with the same number of runs for each."""

from boltzmann_rl.lazy import public as _public

__all__, __getattr__, __dir__ = _public(__name__)
