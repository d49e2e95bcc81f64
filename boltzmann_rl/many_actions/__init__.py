"""Exact Boltzmann exploration among very many actions, in sublinear time per draw."""

from boltzmann_rl.many_actions.history import History, play_many_arms
from boltzmann_rl.many_actions.sampler import BoltzmannSampler

__all__ = ["BoltzmannSampler", "History", "play_many_arms"]
