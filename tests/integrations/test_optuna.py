"""Several parameters are tuned by Optuna's sampler, with the budget of the other families and the same result twice."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

import boltzmann_rl as brl

pytest.importorskip("optuna")


@dataclass(frozen=True)
class Peak:
    """Plays the first arm most often at a width of 0.3 and a height of 2."""

    width: float
    height: float = 1.0

    def __call__(self, values, step):
        first = np.exp(-(np.log(self.width / 0.3) ** 2) - np.log(self.height / 2.0) ** 2)
        probabilities = np.zeros(np.shape(values))
        probabilities[..., 0], probabilities[..., 1] = first, 1.0 - first
        return probabilities


def tuned(over, **others):
    agents = {"peak": brl.Agent(brl.SampleAverage(), Peak(1.0))}
    experiment = brl.BanditExperiment("small", brl.GaussianBandit((1.0, 0.0)), agents, runs=20, steps=5)
    return brl.tune(experiment, over, budget=1200, progress=False, **others)


OVER = {"width": (0.01, 10.0), "height": [0.5, 2.0, 8.0]}


def test_several_parameters_are_found_together(tmp_path):
    found = tuned(OVER, results=tmp_path)
    values = found.recommended.set_index("parameter")["value"]
    assert values["policy.height"] == 2.0
    assert 0.1 < values["policy.width"] < 0.9
    assert len(found.candidates) == 40
    assert 1180 <= found.candidates["runs"].sum() <= 1200
    assert found.sensitivity.empty
    assert " and height = 2 is recommended for peak" in found.sentence
    again = tuned(OVER)
    pd.testing.assert_frame_equal(found.candidates, again.candidates)
    assert again.sentence == found.sentence


def test_values_stay_in_their_ranges():
    found = tuned({"width": (0.12345, 0.5), "height": (1.0, 3.0)})
    widths = found.candidates["candidate"].str.extract(r"width = ([\d.]+)")[0].astype(float)
    assert widths.between(0.12345, 0.5).all()
