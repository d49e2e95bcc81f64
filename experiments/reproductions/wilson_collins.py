"""Wilson & Collins (2019), *Ten simple rules for the computational modeling of behavioral data*, eLife 8, Fig. 2B.

Two arms that pay 1 with probability 0.2 and 0.8, 100 trials, values from 0.5, Rescorla-Wagner with learning rate α,
softmax with inverse temperature β: share of correct choices in the first and in the last ten trials. The numbers below
were read from the vector figure, whose points are means of simulations themselves.
"""

from dataclasses import dataclass

import numpy as np

from boltzmann_rl import Agent, BanditExperiment, BernoulliBandit, Boltzmann, ConstantStep
from boltzmann_rl.reproduction import Measurement, Target


@dataclass(frozen=True)
class Correct:
    """Share of correct choices in a stretch of trials, for many learning rates."""

    inverse_temperature: float = 5.0
    first: int = 0
    last: int = 10
    learning_rates: tuple[float, ...] = (0.1, 0.5, 0.9)
    means: tuple[float, ...] = (0.2, 0.8)
    trials: int = 100
    runs: int = 4000
    seed: int = 0

    def measure(self, jobs: int | None = None) -> Measurement:
        """One number for each learning rate."""
        policy = Boltzmann(1.0 / self.inverse_temperature)
        curves = (
            BanditExperiment(
                name="wilson_collins",
                problem=BernoulliBandit(self.means),
                agents={"α": {rate: Agent(ConstantStep(rate, initial=0.5), policy) for rate in self.learning_rates}},
                runs=self.runs,
                seed=self.seed,
                steps=self.trials,
            )
            .run(jobs=jobs, progress=False)
            .curves
        )
        there = curves[(curves["metric"] == "best_action") & curves["step"].between(self.first, self.last - 1)]
        means = there.groupby("agent", sort=False)[["mean", "standard_error"]].mean()
        error = means["standard_error"].to_numpy()
        return Measurement(means["mean"].to_numpy(), error, error * np.sqrt(self.runs), self.runs)


def line(stretch: str, beta: float, rates: tuple[float, ...], published: tuple[float, ...]) -> Target:
    """A line of the figure."""
    first, last = {"early": (0, 10), "late": (90, 100)}[stretch]
    return Target(
        id=f"WC-2B-{stretch}-beta{beta:g}",
        study=Correct(beta, first, last, rates),
        published=published,
        within=0.03,
        mean_within=0.01,
        source="Wilson & Collins (2019), eLife 8:e49547, Fig. 2B",
        panel=f"Fig. 2B: {stretch} trials",
        series=f"β = {beta:g}",
        x=rates,
        axis="learning rate",
        unit="share of correct choices",
    )


RATES = tuple(k / 50 for k in range(1, 51))

