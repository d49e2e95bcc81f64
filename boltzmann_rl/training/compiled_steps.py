"""Many steps of a training at once, by the compiled kernel for environments that are known to follow their tables.

The kernel continues from the state of the training, and the training from that of the kernel, to the last bit: values,
clocks, random streams and the environment. The real environment takes the last two steps of each part, so that its
attributes are as after ordinary steps.
"""

import pickle
import sys
from collections.abc import Iterator
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from boltzmann_rl.arguments import Floats
from boltzmann_rl.kernels.forks import no_fork
from boltzmann_rl.kernels.jit import available
from boltzmann_rl.learners.temporal_difference import TwoTables
from boltzmann_rl.learners.untried import EveryActionFirst
from boltzmann_rl.numerics.plain import FEW
from boltzmann_rl.protocols import layers_of
from boltzmann_rl.tables import World, layers, why_untrusted, world_of
from boltzmann_rl.tables.known import declares
from boltzmann_rl.training.loops import Loop
from boltzmann_rl.training.places import is_ours

# From this number of steps on, a training is compiled: as `boltzmann_rl.engines.selection.PAYS`.
PAYS = 250_000

# The fewest and the most steps of a part; Ctrl+C is handled after each. The most episodes that end in one.
_FEWEST, PART, _EPISODES = 32, 2**18, 2**14

# Reading the tables, to see whether they have changed, takes as long as a plain step for each of so many values.
_ENTRIES = 4

# The number of steps that the environment takes after each part.
OWN = 2

# The tables read last; the key holds everything that they depend on.
_read: dict[Any, World | str] = {}
_KEPT = 16

# The policies' numbers of each training with the clock "visits", from 0 visits on.
_by_visits = WeakKeyDictionary[Any, list[Floats]]()


def world_for(training: Any, steps: int) -> World | None:
    """The tables by which a training can take these steps; None if the plain loop must take them or is faster."""
    if steps < _FEWEST or not available() or type(training._loop) is not Loop or not _may_pay(training.step + steps):
        return None
    with no_fork():
        from boltzmann_rl.tables.kernel import is_compiled
        from boltzmann_rl.tables.rules import unit_for, why_unknown
    agent, env = training.agent, training.env
    # A user's own schedule may depend on anything, and `EveryActionFirst` computes values whenever an episode ends.
    parts = layers_of(agent.learner)
    if why_unknown(agent) or not is_ours((agent.policy, agent.learner)) or EveryActionFirst in map(type, parts):
        return None
    if steps < _FEWEST + training.values.size // _ENTRIES:
        return None
    if training.step + steps < PAYS and not is_compiled(with_unit=unit_for(agent.policy) is not None):
        return None
    *wrappers, inner = layers(env)
    if why_untrusted(env) or declares(type(inner)) is not None:  # a user's own environment may keep any state
        return None
    world = _world(env, wrappers, inner)
    return world if isinstance(world, World) and world.available.shape[1] <= FEW else None


def _may_pay(steps: int) -> bool:
    """Whether compiling pays with this number of steps, or the kernel is compiled already for some kind of policy."""
    kernel = sys.modules.get("boltzmann_rl.tables.kernel")
    return steps >= PAYS or (kernel is not None and bool(kernel.run_episodes.signatures))


def _world(env: Any, wrappers: list[Any], inner: Any) -> World | str:
    """The tables of an environment, which are read anew if anything that they depend on has changed."""
    told = [[vars(layer).get(name) for name in ("_max_episode_steps", "factor", "offset")] for layer in wrappers]
    held = [vars(inner).get(name) for name in ("P", "initial_state_distrib", "_seen", "desc", "locs")]
    spaces: Any = [(type(space), space.n, space.start) for space in (env.observation_space, env.action_space)]
    key = type(inner), pickle.dumps((told, held, spaces))
    world = _read.get(key)
    if world is None:
        world = world_of(env)
        for oldest in list(_read)[: 1 - _KEPT]:  # other threads may remove them as well
            _read.pop(oldest, None)
        _read[key] = world
    return world


