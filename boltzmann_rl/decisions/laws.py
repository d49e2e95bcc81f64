"""The laws that a policy must obey, and a test of them for any policy."""

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from boltzmann_rl.arguments import Floats, as_policy, as_seed
from boltzmann_rl.arguments.near_names import suggesting
from boltzmann_rl.arguments.rows import in_row, rows_of
from boltzmann_rl.decisions.act import act
from boltzmann_rl.policies.parameters import clock_of
from boltzmann_rl.protocols import Policy, traits_of

Law = Callable[["_Subject"], None]

# Laws that compare actions by their values, and so hold only if all actions have the same number of pulls.
_EQUAL_PULLS = ("better is not rarer", "only differences count", "extremes are finite")

# False-alarm rate of each χ² test: one correct policy in a million is refused.
_FALSE_ALARM = 1e-6
_DRAWS, _SINGLE_DRAWS = 100_000, 2_000


class BrokenLaw(AssertionError):
    """A policy broke a law; the message names the law and the smallest example found.

    Attributes:
        law: The name of the law.
    """

    def __init__(self, law: str, example: str) -> None:
        self.law = law
        super().__init__(f"the law {law!r} is broken: {example}")


@suggesting
def check_policy(
    policy: Policy,
    *,
    shift_invariant: bool | None = None,
    memory: Callable[[Floats], Any] | None = None,
    seed: int = 0,
) -> tuple[str, ...]:
    """Test any policy against the laws of action selection; raises at the first that it breaks.

    The laws, in this order:

    - *rows are distributions*: same shape as the values, every probability ≥ 0, each row sums to 1;
    - *masked actions are never taken*: a value of −inf has probability exactly 0;
    - *reading changes nothing*: two reads agree, and neither values nor policy are modified;
    - *a batch is its rows*: a batch has the probabilities of each row alone, over any leading axes;
    - *better is not rarer*: a higher value never has the lower probability;
    - *names do not matter*: permuting the actions permutes the probabilities;
    - *only differences count*: adding a constant to all values changes nothing (where claimed, see below);
    - *only the ratio to the temperature counts*, for dataclasses with a number as ``temperature``: scaling
      values and temperature together changes nothing, and a negative or NaN temperature is refused;
    - *extremes are finite*: values of ±1e308 and 5e-324, and step 10⁹, still give distributions;
    - *mistakes are refused*: NaN, +inf, no action and none available raise a ValueError;
    - *draws follow the probabilities*: frequencies of 100,000 draws in a batch, and of 2,000 one by one, by χ² with a
      false-alarm rate of 1e-6.

    Args:
        policy: Any callable ``(values, step) -> probabilities``; with ``clock = "pulls"`` it is given one step
            per action, with ``clock = "visits"`` one per row.
        shift_invariant: Whether the policy claims that only differences between values count. Default: its
            attribute ``shift_invariant``, or True; for a policy that intends otherwise, give False in either place.
        memory: For a policy that takes a third argument: that argument, as a function of the values.
        seed: Of the generated values and the draws.

    If the policy has a parameter for each row, the first and the last row are checked, and all rows together against
    each alone.

    Returns:
        The names of the laws that were checked.

    Raises:
        BrokenLaw: The first law that does not hold, with the smallest example found.

    Example:
        >>> from boltzmann_rl.policies import Boltzmann
        >>> len(check_policy(Boltzmann(0.5)))
        11
        >>> check_policy(lambda values, step: values / values.sum())
        Traceback (most recent call last):
        ...
        boltzmann_rl.decisions.laws.BrokenLaw: the law 'rows are distributions' is broken: ...
    """
    as_policy(policy)
    if memory is None and traits_of(policy).takes_memory:
        raise TypeError(
            f"memory= is missing: {policy!r} takes a memory; give it as a function of the values, with one number for "
            "each row, such as memory=lambda values: np.ones(values.shape[:-1])"
        )
    if rows := rows_of(policy):
        return _check_rows(policy, rows, shift_invariant, memory, seed)
    if shift_invariant is None:
        shift_invariant = traits_of(policy).shift_invariant
    scales = dataclasses.is_dataclass(policy) and isinstance(traits_of(policy).temperature, float)
    laws: list[tuple[str, Law]] = [
        ("rows are distributions", _rows_are_distributions),
        ("masked actions are never taken", _masked_actions_are_never_taken),
        ("reading changes nothing", _reading_changes_nothing),
        ("a batch is its rows", _a_batch_is_its_rows),
        ("better is not rarer", _better_is_not_rarer),
        ("names do not matter", _names_do_not_matter),
        *([("only differences count", _only_differences_count)] if shift_invariant else []),
        *([("only the ratio to the temperature counts", _only_the_ratio_counts)] if scales else []),
        ("extremes are finite", _extremes_are_finite),
        ("mistakes are refused", _mistakes_are_refused),
        ("draws follow the probabilities", _draws_follow_the_probabilities),
    ]
    with np.errstate(under="ignore"):  # `np.allclose` multiplies small numbers by smaller ones
        for law, holds in laws:
            holds(_Subject(policy, law, memory, np.random.default_rng(as_seed(seed))))
    return tuple(law for law, _ in laws)