# fmt: off
EARLY = {
    1: (
        0.4999, 0.5142, 0.5142, 0.5274, 0.5149, 0.5438, 0.5304, 0.5385, 0.5497, 0.5376,
        0.5440, 0.5545, 0.5543, 0.5643, 0.5691, 0.5805, 0.5687, 0.5759, 0.5853, 0.5775,
        0.5604, 0.5939, 0.5781, 0.5683, 0.5928, 0.5799, 0.5963, 0.6055, 0.5932, 0.5969,
        0.5941, 0.5928, 0.6011, 0.6101, 0.6031, 0.6083, 0.5950, 0.5956, 0.6094, 0.6177,
        0.6024, 0.6098, 0.6188, 0.6136, 0.6009, 0.6083, 0.6011, 0.6171, 0.6120, 0.6151,
    ),
    5: (
        0.5420, 0.5481, 0.5862, 0.6245, 0.6414, 0.6446, 0.6718, 0.6656, 0.6906, 0.6921,
        0.7077, 0.7252, 0.7416, 0.7370, 0.7398, 0.7455, 0.7389, 0.7492, 0.7556, 0.7578,
        0.7656, 0.7597, 0.7661, 0.7632, 0.7724, 0.7777, 0.7713, 0.7724, 0.7722, 0.7643,
        0.7628, 0.7700, 0.7735, 0.7626, 0.7829, 0.7757, 0.7663, 0.7875, 0.7565, 0.7484,
        0.7604, 0.7678, 0.7613, 0.7575, 0.7525, 0.7667, 0.7672, 0.7392, 0.7398, 0.7365,
    ),
    20: (
        0.6177, 0.7096, 0.7490, 0.7869, 0.8151, 0.8254, 0.8166, 0.8276, 0.8455, 0.8470,
        0.8407, 0.8582, 0.8455, 0.8449, 0.8416, 0.8317, 0.8514, 0.8497, 0.8440, 0.8490,
        0.8446, 0.8405, 0.8394, 0.8276, 0.8348, 0.8289, 0.8256, 0.8302, 0.8168, 0.8291,
        0.8140, 0.8232, 0.8182, 0.8184, 0.8149, 0.8160, 0.8035, 0.8109, 0.8101, 0.8142,
        0.8103, 0.8046, 0.7915, 0.7882, 0.7941, 0.7807, 0.7928, 0.7702, 0.7637, 0.7409,
    ),
}
LATE = {
    1: (
        0.5921, 0.6247, 0.6324, 0.6389, 0.6376, 0.6422, 0.6278, 0.6462, 0.6385, 0.6475,
        0.6549, 0.6510, 0.6352, 0.6348, 0.6389, 0.6418, 0.6466, 0.6571, 0.6414, 0.6543,
        0.6505, 0.6398, 0.6449, 0.6374, 0.6521, 0.6398, 0.6449, 0.6462, 0.6527, 0.6291,
        0.6418, 0.6396, 0.6376, 0.6425, 0.6462, 0.6418, 0.6403, 0.6444, 0.6319, 0.6405,
        0.6438, 0.6315, 0.6422, 0.6418, 0.6359, 0.6403, 0.6479, 0.6396, 0.6309, 0.6258,
    ),
    5: (
        0.8477, 0.8965, 0.9074, 0.9221, 0.9223, 0.9300, 0.9304, 0.9267, 0.9282, 0.9346,
        0.9383, 0.9357, 0.9379, 0.9368, 0.9350, 0.9333, 0.9344, 0.9350, 0.9274, 0.9260,
        0.9247, 0.9217, 0.9293, 0.9085, 0.9225, 0.9284, 0.9223, 0.9144, 0.9088, 0.9037,
        0.9048, 0.9057, 0.8991, 0.8989, 0.8917, 0.8884, 0.8812, 0.8919, 0.8567, 0.8589,
        0.8512, 0.8488, 0.8538, 0.8414, 0.8280, 0.8317, 0.8333, 0.7996, 0.8013, 0.7910,
    ),
    20: (
        0.9967, 0.9950, 0.9934, 0.9941, 0.9910, 0.9937, 0.9902, 0.9882, 0.9906, 0.9871,
        0.9827, 0.9849, 0.9869, 0.9860, 0.9853, 0.9858, 0.9816, 0.9858, 0.9832, 0.9845,
        0.9812, 0.9823, 0.9875, 0.9816, 0.9805, 0.9847, 0.9814, 0.9761, 0.9788, 0.9751,
        0.9711, 0.9689, 0.9694, 0.9661, 0.9676, 0.9589, 0.9716, 0.9687, 0.9462, 0.9400,
        0.9464, 0.9462, 0.9438, 0.9263, 0.9221, 0.9011, 0.8904, 0.8571, 0.8385, 0.8039,
    ),
}
# fmt: on

TARGETS = [
    line(stretch, beta, RATES, published)
    for stretch, lines in (("early", EARLY), ("late", LATE))
    for beta, published in lines.items()
]
