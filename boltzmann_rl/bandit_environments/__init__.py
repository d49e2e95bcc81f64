"""Bandits as Gymnasium environments: single ones, and vectors as the rows of one array.

`boltzmann_rl.environments` registers them. The id ``"boltzmann_rl.environments:boltzmann_rl/GaussianBandit-v0"`` makes
``gymnasium.make`` and ``gymnasium.make_vec`` import it first. Parameters can be written as JSON; ``steps`` is the
number of pulls per episode. There are `AdversarialBandit`, `BernoulliBandit`, `ClassificationBandit`,
`ContextualLinearBandit`, ``DriftingBandit``, `GaussianBandit`, `HeavyTailedBandit`, ``NearTiesBandit`` and
`SwitchingBandit`; the error for an unknown parameter lists the known ones.

Example:
    >>> import gymnasium
    >>> env = gymnasium.make("boltzmann_rl.environments:boltzmann_rl/GaussianBandit-v0", arms=3)
    >>> env.action_space, env.observation_space
    (Discrete(3), Discrete(1))
    >>> gymnasium.make_vec("boltzmann_rl/ContextualLinearBandit-v0", num_envs=4, features=2).observation_space.shape
    (4, 2)
"""

import boltzmann_rl.environments as _environments  # noqa: F401 - registers the environments
from boltzmann_rl.bandit_environments.environments import BanditEnv, BanditVectorEnv
from boltzmann_rl.bandits.contextual import ClassificationBandit, ContextualLinearBandit
from boltzmann_rl.protocols import ContextualBandit

__all__ = ["BanditEnv", "BanditVectorEnv", "ClassificationBandit", "ContextualBandit", "ContextualLinearBandit"]
