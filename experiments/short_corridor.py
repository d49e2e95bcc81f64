"""What does a baseline do for REINFORCE?

The short corridor with switched actions (Sutton & Barto 2018, Example 13.1; Figures 13.1 and 13.2). All states look
alike, and the best policy is stochastic: it goes right with probability 2 − √2, and its value is −11.66. The initial
preferences go right with probability 1/20, which has the value −82.
"""

import math

import boltzmann_rl as brl

LEFT = (math.log(19.0), 0.0)
SOFTMAX = brl.Boltzmann(1.0)

EXPERIMENT = brl.GymnasiumExperiment(
    name="short_corridor",
    problem={
        "short corridor": brl.Environment(
            "boltzmann_rl.gridworlds:boltzmann_rl/ShortCorridor-v0", max_episode_steps=1000
        ),
    },
    agents={
        "REINFORCE, α = 2⁻¹²": brl.Agent(brl.Reinforce(2.0**-12, initial=LEFT), SOFTMAX),
        "REINFORCE, α = 2⁻¹³": brl.Agent(brl.Reinforce(2.0**-13, initial=LEFT), SOFTMAX),
        "REINFORCE, α = 2⁻¹⁴": brl.Agent(brl.Reinforce(2.0**-14, initial=LEFT), SOFTMAX),
        "with a baseline, α = 2⁻⁹": brl.Agent(brl.Reinforce(2.0**-9, 2.0**-6, initial=LEFT), SOFTMAX),
    },
    runs=40,
    episodes=1000,
    seed=0,
)
