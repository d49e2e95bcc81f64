"""Contextual bandits: a context is observed before every pull, and the arms' means depend on it."""

import importlib
from functools import lru_cache
from typing import Any

import numpy as np

from boltzmann_rl.arguments import Floats, as_finite, as_integer, as_matrix, set_fields
from boltzmann_rl.arguments.near_names import dataclass
from boltzmann_rl.bandits.means import NormalMeans
from boltzmann_rl.bandits.stationary import GaussianBandit
from boltzmann_rl.protocols import Contexts

_WEIGHTS = NormalMeans()
_DATA_SETS = ("breast_cancer", "digits", "iris", "wine")


@dataclass(frozen=True)
class ContextualLinearBandit:
    """Arms that pay N(w_a·x, sd²) in context x, whose features are uniform on [−1, 1].

    Args:
        weights: Fixed numbers, one row per arm; or a callable that draws them for each run, such as `NormalMeans` (as
            the means of `GaussianBandit`).
        arms: Number of arms, ≥ 1; default: 10, or the number of rows of fixed ``weights``.
        features: Number of features, ≥ 1; default: 5, or the number of columns of fixed ``weights``.
        sd: Standard deviation of the rewards, ≥ 0.

    Raises:
        TypeError, ValueError: Weights that are not rows of finite numbers, or not of shape ``(arms, features)``.

    Example:
        >>> bandit, rng = ContextualLinearBandit([[1.0, 0.0], [0.0, 1.0]]), np.random.default_rng(0)
        >>> contexts, means = bandit.observe(bandit.start(3, rng), rng)
        >>> bool((contexts == means).all())
        True

    Source: Li, Chu, Langford & Schapire (2010), *A Contextual-Bandit Approach to Personalized News Article
    Recommendation*, §3.1 (disjoint linear models).
    """

    weights: Any = _WEIGHTS
    arms: int = 0
    features: int = 0
    sd: float = 1.0

    bounds = (-1.0, 1.0)

    def __post_init__(self) -> None:
        weights, shape = self.weights, [as_integer(getattr(self, name), name) for name in ("arms", "features")]
        if not callable(weights):
            weights = as_matrix(weights, "weights")
            found = [len(weights), len(weights[0])]
            if any(asked not in (0, given) for asked, given in zip(shape, found, strict=True)):
                raise ValueError(f"arms and features must be those of the weights, {found}, or left out, got {shape}")
            shape = found
        arms, features = shape[0] or 10, shape[1] or 5
        set_fields(self, weights=weights, arms=arms, features=features, sd=as_finite(self.sd, "sd", minimum=0.0))

    def start(self, runs: int, rng: "np.random.Generator") -> Floats:
        """Weights ``(runs, arms, features)``."""
        flat = self.weights if callable(self.weights) else np.ravel(self.weights)
        drawn = GaussianBandit(flat, self.arms * self.features).start(runs, rng)
        return drawn.reshape(runs, self.arms, self.features)

    def observe(self, world: Floats, rng: "np.random.Generator") -> tuple[Contexts, Floats]:
        """Uniform contexts, rounded to float32, and their products with the weights; one uniform per feature."""
        contexts = rng.uniform(*self.bounds, (len(world), self.features)).astype(np.float32)
        return contexts, np.einsum("raf,rf->ra", world, contexts)

    def noise(self, runs: int, rng: "np.random.Generator") -> Floats:
        """One standard normal per run."""
        return rng.standard_normal(runs)

    def reward(self, means: Floats, noise: Floats) -> Floats:
        return means + self.sd * noise


@dataclass(frozen=True)
class ClassificationBandit:
    """A data set of scikit-learn as a contextual bandit: arms are classes; the correct class pays 1, others 0.

    Every context is an example drawn uniformly with replacement, with features scaled to [0, 1] over the data set.

    Args:
        dataset: ``"breast_cancer"``, ``"digits"``, ``"iris"`` or ``"wine"``, which come with scikit-learn.

    Raises:
        ImportError: At first use, if scikit-learn is not installed.

    Example:
        >>> bandit = ClassificationBandit("digits")
        >>> bandit.arms, bandit.features
        (10, 64)

    Source: Beygelzimer & Langford (2009), *The Offset Tree for Learning with Partial Labels*; the data of Alpaydin &
    Kaynak (1998), UCI Machine Learning Repository.
    """

    dataset: str = "digits"

    bounds = (0.0, 1.0)

    def __post_init__(self) -> None:
        if self.dataset not in _DATA_SETS:
            raise ValueError(f"dataset must be one of {', '.join(_DATA_SETS)}, got {self.dataset!r}")

    @property
    def arms(self) -> int:
        return _examples(self.dataset)[1].shape[1]

    @property
    def features(self) -> int:
        return _examples(self.dataset)[0].shape[1]

    def start(self, runs: int, rng: "np.random.Generator") -> Floats:
        """An empty array with one row per run: all runs have the same examples."""
        return np.empty((runs, 0))

    def observe(self, world: Floats, rng: "np.random.Generator") -> tuple[Contexts, Floats]:
        """An example per run and its class in one-hot form; draws one integer per run."""
        features, classes = _examples(self.dataset)
        drawn = rng.integers(len(features), size=len(world))
        return features[drawn], classes[drawn]

    def noise(self, runs: int, rng: "np.random.Generator") -> Floats:
        """Zeros; nothing is drawn."""
        return np.zeros(runs)

    def reward(self, means: Floats, noise: Floats) -> Floats:
        """The means: 1 for the correct class, 0 for others."""
        return means


@lru_cache
def _examples(dataset: str) -> tuple[Contexts, Floats]:
    """Features ``(examples, features)`` in [0, 1] as float32, and ``(examples, classes)``, rows with one 1."""
    try:
        datasets = importlib.import_module("sklearn.datasets")  # imported here: importing it is slow
    except ImportError as error:
        raise ImportError(f"the data set {dataset!r} comes with scikit-learn: pip install scikit-learn") from error
    features, label = getattr(datasets, f"load_{dataset}")(return_X_y=True)
    low, high = features.min(axis=0), features.max(axis=0)
    scaled = (features - low) / np.where(high > low, high - low, 1.0)
    return scaled.astype(np.float32), (label[:, np.newaxis] == np.unique(label)).astype(np.float64)
