"""How fast does an agent learn to swing up a two-link arm?

Gymnasium's Acrobot, with six real-valued observations, with tile coding: Sarsa with ε-greedy and Boltzmann exploration,
and an actor-critic with a softmax in action preferences. Each step has a reward of −1 until the tip is up; an episode
has at most 500 steps.
Acrobot with Sarsa(λ) is Example 8 of Sutton (1996), *Generalization in Reinforcement Learning: Successful Examples
Using Sparse Coarse Coding*.
"""

import boltzmann_rl as brl
from boltzmann_rl.schedules import Exponential

EXPERIMENT = brl.GymnasiumExperiment(
    name="acrobot",
    problem={"Acrobot": brl.Environment("Acrobot-v1", wrap=brl.TileCoded(tilings=32, tiles=(3, 3, 3, 3, 4, 4)))},
    agents={
        "Sarsa, ε = 0.1": brl.Agent(brl.SARSA(0.3), brl.EpsilonGreedy(0.1)),
        "Sarsa, ε = 0.01": brl.Agent(brl.SARSA(0.3), brl.EpsilonGreedy(0.01)),
        "Sarsa, τ = 1": brl.Agent(brl.SARSA(0.3), brl.Boltzmann(1.0)),
        "Sarsa, cooled": brl.Agent(brl.SARSA(0.3), brl.Boltzmann(Exponential(3.0, 0.1, steps=10_000))),
        "Actor-critic": brl.Agent(brl.ActorCritic(0.003, 0.2), brl.Boltzmann(1.0)),
    },
    runs=10,
    episodes=100,
    seed=0,
)
