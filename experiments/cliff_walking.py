"""Does it pay to follow action values near a cliff?

Q-learning on Gymnasium's CliffWalking (Sutton & Barto 2018, Example 6.6): the shortest way runs along the edge, where
ε-greedy keeps stepping off, because its exploration is blind to what it already knows about the cliff. Boltzmann's is
not.
"""

from boltzmann_rl import Agent, Boltzmann, Environment, EpsilonGreedy, GymnasiumExperiment, QLearning
from boltzmann_rl.schedules import Exponential

LEARNER = QLearning(learning_rate=0.5, discount=1.0)

EXPERIMENT = GymnasiumExperiment(
    name="cliff_walking",
    problem={"CliffWalking": Environment("CliffWalking-v1", max_episode_steps=500)},
    agents={
        "ε-greedy, ε = 0.1": Agent(LEARNER, EpsilonGreedy(0.1)),
        "ε-greedy, ε = 0.01": Agent(LEARNER, EpsilonGreedy(0.01)),
        "Boltzmann, τ = 1": Agent(LEARNER, Boltzmann(1.0)),
        "Boltzmann, τ from 1 to 0.05": Agent(LEARNER, Boltzmann(Exponential(1.0, 0.05, steps=5000))),
    },
    runs=20,
    episodes=300,
    seed=0,
)
