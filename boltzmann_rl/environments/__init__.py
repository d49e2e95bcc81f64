"""Gymnasium environments with observations that are states of a table or features of linear values.

Importing this subpackage registers the bandits of `boltzmann_rl.bandits.catalogue` as ``"boltzmann_rl/<name>-v0"``. An
id can import it first: ``gymnasium.make("boltzmann_rl.environments:boltzmann_rl/GaussianBandit-v0")``.
"""

try:
    import gymnasium
except ImportError as _error:
    # In a browser Gymnasium 1.4 can be installed, but it imports a part of multiprocessing that does not exist there.
    _missing, _broken = "pip install gymnasium", f"its import says: {_error}; in a browser, install gymnasium<1.4"
    _remedy = _missing if _error.name == "gymnasium" else _broken
    raise ImportError(f"environments need Gymnasium, which bandits do without: {_remedy}", name="gymnasium") from _error

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
