"""
Probability against value
=========================

The value of one action moves, those of two others stay at 0 and 1.
"""

import boltzmann_rl as brl

policies = {
    "ε = 0.1": brl.EpsilonGreedy(0.1),
    "τ = 0.1": brl.Boltzmann(0.1),
    "τ = 0.5": brl.Boltzmann(0.5),
    "sparsemax": brl.Sparsemax(1.0),
}
figure = brl.plot_probabilities(policies, values=[0.0, 1.0, 0.5], action=2)
