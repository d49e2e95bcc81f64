"""Which environments follow their transition tables, so that planning and compiled play need not step them.

Environments in the style of Gymnasium's toy-text ones have a table ``P[state][action]`` of outcomes ``(probability,
next state, reward, terminated)`` and the probabilities ``initial_state_distrib`` of each initial state. No number of
steps proves that an environment follows them: it may deviate later. Tables are therefore trusted in two cases only.

**Known.** The very ``step`` and ``reset`` of Gymnasium's FrozenLake, CliffWalking and Taxi (without a fickle passenger)
and of `boltzmann_rl.gridworlds.TabularEnv`, also of a subclass that has only an ``__init__`` of its own, under
Gymnasium's ``TimeLimit``, ``OrderEnforcing`` and ``PassiveEnvChecker``; nothing that they call is replaced, and tables
and state are plain data.

**Declared.** Your class sets ``steps_by_tables = True``::

    class Maze(gymnasium.Env):
        steps_by_tables = True

and guarantees, for all its instances:

- ``P`` maps states 0, 1, … to actions (from ``action_space.start`` on) to lists of outcomes, and stays what it is while
  the environment lives, as does ``initial_state_distrib``;
- ``reset(seed=seed)`` seeds ``np_random`` as ``super().reset(seed=seed)`` does, every reset draws one uniform
  ``u = np_random.random()``, and the first state is ``np.argmax(np.cumsum(initial_state_distrib) > u)``;
- every step draws one such uniform, and what happens is outcome ``np.argmax(np.cumsum(probabilities) > u)``: that state
  is reached, that reward is paid, the episode is terminated or not, and never truncated;
- what is observed is the state, counted from ``observation_space.start``;
- a method ``action_mask(state)``, if there is one, answers what ``info["action_mask"]`` is in that state, and depends
  on nothing else; without one, no mask is shown.

A subclass that overrides ``step``, ``reset`` or anything they call is not covered by the declaration of its base, and
has to declare True or False itself. Before play, a declared environment is compared with its tables over a walk of 300
steps; an error says where it differs.

Any other environment is stepped by the reference engine, and refused by `boltzmann_rl.planning.MDP.of`.
"""

from boltzmann_rl.tables.known import doubt, layers
from boltzmann_rl.tables.making import lasting, read
from boltzmann_rl.tables.worlds import World, world_of

__all__ = ["World", "doubt", "lasting", "layers", "read", "world_of"]
