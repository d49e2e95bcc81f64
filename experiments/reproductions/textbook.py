"""Values by exact dynamic programming: examples of Sutton & Barto (2018), and Gymnasium's slippery FrozenLake.

The windy gridworld (Example 6.5), the cliff (Example 6.6), the short corridor with switched actions (Example 13.1), and
FrozenLake, whose optimal value many public repositories print.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import brentq

import boltzmann_rl as brl
from boltzmann_rl.planning import MDP, action_values, policy_values, value_iteration
from boltzmann_rl.reproduction import Measurement, Target

BOOK = "Sutton & Barto (2018)"
WINDY = brl.Environment("boltzmann_rl.gridworlds:boltzmann_rl/WindyGridworld-v0")
CORRIDOR = brl.Environment("boltzmann_rl.gridworlds:boltzmann_rl/ShortCorridor-v0")


@dataclass(frozen=True)
class Best:
    """The value of the start under the optimal policy, and under ε-greedy policies with the optimal action values."""

    environment: brl.Environment
    discount: float = 1.0
    epsilons: tuple[float, ...] = (0.0,)
    sign: float = 1.0

    def measure(self, jobs: int | None = None) -> Measurement:
        """One number for each ε; with sign −1 and rewards of −1 it is the length of an episode."""
        mdp = MDP.of(self.environment.make())
        best = value_iteration(mdp, self.discount, tolerance=1e-12).action_values
        policies = [brl.EpsilonGreedy(epsilon) if epsilon else brl.Greedy() for epsilon in self.epsilons]
        worth = [mdp.start @ policy_values(mdp, policy(best, 0), self.discount) for policy in policies]
        return Measurement.exact(self.sign * np.array(worth))


@dataclass(frozen=True)
class BlindChoice:
    """With indistinguishable states: the best probability of right, its value, and those of ε-greedy right and left."""

    environment: brl.Environment = CORRIDOR
    epsilon: float = 0.1

    def measure(self, jobs: int | None = None) -> Measurement:
        """The four numbers."""
        mdp = MDP.of(self.environment.make())

        def worth(right: float) -> float:
            return float(mdp.start @ policy_values(mdp, [1.0 - right, right], 1.0))

        def slope(right: float) -> float:
            """The policy gradient: the advantage of right over left, summed over all visits."""
            policy = [1.0 - right, right]
            q = action_values(mdp, policy_values(mdp, policy, 1.0), 1.0)
            gain = np.repeat(q[:, 1:] - q[:, :1], 2, axis=1)
            return float(mdp.start @ policy_values(replace(mdp, rewards=gain), policy, 1.0))

        best = brentq(slope, 0.1, 0.9, xtol=1e-14)
        return Measurement.exact([best, worth(best), worth(1.0 - self.epsilon / 2), worth(self.epsilon / 2)])


def blind(right: float) -> float:
    """The closed form of the corridor's value: 2(p − 2)/(p(1 − p))."""
    return 2.0 * (right - 2.0) / (right * (1.0 - right))


TARGETS = [
    Target(
        id="EX-windy",
        study=Best(WINDY, epsilons=(0.0, 0.1), sign=-1.0),
        published=(15.0, 17.0),
        within=0.5,
        independent=(15.0, 17.05333),
        independent_within=1e-4,
        source=f"{BOOK}, Example 6.5: 15 steps, and about 17 with ε = 0.1",
        panel="Example 6.5: windy gridworld",
        series="optimal values",
        x=("greedy", "ε-greedy, ε = 0.1"),
        unit="steps per episode",
    ),
    Target(
        id="EX-cliff",
        study=Best(brl.Environment("CliffWalking-v1")),
        published=-13.0,
        within=1e-6,
        source=f"{BOOK}, Example 6.6",
        panel="Example 6.6: cliff walking",
        series="optimal values",
        x=("greedy",),
        unit="return per episode",
    ),
    Target(
        id="EX-corridor",
        study=BlindChoice(),
        published=(0.59, -11.6, -44.0, -82.0),
        relative=0.01,
        independent=(2.0 - 2.0**0.5, -(6.0 + 4.0 * 2.0**0.5), blind(0.95), blind(0.05)),
        independent_within=1e-9,
        source=f"{BOOK}, Example 13.1, printed with two or three digits; closed form",
        panel="Example 13.1: short corridor",
        series="all states alike",
        x=("best policy", "best policy", "ε-greedy right, ε = 0.1", "ε-greedy left, ε = 0.1"),
        unit=("probability of right", *3 * ("value of the start",)),
    ),
    Target(
        id="EX-frozen",
        study=Best(brl.Environment("FrozenLake-v1", options={"is_slippery": True}), discount=0.99),
        published=0.54202593,
        within=1e-7,
        independent=0.542025932,
        independent_within=1e-7,
        source="Gymnasium's FrozenLake 4×4, slippery, discount 0.99: value iteration in several public repositories",
        panel="FrozenLake, 4×4, slippery",
        series="optimal values",
        x=("greedy",),
        unit="value of the start",
    ),
]