def skip(training: Any, world: World, steps: int) -> Floats | None:
    """Take as many of the steps as make a part, except for the last `OWN`.

    Returns:
        Return, length and termination of each episode that ended ``(3, episodes)``; None, with no step taken, if the
        plain loop has to take them, such as to raise an error.
    """
    if steps < _FEWEST or not _is_as_expected(training):
        return None
    from boltzmann_rl.kernels import pcg
    from boltzmann_rl.tables import kernel

    loop, inner = training._loop, layers(training.env)[-1]
    learned, *rngs, counts = loop.player.kept()
    most, until = 0 if counts is None else int(counts.max()), min(steps, PART) - OWN
    rule = _rule(training, until + 1, most)
    if rule is None or not (np.abs(loop.player.values) <= kernel.LARGEST).all():
        return None
    extended, state = kernel.start(world, 0.0)
    for mine, theirs in _pairs(state, learned, counts):
        mine[...] = theirs[: len(mine)]
    state.now[2:], state.total[0] = loop.standing, training._rewards[0]
    rngs = [inner.np_random, *rngs]
    streams, samples = [pcg.uniforms_of(rng) for rng in rngs], np.empty((3, _EPISODES))
    unkept = np.empty((0, 5), dtype=np.int64), np.empty(0), np.empty((0, 0, 0))
    if not kernel.run_episodes(extended, rule, state, *streams, until, samples, *unkept):
        return None
    for mine, theirs in _pairs(state, learned, counts):
        theirs[...] = mine
    for rng, stream in zip(rngs, streams, strict=True):
        pcg.advance(rng, stream)
    taken, episodes, here, action, elapsed = state.now.tolist()
    loop.skip(taken, (here, action, elapsed), world.available[here], episodes)
    training.step += taken
    training._rewards[0], training._lengths[0] = float(state.total[0]), elapsed
    if here >= 0:
        inner.s = here
        for layer in _limits(training.env):
            layer._elapsed_steps = elapsed
    return samples[:, :episodes]


def _rule(training: Any, size: int, visits: int) -> Any:
    """The agent in numbers for as many steps, after this number of visits of the state with the most."""
    from boltzmann_rl.tables.rules import rules

    by_visits = training.agent.clock == "visits"
    rule = rules(training.agent, training.step, _by_visits.setdefault(training, []) if by_visits else None)
    ahead = 1 << (size + visits).bit_length()  # doubled when it is reached, if the policy is defined as far as that
    return (visits and rule(size, ahead - size)) or rule(size, visits)


def _is_as_expected(training: Any) -> bool:
    """Whether environment, loop and generators are where a training leaves them."""
    (here, _, elapsed), inner = training._loop.standing, layers(training.env)[-1]
    rngs = inner.np_random, *training._loop.player.kept()[1:3]
    if any(type(rng.bit_generator) is not np.random.PCG64 for rng in rngs) or training._lengths != [elapsed]:
        return False
    return here < 0 or (inner.s == here and all(layer._elapsed_steps == elapsed for layer in _limits(training.env)))


def _limits(env: Any) -> list[Any]:
    """The wrappers that count steps."""
    return [layer for layer in layers(env)[:-1] if "_elapsed_steps" in vars(layer)]


def _pairs(state: Any, learned: Any, counts: Any) -> Iterator[tuple[Any, Any]]:
    """The arrays of the kernel, and those of the training with the same content."""
    if counts is not None:
        yield state.visits, counts
    if hasattr(learned, "noise"):
        yield state.noise[:1], learned.noise.squares
        yield state.noise[1:], learned.noise.degrees
        learned = learned.learner
    yield from zip(state.tables[:, :-1], learned if isinstance(learned, TwoTables) else [learned], strict=False)
