"""The same by hand: Gymnasium's loop and a table, for as many seeds as the second argument says."""

import sys

import gymnasium
import matplotlib.pyplot as plt
import numpy as np

EPISODES, LEARNING_RATE, DISCOUNT = 300, 0.1, 0.99


def train(choose, seed):
    """The return of each episode."""
    rng, env = np.random.default_rng(seed), gymnasium.make("FrozenLake8x8-v1")
    q, returns = np.zeros((env.observation_space.n, env.action_space.n)), np.zeros(EPISODES)
    for episode in range(EPISODES):
        state, _ = env.reset(seed=seed if episode == 0 else None)
        over = False
        while not over:
            action = choose(q[state], rng)
            following, reward, terminated, truncated, _ = env.step(action)
            target = reward + (0.0 if terminated else DISCOUNT * q[following].max())
            q[state, action] += LEARNING_RATE * (target - q[state, action])
            state, over = following, terminated or truncated
            returns[episode] += reward
    return returns


def greedily(epsilon):
    """ε-greedy, with ties broken at random."""

    def choose(values, rng):
        if rng.random() < epsilon:
            return int(rng.integers(len(values)))
        return int(rng.choice(np.flatnonzero(values == values.max())))

    return choose


def softly(temperature):
    """Boltzmann exploration."""

    def choose(values, rng):
        weights = np.exp((values - values.max()) / temperature)
        return int(rng.choice(len(values), p=weights / weights.sum()))

    return choose


agents = {f"ε = {epsilon}": greedily(epsilon) for epsilon in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)}
agents |= {f"τ = {tau}": softly(tau) for tau in (0.001, 0.002, 0.005, 0.01, 0.02, 0.05)}
for name, choose in agents.items():
    curve = np.mean([train(choose, seed) for seed in range(int(sys.argv[2]))], axis=0)
    plt.plot(np.convolve(curve, np.ones(20) / 20, mode="valid"), label=name)
plt.legend()
plt.savefig(sys.argv[1])