def _check_rows(policy: Any, rows: int, *settings: Any) -> tuple[str, ...]:
    """Check a policy with a parameter for each row: the first and the last row alone, and all together."""
    shift_invariant, memory, seed = settings
    alone = [in_row(policy, row) for row in range(rows)]
    for each in (alone[0], alone[-1]):
        laws = check_policy(each, shift_invariant=shift_invariant, memory=memory, seed=seed)
    law = "a batch is its rows"
    together = _Subject(policy, law, memory, np.random.default_rng(as_seed(seed)))
    for row, step in together.examples():
        values = np.stack([np.roll(row, shift) for shift in range(rows)])
        p = together.distribution(values, step)
        for k, each in enumerate(alone):
            expected = _Subject(each, law, memory, together.rng).distribution(values[k], step)
            together.compare(values, step, p[k], expected, f"for row {k} alone")
    return laws


@dataclasses.dataclass(frozen=True)
class _Subject:
    """The policy under test, the law to test, and the generator of the examples."""

    policy: Any
    law: str
    memory: Callable[[Floats], Any] | None
    rng: np.random.Generator

    def clock(self, values: Floats, step: int) -> Any:
        """One step, one per row for visits, or unequal pulls that belong to the values, to follow permuted actions."""
        counts = clock_of(self.policy)
        if counts != "pulls":
            return step if counts == "step" else np.full(values.shape[:-1], step)
        sixteenths = np.floor(np.where(np.isfinite(values) & (np.abs(values) < 2**40), values, 0.0) * 16.0) % 16.0
        pulls = np.full(values.shape, step, dtype=np.int64)
        return pulls if self.law in _EQUAL_PULLS else pulls + sixteenths.astype(np.int64)

    def remembered(self, values: Floats) -> Any:
        return None if self.memory is None else self.memory(values)

    def ask(self, values: Floats, step: int, policy: Any = None) -> Any:
        memory = self.remembered(values)
        with np.errstate(all="ignore"):
            return (policy or self.policy)(values, self.clock(values, step), *(() if memory is None else (memory,)))

    def act(self, values: Floats, step: int) -> Any:
        memory = self.remembered(values)
        return act(self.policy, values, self.rng, step=self.clock(values, step), memory=memory)

    def read(self, values: Floats, step: int = 7, policy: Any = None) -> Floats:
        """The policy's answer as an array, unchecked; an exception on legal values breaks the law as well."""
        try:
            answer = self.ask(values, step, policy)
        except Exception as error:
            raise self.broken(values, step, f"it raised {type(error).__name__}: {error}") from error
        return np.array(answer, dtype=np.float64)

    def distribution(self, values: Floats, step: int = 7, policy: Any = None) -> Floats:
        p = self.read(values, step, policy)
        if p.shape != values.shape:
            raise self.broken(values, step, f"the probabilities have shape {p.shape}, not {values.shape}")
        if not (p >= 0.0).all():
            raise self.broken(values, step, f"the probabilities {_shown(p)} contain a negative number or nan")
        if not (abs(p.sum(axis=-1) - 1.0) < 1e-6).all():
            raise self.broken(values, step, f"the probabilities {_shown(p)} sum to {_shown(p.sum(axis=-1))}")
        return p

    def compare(self, values: Floats, step: int, p: Floats, other: Floats, how: str) -> None:
        """Break the law unless two answers agree; ``how`` says how the second was asked for."""
        if not np.allclose(p, other, rtol=1e-9, atol=1e-12):
            raise self.broken(values, step, f"the probabilities are {_shown(p)}, but {_shown(other)} {how}")

    def broken(self, values: Any, step: Any, what: str) -> BrokenLaw:
        return BrokenLaw(self.law, f"for values {_shown(values)} at step {step}, {what}")

    def examples(self) -> Iterator[tuple[Floats, int]]:
        """Legal values and a step, the simplest first; dyadic, so that shifts and scales are exact."""
        for simple in ([1.0], [0.0, 1.0], [0.0, 0.0], [1.0, 2.0, 2.0], [-1.0, 0.0, 1.0], [10.0, 9.0, 0.0]):
            yield np.array(simple), 0
        for actions in (2, 3, 5, 18):
            for scale in (1 / 16, 1.0, 16.0, 1024.0):
                for step in (0, 1, 1000):
                    yield np.round(self.rng.normal(size=actions) * 64) / 64 * scale, step


