"""Does exploration that depends on the action values help near a cliff?

Q-learning on Gymnasium's CliffWalking (Sutton & Barto 2018, Example 6.6). The shortest path runs along the edge.
ε-greedy keeps falling off it, because it explores all actions equally, even those that it knows to be bad. Boltzmann
exploration rarely takes those.
"""

import boltzmann_rl as brl
from boltzmann_rl.schedules import Exponential

LEARNER = brl.QLearning(learning_rate=0.5, discount=1.0)

EXPERIMENT = brl.GymnasiumExperiment(
    name="cliff_walking",
    problem={"CliffWalking": brl.Environment("CliffWalking-v1", max_episode_steps=500)},
    agents={
        "ε-greedy, ε = 0.1": brl.Agent(LEARNER, brl.EpsilonGreedy(0.1)),
        "ε-greedy, ε = 0.01": brl.Agent(LEARNER, brl.EpsilonGreedy(0.01)),
        "Boltzmann, τ = 1": brl.Agent(LEARNER, brl.Boltzmann(1.0)),
        "Boltzmann, τ from 1 to 0.05": brl.Agent(LEARNER, brl.Boltzmann(Exponential(1.0, 0.05, steps=5000))),
    },
    runs=20,
    episodes=300,
    seed=0,
)
