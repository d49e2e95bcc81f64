"""The same by hand: all runs at once in NumPy arrays, and the curves."""

import sys

import matplotlib.pyplot as plt
import numpy as np

RUNS, STEPS, ARMS = 2000, 1000, 10


def simulate(choose):
    """The mean reward of each step, and the share of runs that take the best arm."""
    rng, rows = np.random.default_rng(0), np.arange(RUNS)
    means = rng.normal(size=(RUNS, ARMS))
    best = means.argmax(axis=1)
    estimates, pulls = np.zeros((RUNS, ARMS)), np.zeros((RUNS, ARMS))
    rewards, optimal = np.zeros(STEPS), np.zeros(STEPS)
    for step in range(STEPS):
        arms = choose(estimates, rng)
        reward = means[rows, arms] + rng.normal(size=RUNS)
        pulls[rows, arms] += 1
        estimates[rows, arms] += (reward - estimates[rows, arms]) / pulls[rows, arms]
        rewards[step], optimal[step] = reward.mean(), (arms == best).mean()
    return rewards, optimal


def greedily(epsilon):
    """ε-greedy, with ties broken at random."""

    def choose(estimates, rng):
        best = estimates == estimates.max(axis=1, keepdims=True)
        arms = (best * rng.random(estimates.shape)).argmax(axis=1)
        return np.where(rng.random(RUNS) < epsilon, rng.integers(ARMS, size=RUNS), arms)

    return choose


def softly(temperature):
    """Boltzmann exploration."""

    def choose(estimates, rng):
        weights = np.exp((estimates - estimates.max(axis=1, keepdims=True)) / temperature)
        sums = weights.cumsum(axis=1)
        return (sums <= rng.random((RUNS, 1)) * sums[:, -1:]).sum(axis=1)

    return choose


agents = {"greedy": greedily(0.0), "ε = 0.01": greedily(0.01), "ε = 0.1": greedily(0.1), "τ = 0.25": softly(0.25)}
figure, axes = plt.subplots(2, 1)
for name, choose in agents.items():
    for ax, curve in zip(axes, simulate(choose), strict=True):
        ax.plot(curve, label=name)
axes[0].legend()
figure.savefig(sys.argv[1])