def _rows_are_distributions(subject: _Subject) -> None:
    for values, step in subject.examples():
        subject.distribution(values, step)


def _masked_actions_are_never_taken(subject: _Subject) -> None:
    for values, step in subject.examples():
        for masked in range(1, len(values)):
            hidden = values.copy()
            hidden[subject.rng.permutation(len(values))[:masked]] = -np.inf
            p = subject.distribution(hidden, step)
            if (p[np.isneginf(hidden)] != 0.0).any():
                raise subject.broken(hidden, step, f"the probabilities {_shown(p)} allow an unavailable action")


def _a_batch_is_its_rows(subject: _Subject) -> None:
    for shape in ((2,), (2, 3), (1, 2, 2)):
        for actions in (2, 5):
            values = np.round(subject.rng.normal(size=(*shape, actions)) * 64) / 64
            values[..., 0] = np.where(subject.rng.random(shape) < 0.3, -np.inf, values[..., 0])
            together = subject.distribution(values)
            alone = np.array([subject.distribution(row) for row in values.reshape(-1, actions)])
            subject.compare(values, 7, together, alone.reshape(values.shape), "for its rows alone")


def _reading_changes_nothing(subject: _Subject) -> None:
    for values, step in subject.examples():
        given = values.copy()
        before = repr(subject.policy)
        first, second = subject.distribution(given, step), subject.distribution(given, step)
        if not np.array_equal(given, values):
            raise subject.broken(values, step, f"it changed the values to {_shown(given)}")
        if not np.array_equal(first, second):
            raise subject.broken(values, step, f"it returned {_shown(first)}, then {_shown(second)}")
        if repr(subject.policy) != before:
            raise subject.broken(values, step, f"the policy changed from {before} to {subject.policy!r}")


def _better_is_not_rarer(subject: _Subject) -> None:
    for values, step in subject.examples():
        p = subject.distribution(values, step)
        rising = p[np.argsort(values, kind="stable")]
        if (np.diff(rising) < -1e-12)[np.diff(np.sort(values)) > 0].any():
            raise subject.broken(values, step, f"the probabilities {_shown(p)} prefer a lower value to a higher one")


def _names_do_not_matter(subject: _Subject) -> None:
    for values, step in subject.examples():
        order = subject.rng.permutation(len(values))
        p, permuted = subject.distribution(values, step), subject.distribution(values[order], step)
        unpermuted, how = permuted[np.argsort(order)], f"when the actions are given in the order {order.tolist()}"
        subject.compare(values, step, p, unpermuted, how)


