"""
Policies on the simplex
=======================

Where the probabilities of three actions go as the parameter changes.
"""

import numpy as np

import boltzmann_rl as brl

paths = {
    "Boltzmann, τ": {t: brl.Boltzmann(t) for t in np.geomspace(0.05, 20, 60)},
    "ε-greedy, ε": {e: brl.EpsilonGreedy(e) for e in (0.0, 0.25, 0.5, 0.75, 1.0)},
}
figure = brl.plot_simplex(paths, values=[0.0, 0.5, 1.0])
