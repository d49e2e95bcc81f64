"""Does it help to lower the temperature, once the constant has been tuned?

Kuleshov & Precup (2014) report that decreasing schedules "offer no practical advantage" (their problem: ten arms,
μ ~ U(0, 1), σ = 0.1 or 1, 1000 turns). Here every way of cooling is tuned as carefully as the constant: the claim holds
where the peaks of the curves are equally high. They nearly are at σ = 0.1, where tuned cooling earns a thousandth more
per step, and less so at σ = 1, where it earns a hundredth more; `cooling_schedules.py` shows a problem where cooling
clearly pays.
"""

from boltzmann_rl import Agent, BanditExperiment, Boltzmann, GaussianBandit, SampleAverage, UniformMeans
from boltzmann_rl.schedules import Exponential, Logarithmic, Power

STARTS = tuple(2.0**k for k in range(-10, 2))


def softmax(temperature: object) -> Agent:
    """Softmax of sample averages that begin at 1, as in the paper."""
    return Agent(SampleAverage(initial=1.0), Boltzmann(temperature))


EXPERIMENT = BanditExperiment(
    name="tuned_constant",
    problem={f"σ = {sd}": GaussianBandit(UniformMeans(0.0, 1.0), arms=10, sd=sd) for sd in (0.1, 1.0)},
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
