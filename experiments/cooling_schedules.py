"""Which temperature schedule is best, and does it beat a well-chosen constant temperature?

Kuleshov & Precup (2014) found that decreasing schedules "offer no practical advantage" over a tuned constant. Here most
schedules fall from 1 to 0.05, on the ten-armed testbed of Sutton & Barto (2018). Two constants are compared with them;
`temperature_sweep.py` found 0.25 to be the best constant.
"""

import boltzmann_rl as brl
from boltzmann_rl.schedules import Cosine, Exponential, Floor, InverseTime, Linear, Logarithmic, Restarts

SCHEDULES = {
    "constant 0.25": 0.25,
    "constant 0.05": 0.05,
    "linear": Linear(1.0, 0.05, steps=500),
    "exponential": Exponential(1.0, 0.05, steps=500),
    "cosine": Cosine(1.0, 0.05, steps=500),
    "inverse time": Floor(InverseTime(1.0, rate=0.04), minimum=0.05),
    "logarithmic": Logarithmic(1.0),
    "restarts": Restarts(Exponential(1.0, 0.05, steps=125), period=125, growth=2),
}

EXPERIMENT = brl.BanditExperiment(
    name="cooling_schedules",
    problem={"the ten-armed testbed": brl.GaussianBandit(brl.NormalMeans(0.0, 1.0), arms=10, sd=1.0)},
    agents={label: brl.Agent(brl.SampleAverage(), brl.Boltzmann(schedule)) for label, schedule in SCHEDULES.items()},
    runs=2000,
    steps=1000,
    seed=0,
)
