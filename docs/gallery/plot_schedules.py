"""
Schedules
=========

How a temperature falls.
"""

import boltzmann_rl as brl
from boltzmann_rl.schedules import Cosine, Exponential, InverseTime, Linear

schedules = {
    "linear": Linear(1.0, 0.05, steps=800),
    "cosine": Cosine(1.0, 0.05, steps=800),
    "exponential": Exponential(1.0, 0.05, steps=800),
    "1 / time": InverseTime(1.0, rate=0.01),
}
figure = brl.plot_schedule(schedules, steps=1000, label="temperature")
