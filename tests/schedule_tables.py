"""Schedules for several test files: one of each kind and edge case, and each of their parameters."""

import math

import numpy as np

from boltzmann_rl.schedules import (
    Ceiling,
    Complement,
    Constant,
    Cosine,
    Exponential,
    Floor,
    InverseTime,
    Joined,
    Linear,
    Logarithmic,
    Piecewise,
    Polynomial,
    Power,
    Restarts,
    Scaled,
    WarmUp,
)

# Schedules that go from one value to another and stay there: (schedule, start, end, steps).
WAYS = {
    "linear": (Linear(1.0, 0.1, steps=10), 1.0, 0.1, 10),
    "linear rising": (Linear(0.1, 1.0, steps=10), 0.1, 1.0, 10),
    "linear to 0": (Linear(0.3, 0.0, steps=7), 0.3, 0.0, 7),
    "linear in one step": (Linear(0.3, 0.7, steps=1), 0.3, 0.7, 1),
    "linear, level": (Linear(0.3, 0.3, steps=3), 0.3, 0.3, 3),
    "polynomial": (Polynomial(1.0, 0.1, steps=10), 1.0, 0.1, 10),
    "polynomial, root": (Polynomial(0.1, 2.0, steps=9, power=0.5), 0.1, 2.0, 9),
    "polynomial, steep": (Polynomial(1.0, 0.0, steps=1000, power=300.0), 1.0, 0.0, 1000),
    "cosine": (Cosine(0.7, 0.1, steps=13), 0.7, 0.1, 13),
    "cosine rising": (Cosine(0.0, 3.0, steps=10), 0.0, 3.0, 10),
    "exponential": (Exponential(0.7, 0.01, steps=11), 0.7, 0.01, 11),
    "exponential rising": (Exponential(0.01, 3.0, steps=10), 0.01, 3.0, 10),
    "exponential over 600 decades": (Exponential(1e300, 1e-300, steps=10), 1e300, 1e-300, 10),
}

# Schedules that fall towards a value without a last step: (schedule, start, bound).
FALLS = {
    "decay": (Exponential(1.0, decay=0.5), 1.0, 0.0),
    "slow decay": (Exponential(2.0, decay=0.999), 2.0, 0.0),
    "decay with floor": (Exponential(1.0, 0.01, decay=0.9), 1.0, 0.01),
    "inverse time": (InverseTime(1.0, rate=0.1), 1.0, 0.0),
    "inverse time, at once": (InverseTime(1.0, rate=1e300), 1.0, 0.0),
    "power": (Power(1.0), 1.0, 0.0),
    "power, root": (Power(2.0, exponent=0.5), 2.0, 0.0),
    "power, steep": (Power(1.0, exponent=100.0), 1.0, 0.0),
    "power per ten steps": (Power(1.0, exponent=0.75, per=10), 1.0, 0.0),
    "logarithmic": (Logarithmic(0.5), 0.5, 0.0),
    "logarithmic from 2": (Logarithmic(1.0, offset=2.0), 1 / math.log(2), 0.0),
    "floored": (Floor(InverseTime(1.0, rate=1.0), minimum=0.1), 1.0, 0.1),
    "scaled": (Scaled(Cosine(1.0, 0.0, steps=10), factor=100.0), 100.0, 0.0),
    "pieces": (Piecewise((1.0, 0.1, 0.0), boundaries=(5, 12)), 1.0, 0.0),
}

OTHERS = {
    "constant": Constant(0.5),
    "zero": Constant(0),
    "complement": Complement(Power(0.5)),
    "power, rising": Power(0.5, exponent=-0.5),
    "growth": Exponential(0.1, 2.0, decay=1.5),
    "one piece": Piecewise((0.3,), boundaries=()),
    "joined": Joined((1.0, Linear(1.0, 0.0, steps=10), Power(2.0)), boundaries=(5, 20)),
    "warm-up": WarmUp(Linear(1.0, 0.0, steps=10), steps=4),
    "warm-up from above": WarmUp(Power(1.0), steps=4, start=3.0),
    "capped": Ceiling(Power(5.0), maximum=1.0),
    "restarts": Restarts(Linear(1.0, 0.0, steps=10), period=10),
    "growing restarts": Restarts(Cosine(1.0, 0.1, steps=8), period=4, growth=2),
    "nested": Floor(Scaled(Restarts(WarmUp(0.5, steps=3), period=9), factor=2.0), minimum=0.2),
}

ALL = {name: schedule for name, (schedule, *_) in (WAYS | FALLS).items()} | OTHERS

# Every number that may differ from row to row, as a function of it, and its name.
ROW_NUMBERS = [
    (lambda x: Constant(x), "value"),
    (lambda x: Linear(x, 0.0, steps=10), "start"),
    (lambda x: Linear(2.0, x, steps=10), "end"),
    (lambda x: Polynomial(x, 0.1, steps=10), "start"),
    (lambda x: Polynomial(1.0, x, steps=10), "end"),
    (lambda x: Cosine(x, 0.1, steps=10), "start"),
    (lambda x: Cosine(1.0, x, steps=10), "end"),
    (lambda x: Exponential(x, 0.05, steps=10), "start"),
    (lambda x: Exponential(2.0, x, steps=10), "end"),
    (lambda x: Exponential(x, decay=0.5), "start"),
    (lambda x: InverseTime(x, rate=0.1), "start"),
    (lambda x: Power(x, exponent=0.5), "start"),
    (lambda x: Logarithmic(x), "scale"),
    (lambda x: Scaled(Linear(1.0, 0.0, steps=10), factor=x), "factor"),
    (lambda x: Floor(Linear(1.0, 0.0, steps=10), minimum=x), "minimum"),
    (lambda x: Ceiling(2.0, maximum=x), "maximum"),
    (lambda x: WarmUp(1.0, steps=5, start=x), "start"),
    (lambda x: Restarts(Linear(x, 0.0, steps=5), period=7), "start"),
    (lambda x: Joined((1.0, Linear(x, 0.0, steps=5)), boundaries=(4,)), "start"),
    (lambda x: Floor(Scaled(Linear(x, 0.0, steps=10), 3.0), 0.2), "start"),
]
# Every parameter of a schedule.
NUMBERS = [
    *ROW_NUMBERS,
    (lambda x: Polynomial(1.0, 0.1, steps=10, power=x), "power"),
    (lambda x: InverseTime(1.0, rate=x), "rate"),
    (lambda x: Logarithmic(1.0, offset=x), "offset"),
    (lambda x: Piecewise((1.0, x), boundaries=(3,)), r"values\[1\]"),
]

# Schedules with a number beyond the range of 32-bit floats.
WIDE = ("exponential over 600 decades", "inverse time, at once")
# Steps at which formulas over other namespaces are compared: all corners of the schedules above, and far ones.
STEPS = (*range(60), 100, 511, 999, 1000, 1001, 4095, 5000, 10**5, 10**6, 2**24)
# Schedules whose value is a product, so that its relative error grows with its logarithm; others are weighted sums.
PRODUCTS = ("exponential", "decay", "growth", "power", "slow")


def tolerance(name, values, eps):
    """How far values in a dtype may be from NumPy's ``values``: 4 eps · (4 + |z|), and what underflows."""
    sizes, largest = abs(values), abs(values).max()
    if name.startswith(PRODUCTS):
        positive = sizes[sizes > 0.0]
        z = abs(np.log(positive)).max() if positive.size else 0.0
    else:
        sizes, z = largest, getattr(ALL[name], "power", 1.0)
    return 4.0 * eps * (4.0 + z) * sizes + (1e-37 if eps > 1e-10 else 1e-300)
