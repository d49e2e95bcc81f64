"""Random rows of values and random declarations, of every kind that the backends take."""

import numpy as np

import boltzmann_rl as brl

ROWS, ACTIONS = 6, 7


def some_values(rng, scale, dtype="float32"):
    """Rows of a scale, with an offset; one with ties, one with an action that is out, one with a single action."""
    values = scale * rng.normal(size=(ROWS, ACTIONS)) + scale * rng.choice([0.0, 1.0, 30.0])
    values[1, rng.permutation(ACTIONS)[:3]] = values[1].max()
    values[2, rng.integers(ACTIONS)] = -np.inf
    values[3, np.arange(ACTIONS) != rng.integers(ACTIONS)] = -np.inf
    values[4] = values[4, 0]
    return values.astype(dtype)


def temperature(rng, scale):
    """A temperature from where one action remains to where all are alike, and sometimes a limit."""
    return float(rng.choice([scale * 10.0 ** rng.uniform(-2.5, 2.5), 0.0, np.inf], p=[0.9, 0.05, 0.05]))


# One declaration of each kind: (rng, scale of the values) -> policy.
FAMILY = {
    "boltzmann": lambda rng, s: brl.Boltzmann(temperature(rng, s)),
    "epsilon greedy": lambda rng, s: brl.EpsilonGreedy(rng.uniform()),
    "max boltzmann": lambda rng, s: brl.MaxBoltzmann(rng.uniform(), temperature(rng, s)),
    "epsilon boltzmann": lambda rng, s: brl.EpsilonBoltzmann(rng.uniform(), temperature(rng, s)),
    "greedy": lambda rng, s: brl.Greedy(),
    "uniform": lambda rng, s: brl.Uniform(),
    "per row": lambda rng, s: brl.Boltzmann([temperature(rng, s) for _ in range(ROWS)]),
    "epsilon per row": lambda rng, s: brl.MaxBoltzmann(rng.uniform(size=ROWS), temperature(rng, s)),
    "odds": lambda rng, s: brl.Boltzmann(brl.Odds(s * rng.uniform(0.1, 1.0), 1.0 + 10.0 ** rng.uniform(-1, 3))),
    "range": lambda rng, s: brl.Boltzmann(brl.RelativeToRange(temperature(rng, 1.0))),
    "spread": lambda rng, s: brl.EpsilonBoltzmann(rng.uniform(), brl.RelativeToSpread(temperature(rng, 1.0))),
    "inverse gap weighting": lambda rng, s: brl.InverseGapWeighting(10.0 ** rng.uniform(-2, 2) / s),
}

# With parameters that are roots, as functions of a number in (0, 1).
ROOTS = {
    "entropy": lambda u, s: brl.Boltzmann(brl.TargetEntropy(np.log(4.0) * u)),
    "effective actions": lambda u, s: brl.Boltzmann(brl.EffectiveActions(1.0 + 3.0 * u)),
    "greedy probability": lambda u, s: brl.Boltzmann(brl.GreedyProbability(0.45 + 0.55 * u)),
    "mellowmax": lambda u, s: brl.Mellowmax(u * 10.0 / s),
    "soft mellowmax": lambda u, s: brl.Mellowmax(u * 10.0 / s, alpha=3.0 / s),
    "sparsemax": lambda u, s: brl.Sparsemax(s * u),
    "tsallis, heavy tails": lambda u, s: brl.Tsallis(s * u, index=0.5),
    "tsallis, finite support": lambda u, s: brl.Tsallis(s * u, index=1.5),
    "tsallis, softmax": lambda u, s: brl.Tsallis(s * u, index=1.0),
}


def temperature_of(policy, values):
    """The temperature of each row, ``(..., 1)``, of a policy that has one; 1 of others."""
    found = getattr(policy, "temperature", 1.0)
    found = found.temperature(values, 0) if hasattr(found, "temperature") else found
    return np.broadcast_to(np.asarray(found, dtype=np.float64), values.shape[:-1])[..., np.newaxis]


def logits(values, temperatures):
    """(values − best) / temperature in float64."""
    with np.errstate(all="ignore"):
        z = (values - values.max(axis=-1, keepdims=True)) / temperatures
    return np.where(np.isfinite(z), z, 0.0)
