"""Gymnasium environments as a table or linear values see them, and the bandits among them by their ids.

Importing this room registers the bandits of `boltzmann_rl.bandits.catalogue` under ``"boltzmann_rl/<name>-v0"``, so an
id that names it first finds them: ``gymnasium.make("boltzmann_rl.environments:boltzmann_rl/GaussianBandit-v0")``.
"""

import gymnasium

from boltzmann_rl.bandits.catalogue import PROBLEMS as _PROBLEMS
from boltzmann_rl.lazy import public as _public

for _bandit in _PROBLEMS:
    gymnasium.register(
        f"boltzmann_rl/{_bandit}-v0",
        entry_point="boltzmann_rl.bandit_environments:BanditEnv",
        vector_entry_point="boltzmann_rl.bandit_environments:BanditVectorEnv",
        kwargs={"bandit": _bandit},
    )

__all__, __getattr__, __dir__ = _public(__name__)
