"""Exact Boltzmann exploration among so many actions that one look at all of them is too long."""

from boltzmann_rl.many_actions.play import History, play_many_arms
from boltzmann_rl.many_actions.sampler import BoltzmannSampler

__all__ = ["BoltzmannSampler", "History", "play_many_arms"]