def _only_differences_count(subject: _Subject) -> None:
    for values, step in subject.examples():
        for shift in (1.0, -64.0, 4096.0):
            p, shifted = subject.distribution(values, step), subject.distribution(values + shift, step)
            subject.compare(values, step, p, shifted, f"with {shift:g} added to all values")


def _only_the_ratio_counts(subject: _Subject) -> None:
    policy = subject.policy
    for values, step in subject.examples():
        for factor in (0.25, 1024.0):
            scaled_policy = dataclasses.replace(policy, temperature=policy.temperature * factor)
            p = subject.distribution(values, step)
            scaled = subject.distribution(values * factor, step, scaled_policy)
            subject.compare(values, step, p, scaled, f"with values and temperature × {factor:g}")
    for wrong in (-1.0, float("nan")):
        values = np.array([0.0, 1.0])
        try:
            answer = subject.ask(values, 0, dataclasses.replace(policy, temperature=wrong))
        except ValueError:
            continue
        raise subject.broken(
            values, 0, f"a temperature of {wrong} is accepted, with the probabilities {_shown(answer)}"
        )


def _extremes_are_finite(subject: _Subject) -> None:
    for extreme in (
        [700.0, 0.0],
        [1e5, -1e5],
        [1e300, 0.0],
        [1e308, -1e308, 0.0],
        [5e-324, 0.0],
        [-1e308, -1e308],
        [1e308, -np.inf],
    ):
        for step in (0, 10**9):
            p = subject.distribution(np.array(extreme), step)
            if p[0] < p.max() - 1e-12:
                raise subject.broken(
                    extreme, step, f"the probabilities {_shown(p)} do not prefer the first action, the best"
                )


def _mistakes_are_refused(subject: _Subject) -> None:
    for mistake in ([0.0, np.nan], [np.nan, np.nan], [np.inf, 0.0], [-np.inf, -np.inf], []):
        values = np.array(mistake)
        try:
            answer = subject.ask(values, 0)
        except ValueError:
            continue
        except Exception as error:
            raise subject.broken(values, 0, f"it raised {type(error).__name__}, not a ValueError: {error}") from error
        raise subject.broken(values, 0, f"it returned {_shown(answer)} instead of raising a ValueError")


def _draws_follow_the_probabilities(subject: _Subject) -> None:
    for row, step in (([0.0, 1.0], 1), ([0.0, 1.25, 1.0, -np.inf, 2.5], 7)):
        values = np.array(row)
        p = subject.distribution(values, step)
        together = subject.act(np.tile(values, (_DRAWS, 1)), step)
        one_by_one = [subject.act(values, step) for _ in range(_SINGLE_DRAWS)]
        for actions, how in ((together, "in a batch"), (one_by_one, "one by one")):
            counts = np.bincount(actions, minlength=len(values))
            p_value = _chi_squared(counts, p)
            if p_value < _FALSE_ALARM:
                said = f"{_shown(counts / counts.sum())} against stated {_shown(p)} (χ² test, p = {p_value:.1e})"
                raise subject.broken(values, step, f"{counts.sum()} draws {how} have frequencies {said}")


def _chi_squared(counts: Any, p: Floats) -> float:
    """The p-value of the χ² test of counts against ``p``; actions with fewer than 10 expected draws are pooled."""
    from scipy.special import chdtrc  # imported here: SciPy takes several times as long as importing this package

    if (counts[p == 0.0] > 0).any():
        return 0.0
    expected = p * counts.sum()
    rare = expected < 10.0
    observed = np.append(counts[~rare], counts[rare].sum())
    expected = np.append(expected[~rare], expected[rare].sum())
    if expected[-1] < 1e-9:
        observed, expected = observed[:-1], expected[:-1]
    statistic = float(((observed - expected) ** 2 / expected).sum())
    return float(chdtrc(max(len(expected) - 1, 1), statistic))


def _shown(array: Any) -> str:
    return np.array2string(np.asarray(array), precision=4, separator=", ", threshold=40).replace("\n", "")
