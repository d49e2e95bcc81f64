"""Wilson & Collins (2019), *Ten simple rules for the computational modeling of behavioral data*, eLife 8, Fig. 2B.

Two arms that pay 1 with probability 0.2 and 0.8, 100 trials, initial values 0.5, Rescorla-Wagner with learning rate α,
softmax with inverse temperature β: fraction of correct choices in the first and in the last ten trials. The numbers
below were read from the vector graphics; the points of the figure are means of simulations, too.
"""

from dataclasses import dataclass

import numpy as np

import boltzmann_rl as brl
from boltzmann_rl.reproduction import Measurement, Target


@dataclass(frozen=True)
class Correct:
    """Fraction of correct choices in a range of trials, for many learning rates."""

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
        policy = brl.Boltzmann(1.0 / self.inverse_temperature)
        curves = (
            brl.BanditExperiment(
                name="wilson_collins",
                problem=brl.BernoulliBandit(self.means),
                agents={
                    "α": {rate: brl.Agent(brl.ConstantStep(rate, initial=0.5), policy) for rate in self.learning_rates}
                },
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
    """A curve of the figure."""
    first, last, words = {"early": (0, 10, "first"), "late": (90, 100, "last")}[stretch]
    return Target(
        id=f"WC-2B-{stretch}-beta{beta:g}",
        study=Correct(beta, first, last, rates),
        published=published,
        within=0.03,
        mean_within=0.01,
        source="Wilson & Collins (2019), eLife 8:e49547, Fig. 2B",
        panel=f"Figure 2B: the {words} ten trials",
        series=f"β = {beta:g}",
        x=rates,
        axis="learning rate",
        unit="fraction of correct choices",
    )


RATES = tuple(k / 50 for k in range(1, 51))

# Ten-thousandths, from the smallest learning rate to the largest.
EARLY = {
    1: """
        4999 5142 5142 5274 5149 5438 5304 5385 5497 5376 5440 5545 5543 5643 5691 5805 5687 5759 5853 5775
        5604 5939 5781 5683 5928 5799 5963 6055 5932 5969 5941 5928 6011 6101 6031 6083 5950 5956 6094 6177
        6024 6098 6188 6136 6009 6083 6011 6171 6120 6151
    """,
    5: """
        5420 5481 5862 6245 6414 6446 6718 6656 6906 6921 7077 7252 7416 7370 7398 7455 7389 7492 7556 7578
        7656 7597 7661 7632 7724 7777 7713 7724 7722 7643 7628 7700 7735 7626 7829 7757 7663 7875 7565 7484
        7604 7678 7613 7575 7525 7667 7672 7392 7398 7365
    """,
    20: """
        6177 7096 7490 7869 8151 8254 8166 8276 8455 8470 8407 8582 8455 8449 8416 8317 8514 8497 8440 8490
        8446 8405 8394 8276 8348 8289 8256 8302 8168 8291 8140 8232 8182 8184 8149 8160 8035 8109 8101 8142
        8103 8046 7915 7882 7941 7807 7928 7702 7637 7409
    """,
}
LATE = {
    1: """
        5921 6247 6324 6389 6376 6422 6278 6462 6385 6475 6549 6510 6352 6348 6389 6418 6466 6571 6414 6543
        6505 6398 6449 6374 6521 6398 6449 6462 6527 6291 6418 6396 6376 6425 6462 6418 6403 6444 6319 6405
        6438 6315 6422 6418 6359 6403 6479 6396 6309 6258
    """,
    5: """
        8477 8965 9074 9221 9223 9300 9304 9267 9282 9346 9383 9357 9379 9368 9350 9333 9344 9350 9274 9260
        9247 9217 9293 9085 9225 9284 9223 9144 9088 9037 9048 9057 8991 8989 8917 8884 8812 8919 8567 8589
        8512 8488 8538 8414 8280 8317 8333 7996 8013 7910
    """,
    20: """
        9967 9950 9934 9941 9910 9937 9902 9882 9906 9871 9827 9849 9869 9860 9853 9858 9816 9858 9832 9845
        9812 9823 9875 9816 9805 9847 9814 9761 9788 9751 9711 9689 9694 9661 9676 9589 9716 9687 9462 9400
        9464 9462 9438 9263 9221 9011 8904 8571 8385 8039
    """,
}

TARGETS = [
    line(stretch, beta, RATES, tuple(int(digits) / 10_000 for digits in published.split()))
    for stretch, lines in (("early", EARLY), ("late", LATE))
    for beta, published in lines.items()
]
