"""Transition tables of environments that are trusted to follow them, for planning and compiled play.

Environments in the style of Gymnasium's toy-text ones have a table ``P[state][action]`` of outcomes ``(probability,
next state, reward, terminated)`` and the probabilities ``initial_state_distrib`` of the initial states. No number of
steps proves that an environment follows them: it may deviate later. So tables are trusted in two cases only.

**Known.** Gymnasium's FrozenLake, CliffWalking and Taxi (without a fickle passenger) and
`boltzmann_rl.gridworlds.TabularEnv`, also subclasses that define only ``__init__``, also within Gymnasium's
``TimeLimit``, ``OrderEnforcing`` and ``PassiveEnvChecker``, and within `boltzmann_rl.RewardRescaling`, whose rewards
are then those of the tables. Their ``step`` and ``reset``, and every function that these call, must be the original
ones, and tables and state must be plain data.

**Declared.** Your class sets ``steps_by_tables = True``::

    class Maze(gymnasium.Env):
        steps_by_tables = True

and guarantees, for all its instances:

- ``P`` maps states 0, 1, … to actions (from ``action_space.start`` on) to lists of outcomes; it never changes, nor does
  ``initial_state_distrib``;
- ``reset(seed=seed)`` seeds ``np_random`` as ``super().reset(seed=seed)`` does, every reset draws one uniform
  ``u = np_random.random()``, and the first state is ``np.argmax(np.cumsum(initial_state_distrib) > u)``;
- every step draws one such uniform and returns outcome ``np.argmax(np.cumsum(probabilities) > u)``: its next state,
  reward and terminated, and never truncated;
- the observation is the state, counted from ``observation_space.start``;
- a method ``action_mask(state)``, if there is one, depends on the state only and returns its ``info["action_mask"]``;
  without one, infos have no mask.

The declaration does not cover a subclass that overrides ``step``, ``reset`` or anything they call: it has to declare
True or False itself. Before play, a declared environment is compared with its tables over a walk of 300 steps; an error
says where it differs.

Any other environment is stepped by the reference engine, and refused by `boltzmann_rl.planning.MDP.of`.
"""

from boltzmann_rl.tables.cache import cached, read
from boltzmann_rl.tables.known import layers, rescaling, why_untrusted
from boltzmann_rl.tables.worlds import NEVER, World, world_of

__all__ = ["NEVER", "World", "cached", "layers", "read", "rescaling", "why_untrusted", "world_of"]
