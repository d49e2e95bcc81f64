"""The conformance table: every public policy and every temperature of the package obeys the laws of action selection.

A new policy adds its row here; one that is missing fails the second test.
"""

import dataclasses

import numpy as np
import pytest

import boltzmann_rl as brl
from boltzmann_rl import policies


def deviations(values):
    return np.full(np.shape(values), 0.5)


def posteriors(values):
    return np.full((*np.shape(values), 2), 3.0)


def rates(values):
    return np.full(np.shape(values)[:-1], 0.3)


def noises(values):
    return np.full(np.shape(values)[:-1], 1.5)


def gaps(values):
    return np.full(np.shape(values), 0.2)


# Each policy, and the memory of the learner for given values.
TABLE = [
    (brl.Greedy(), None),
    (brl.Uniform(), None),
    (brl.EpsilonGreedy(0.1), None),
    (brl.Boltzmann(0.5), None),
    (brl.Boltzmann(brl.Odds(gap=0.5, odds=4.0)), None),
    (brl.Boltzmann(brl.EffectiveActions(1.5)), None),
    (brl.Boltzmann(brl.TargetEntropy(0.4)), None),
    (brl.Boltzmann(brl.GreedyProbability(0.8)), None),
    (brl.Boltzmann(brl.RelativeToRange(0.2)), None),
    (brl.Boltzmann(brl.RelativeToSpread(0.4)), None),
    (brl.Boltzmann(brl.GLIE()), None),
    (brl.Boltzmann(brl.GreedyByVisits()), None),
    (brl.Boltzmann(brl.RelativeToNoise(0.3)), noises),
    (brl.MaxBoltzmann(0.2, brl.RelativeToNoise(0.3)), noises),
    (brl.Sparsemax(brl.RelativeToNoise(0.3)), noises),
    (brl.MaxBoltzmann(0.2, 0.5), None),
    (brl.EpsilonBoltzmann(0.1, 0.5), None),
    (brl.Mellowmax(omega=5.0), None),
    (brl.Sparsemax(1.0), None),
    (brl.Tsallis(1.0, index=0.5), None),
    (brl.InverseGapWeighting(10.0), None),
    (brl.BoltzmannGumbel(scale=0.5), None),
    (brl.BoltzmannGumbel(scale=brl.RelativeToNoise(0.4)), noises),
    (brl.GaussianThompson(), deviations),
    (brl.BetaThompson(), posteriors),
    (brl.AdaptiveEpsilonGreedy(), rates),
    (brl.AdaptiveMaxBoltzmann(), rates),
    (brl.Exp3PlusPlus(), gaps),
]


@pytest.mark.parametrize(("policy", "memory"), TABLE, ids=[repr(policy) for policy, _ in TABLE])
def test_every_policy_and_temperature_obeys_the_laws(policy, memory):
    assert "draws follow the probabilities" in brl.check_policy(policy, memory=memory)


def test_no_policy_and_no_temperature_is_missing_from_the_table():
    listed = {type(policy).__name__ for policy, _ in TABLE}
    listed |= {type(policy.temperature).__name__ for policy, _ in TABLE if isinstance(policy, brl.Boltzmann)}
    public = {name for name in policies.__all__ if dataclasses.is_dataclass(getattr(policies, name))}
    assert public <= listed
