"""Does lowering the temperature help, compared with a tuned constant?

Kuleshov & Precup (2014) report that decreasing schedules "offer no practical advantage" (their problem: ten arms,
μ ~ U(0, 1), σ = 0.1 or 1, 1000 turns). Here every schedule is tuned as carefully as the constant. The claim holds if
the peaks of the curves are equally high. They nearly are at σ = 0.1, where tuned schedules earn a thousandth more per
step, and less so at σ = 1, where they earn a hundredth more; `cooling_schedules.py` shows a problem where a falling
temperature clearly helps.
"""

import boltzmann_rl as brl
from boltzmann_rl.schedules import Exponential, Logarithmic, Power

STARTS = tuple(2.0**k for k in range(-10, 2))


def softmax(temperature: object) -> brl.Agent:
    """A softmax of sample averages with initial value 1, as in the paper."""
    return brl.Agent(brl.SampleAverage(initial=1.0), brl.Boltzmann(temperature))


EXPERIMENT = brl.BanditExperiment(
    name="tuned_constant",
    problem={f"σ = {sd}": brl.GaussianBandit(brl.UniformMeans(0.0, 1.0), arms=10, sd=sd) for sd in (0.1, 1.0)},
    agents={
        "constant, τ": {start: softmax(start) for start in STARTS},
        "exponential, τ to τ/20": {start: softmax(Exponential(start, start / 20, steps=500)) for start in STARTS},
        "1/√t, τ": {start: softmax(Power(start, 0.5)) for start in STARTS},
        "1/ln t, τ": {start: softmax(Logarithmic(start)) for start in STARTS},
    },
    runs=1000,
    steps=1000,
    seed=0,
)
