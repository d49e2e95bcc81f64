"""The figure of ``docs/tuning.md``: the shipped testbed, tuned. Run: ``python docs/tuning_testbed.py``."""

import sys
from pathlib import Path

import boltzmann_rl as brl

HERE = Path(__file__).parent


def main() -> None:
    """Tune, say what was found, and draw."""
    agents = {
        "Boltzmann": brl.Agent(brl.SampleAverage(), brl.Boltzmann(1.0)),
        "ε-greedy": brl.Agent(brl.SampleAverage(), brl.EpsilonGreedy(0.1)),
    }
    testbed = brl.BanditExperiment("testbed", {"the testbed": brl.GaussianBandit()}, agents, runs=2000, steps=1000)
    tuning = brl.tune(testbed, over={"temperature": (0.01, 10.0), "epsilon": (0.001, 1.0)})
    print(tuning.sentence)
    tuning.plot().savefig(HERE / "tuning.png", dpi=200, metadata={"Software": None})


if __name__ == "__main__":
    sys.exit(main())
