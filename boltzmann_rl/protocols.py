"""The nouns of the package as types, and what a policy, a learner or a bandit of your own may offer.

Nothing is inherited and nothing registered: an object that has the methods of a protocol is one. Where a protocol says
``Any``, the object may name a type. `Traits` (policies) and `LearnerTraits` (learners) list the optional attributes,
which only `traits_of` and `learner_traits` read. That of environments, ``steps_by_tables``, is read by
`boltzmann_rl.tables`.
"""

import inspect
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, Protocol, SupportsFloat, SupportsIndex

import numpy as np
from numpy.typing import NDArray

from boltzmann_rl.arguments import Floats
from boltzmann_rl.arguments.rows import PerRow


class Traits(NamedTuple):
    """The optional attributes of a policy, or of a part of one: a schedule, or a unit of temperature.

    Attributes:
        constant: True on a dataclass that depends on the step only through its fields: if these are constant, it needs
            no step.
        shift_invariant: Whether only differences between values count; `check_policy` tests it.
        takes_memory: Whether the policy takes a third argument: what its learner's ``memory(state)`` returns. A policy
            whose temperature takes the memory takes it too.
        uniforms_per_action: Whether a decision takes one uniform for each action instead of one for each row.
        clock: What ``step`` counts: ``"step"`` (decisions), ``"pulls"`` or ``"visits"``; None: what its parts count.
        temperature: The policy's parameter: a number, a schedule, a unit (an object with a method
            ``temperature(values, step)``, or ``temperature(values, step, memory)`` with ``takes_memory = True``), or
            one for each row; None if the policy has none.
        draw: ``draw(values, step, uniforms)``, with the memory as a fourth argument if the policy takes it: the actions
            for given uniforms. None: the inverse cumulative distribution decides.
        noise: The `boltzmann_rl.policies.perturbation.Noise` that is added to the values before the best is taken, so
            that it is compiled. Only the class that defines it counts: a subclass may draw otherwise.
        mixture: ``mixture(step, memory=None)``: the policy as weights of the uniform, the softmax and the greedy
            policy, so that it is compiled. None: its ``__call__`` gives the probabilities.
        mixes_by_memory: Whether these weights may depend on the memory: ``takes_memory`` of the policy itself.
        at: ``at(step, xp)``: a schedule's formula over a namespace such as `jax.numpy`. None: it is called.
    """

    constant: bool
    shift_invariant: bool
    takes_memory: bool
    uniforms_per_action: bool
    clock: str | None
    temperature: Any
    draw: Callable[..., Any] | None
    noise: Any
    mixture: Callable[..., Any] | None
    mixes_by_memory: bool
    at: Callable[..., Any] | None

    def uniforms(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape of the uniforms that decisions on values of ``shape`` take."""
        return shape if self.uniforms_per_action else shape[:-1]

    @property
    def stream(self) -> str:
        """The random stream of the decisions: see `boltzmann_rl.streams`."""
        return "perturbation" if self.uniforms_per_action else "action"


def traits_of(policy: Any) -> Traits:
    """The traits of a policy, or of a part of one.

    Example:
        >>> from boltzmann_rl.policies import Boltzmann
        >>> traits_of(Boltzmann(0.5)).temperature, traits_of(lambda values, step: values).temperature
        (0.5, None)
    """
    clock, temperature, at = (getattr(policy, name, None) for name in ("clock", "temperature", "at"))
    if not (isinstance(temperature, float | PerRow) or callable(temperature) or is_unit(temperature)):
        temperature = None
    takes_memory = getattr(policy, "takes_memory", False)
    return Traits(
        getattr(policy, "constant", False),
        getattr(policy, "shift_invariant", True),
        takes_memory or getattr(temperature, "takes_memory", False),
        getattr(policy, "uniforms_per_action", False),
        clock if isinstance(clock, str) else None,
        temperature,
        getattr(policy, "draw", None),
        getattr(policy, "noise", None) if "noise" in vars(type(policy)) else None,
        getattr(policy, "mixture", None),
        takes_memory,
        at if callable(at) else None,
    )


def is_unit(parameter: Any) -> bool:
    """Whether a parameter is a unit of temperature: it has a method ``temperature(values, step)``."""
    return not isinstance(parameter, type) and callable(getattr(parameter, "temperature", None))


class LearnerTraits(NamedTuple):
    """The optional attributes of a learner.

    A learner that wraps another one has it as its attribute ``learner``, and that one's state as ``learner`` in its
    own state. It needs what the wrapped learner needs, and has the memory that the wrapped learner has. The last four
    attributes are read from the outermost learner alone.

    Attributes:
        memory: Whether the learner or one within has ``memory(state)``, which policies with ``takes_memory`` are given:
            see `memory_of`.
        takes_next: What it needs of the next decision: ``"action"``, ``"probabilities"`` (and the action), or None.
        takes_probabilities: Whether it needs the probabilities of all actions.
        takes_propensity: Whether it needs the probability of the chosen action.
        rewards: The `boltzmann_rl.learners.bandit_feedback.LegalRewards` that it accepts; None for all.
        off_policy: Whether its values are those of the greedy policy, so that traces end where another action is taken.
        forget: ``forget(state)``: the state without the traces of unfinished episodes.
        update_with_changes: ``update_with_changes(state, *experience)``: the next state, and a list of pairs of rows
            whose values changed and the changes.
        following: ``following(values, transition)``: the value of the next observation, for longer returns.

    `values_of` reads one more: ``values_of(state, observation)``.
    """

    memory: bool
    takes_next: str | None
    takes_probabilities: bool
    takes_propensity: bool
    rewards: Any
    off_policy: bool
    forget: Callable[..., Any] | None
    update_with_changes: Callable[..., Any] | None
    following: Callable[..., Any] | None


def learner_traits(learner: Any) -> LearnerTraits:
    """The traits of a learner, with the needs of those that it wraps.

    Example:
        >>> from boltzmann_rl.learners import ChoiceKernel, SampleAverage, ValueDifference
        >>> learner_traits(ChoiceKernel(ValueDifference(SampleAverage(), 1.0), 0.1, 1.0)).memory
        True
    """
    memory = every = chosen = False
    takes_next = rewards = None
    for layer in layers_of(learner):
        memory = memory or hasattr(layer, "memory")
        every = every or getattr(layer, "takes_probabilities", False)
        chosen = chosen or getattr(layer, "takes_propensity", False)
        rewards = rewards or getattr(layer, "rewards", None)
        if takes_next != "probabilities":
            takes_next = getattr(layer, "takes_next", None) or takes_next
    off_policy, forget = getattr(learner, "off_policy", False), getattr(learner, "forget", None)
    changes, following = getattr(learner, "update_with_changes", None), getattr(learner, "following", None)
    return LearnerTraits(memory, takes_next, every, chosen, rewards, off_policy, forget, changes, following)


def layers_of(learner: Any) -> Iterator[Any]:
    """A learner and those that it wraps, the outermost first."""
    while learner is not None:
        yield learner
        learner = getattr(learner, "learner", None)


def values_of(learner: Any, state: Any, observation: int) -> Any:
    """The values ``(A,)`` of one observation, by the learner's ``values_of(state, observation)`` if it has that.

    A learner has it where computing the values of one observation takes less time than those of all. It is not used if
    ``values`` comes from another class, since a subclass may have changed only one of the two.

    Example:
        >>> from boltzmann_rl.learners import EveryActionFirst, QLearning
        >>> learner, rng = EveryActionFirst(QLearning()), np.random.default_rng(0)
        >>> values_of(learner, learner.start((100, 2), rng), 7)
        array([0., 0.])
    """
    if _offers_values_of(learner.__class__):
        return learner.values_of(state, observation)
    return learner.values(state)[observation]


@lru_cache(256)
def _offers_values_of(kind: type) -> bool:
    homes = [next((base for base in kind.__mro__ if name in vars(base)), None) for name in ("values_of", "values")]
    return homes[0] is not None and homes[0] is homes[1]


def remembering(learner: Any) -> list[Any]:
    """The learners that have a memory: this one and those that it wraps, the outermost first."""
    return [layer for layer in layers_of(learner) if hasattr(layer, "memory")]


def memory_of(learner: Any, state: Any) -> Any:
    """The memory of a learner, or of the outermost one within it that has a memory."""
    while not hasattr(learner, "memory"):
        learner, state = learner.learner, state.learner
    return learner.memory(state)


def learns_from(learner: Any, arguments: int) -> bool:
    """Whether ``update`` of a learner, and of those that it wraps, takes this number of arguments.

    Bandits give 5 (state, action, reward, probabilities, rng), environments 3 (state, transition, rng).
    """
    try:
        for layer in layers_of(learner):
            inspect.signature(layer.update).bind(*[None] * arguments)
    except TypeError:
        return False
    return True


class Array(Protocol):
    """An array of any library: NumPy's, a torch tensor, a JAX array."""

    def __array__(self, *args: Any, **options: Any) -> Any:
        """The same as a NumPy array; arguments differ between libraries."""


# Values of one row (A,), and of rows (..., A). `Axes` are arrays of unknown shape, which type checkers accept for eight
# axes; whether a decision on them is an int is not known.
Row = Sequence[float] | np.ndarray[tuple[int], np.dtype[Any]]
Rows = Sequence[Sequence[float]] | np.ndarray[tuple[int, int], np.dtype[Any]]
Axes = np.ndarray[tuple[int, int, int, int, int, int, int, int], np.dtype[Any]]

Actions = NDArray[np.int64]
Contexts = NDArray[np.float32]
Observation = int | NDArray[Any]

# Decisions made so far, ≥ 0: a number, one per row (...,), or one per action (..., A).
Steps = SupportsIndex | Sequence[Any] | Array

# Which actions are available, (..., A): bools, or integers 0 and 1.
Mask = Sequence[Any] | Array

# Any callable step -> value; it may also take an array of steps, or return one value per row.
Schedule = Callable[[int], SupportsFloat | Floats]

Parameter = float | Schedule


class Unit(Protocol):
    """A unit of temperature: it reads the values."""

    @property
    def temperature(self) -> Callable[..., Any]:
        """``temperature(values, step)`` for values ``(..., A)``: a number, or one per row ``(...,)``.

        With ``takes_memory = True`` it is called with a third argument, what the learner's ``memory(state)`` returns.
        """


# A number or a schedule, or one for each row.
RowParameter = Parameter | Sequence[Parameter] | Array

Temperature = RowParameter | Unit


class PlainPolicy(Protocol):
    """A policy; see `Traits` for its optional attributes, and `check_policy` for the laws."""

    def __call__(self, values: Any, step: Any, /) -> Any:
        """Probabilities for values ``(..., A)``, of the same shape; an unavailable action has the value −∞."""


class MemoryPolicy(Protocol):
    """A policy with ``takes_memory = True``, which is also given its learner's memory."""

    def __call__(self, values: Any, step: Any, memory: Any, /) -> Any:
        """Probabilities as above; ``memory`` is the learner's ``memory(state)`` for each row."""


Policy = PlainPolicy | MemoryPolicy


class _Values(Protocol):
    """What all learners have; `LearnerTraits` lists their optional attributes.

    ``start(shape, rng)`` returns the state before the first experience, for values of ``shape`` (rows or observations,
    A), and ``values(state)`` the values, ``(rows, A)``.
    """

    def start(self, shape: tuple[int, int], rng: Any, /) -> Any: ...
    def values(self, state: Any, /) -> Any: ...


class Learner(_Values, Protocol):
    """A learner for bandits or for environments, whose ``update`` is one of those below."""

    @property
    def update(self) -> Callable[..., Any]: ...


class BanditLearner(_Values, Protocol):
    """A learner for bandits: each row is a run.

    ``update`` returns the next state, from actions and rewards ``(rows,)``, and probabilities ``(rows, A)`` or None.
    """

    def update(self, state: Any, action: Actions, reward: Floats, probabilities: Any, rng: Any, /) -> Any: ...


class EnvironmentLearner(_Values, Protocol):
    """A learner for environments: each row is an observation, or a feature; ``update`` returns the next state."""

    def update(self, state: Any, transition: "Transition", rng: Any, /) -> Any: ...


class _Arms(Protocol):
    """What all bandits have; all arrays have the runs as rows."""

    @property
    def arms(self) -> int: ...
    def noise(self, runs: int, rng: "np.random.Generator", /) -> Floats: ...
    def reward(self, means: Floats, noise: Floats, /) -> Floats: ...


class Bandit(_Arms, Protocol):
    """What the simulation asks of a bandit; all arrays have the runs as rows.

    Attributes:
        arms: Number of arms.
        start: ``start(runs, rng)``: the mean reward of each arm in each run at step 0, ``(runs, arms)``.
        noise: ``noise(runs, rng)``: one variate per run for one step, ``(runs,)``; each call draws the same number.
        reward: ``reward(means, noise)``: the rewards ``(runs,)`` of pulled arms that have these ``means``.
        move: ``move(means, rng)``: the means at the next step; the same array if they do not change.
    """

    def start(self, runs: int, rng: "np.random.Generator", /) -> Floats: ...
    def move(self, means: Floats, rng: "np.random.Generator", /) -> Floats: ...


class ContextualBandit(_Arms, Protocol):
    """What the environments ask of a contextual bandit.

    It has ``arms``, ``noise`` and ``reward`` as `boltzmann_rl.protocols.Bandit` has them, and more.

    Attributes:
        features: Number of features of a context.
        bounds: The least and the greatest value that a feature can have.
        start: ``start(runs, rng)``: what is constant over a run, an array with the runs as rows.
        observe: ``observe(world, rng)``: the next context of each run ``(runs, features)``, and the mean reward of each
            arm ``(runs, arms)``. The environments show contexts as float32: draw them in float32, so that the means
            belong to the contexts that are shown.
    """

    @property
    def features(self) -> int: ...
    @property
    def bounds(self) -> tuple[float, float]: ...
    def start(self, runs: int, rng: "np.random.Generator", /) -> Floats: ...
    def observe(self, world: Floats, rng: "np.random.Generator", /) -> tuple[Contexts, Floats]: ...


class AnyEnvironment(Protocol):
    """An environment or a vector of them, as Gymnasium defines both."""

    @property
    def observation_space(self) -> Any: ...
    @property
    def action_space(self) -> Any: ...
    @property
    def reset(self) -> Callable[..., Any]: ...
    @property
    def step(self) -> Callable[..., Any]: ...


class Transition(NamedTuple):
    """One step of an environment, as a table or linear values see it.

    Attributes:
        step: Decisions made before this one, over all episodes (and environments).
        observation: The one in which the action was taken: an index, an array of the indices of active features, or an
            array of real features; see `boltzmann_rl.learners.features`.
        action: The action taken.
        reward: Its reward.
        next_observation: The observation after it.
        terminated: Whether the task ended there, so that nothing follows.
        truncated: Whether the episode was only cut off, so that the value of ``next_observation`` still counts.
        next_available: Mask of the actions available there, or None for all.
        next_action: The action taken there (after truncation: the one that would have been), chosen before the learner
            learns from this transition; for learners with ``takes_next = "action"`` or ``"probabilities"``.
        next_probabilities: The probabilities ``(A,)`` that it was drawn from, if ``takes_next = "probabilities"``.
        probabilities: Those ``(A,)`` that ``action`` was drawn from, for learners with ``takes_probabilities = True``.
        environment: The index of the environment, if there are several; each has episodes of its own.

    Example:
        >>> Transition(0, 3, 1, -1.0, 4, terminated=False, truncated=False).next_observation
        4
    """

    step: int
    observation: Observation
    action: int
    reward: float
    next_observation: Observation
    terminated: bool
    truncated: bool
    next_available: NDArray[np.bool_] | None = None
    next_action: int | None = None
    next_probabilities: Floats | None = None
    probabilities: Floats | None = None
    environment: int = 0
