"""What does a baseline do for REINFORCE?

The short corridor with switched actions, where all states look alike and the best policy is a random one (Sutton &
Barto 2018, Example 13.1; Figures 13.1 and 13.2): it goes right with probability 2 − √2 and is worth −11.66 an episode.
The preferences begin where right is taken once in 20 times, which is worth −82.
"""

import math

from boltzmann_rl import Agent, Boltzmann, Environment, GymnasiumExperiment
from boltzmann_rl.learners.policy_gradient import Reinforce

LEFT = (math.log(19.0), 0.0)
SOFTMAX = Boltzmann(1.0)

EXPERIMENT = GymnasiumExperiment(
    name="short_corridor",
    problem={
        "short corridor": Environment("boltzmann_rl.gridworlds:boltzmann_rl/ShortCorridor-v0", max_episode_steps=1000),
    },
    agents={
        "REINFORCE, α = 2⁻¹²": Agent(Reinforce(2.0**-12, initial=LEFT), SOFTMAX),
        "REINFORCE, α = 2⁻¹³": Agent(Reinforce(2.0**-13, initial=LEFT), SOFTMAX),
        "REINFORCE, α = 2⁻¹⁴": Agent(Reinforce(2.0**-14, initial=LEFT), SOFTMAX),
        "with a baseline, α = 2⁻⁹": Agent(Reinforce(2.0**-9, 2.0**-6, initial=LEFT), SOFTMAX),
    },
    runs=40,
    episodes=1000,
    seed=0,
)
