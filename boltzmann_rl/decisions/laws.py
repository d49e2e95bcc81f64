"""The laws that a policy must obey."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from boltzmann_rl.arguments import Floats
from boltzmann_rl.decisions.libraries import numbers
from boltzmann_rl.decisions.subject import Subject, shown
from boltzmann_rl.lazy import special
from boltzmann_rl.protocols import traits_of

Law = Callable[[Subject], None]

# False-alarm rate of each χ² test: one correct policy in a million is refused.
_FALSE_ALARM = 1e-6
_DRAWS, _SINGLE_DRAWS = 100_000, 2_000


def laws_for(subject: Subject, shift_invariant: bool | None) -> dict[str, Law]:
    """The laws that a policy claims and its library can test, by name."""
    if shift_invariant is None:
        shift_invariant = traits_of(subject.policy).shift_invariant
    library = subject.library
    laws: dict[str, tuple[Law, Any]] = {
        "rows are distributions": (_rows_are_distributions, True),
        "masked actions are never taken": (_masked_actions_are_never_taken, True),
        "reading changes nothing": (_reading_changes_nothing, True),
        "a batch is its rows": (_a_batch_is_its_rows, True),
        "better is not rarer": (_better_is_not_rarer, True),
        "names do not matter": (_names_do_not_matter, True),
        "only differences count": (_only_differences_count, shift_invariant),
        "only the ratio to the temperature counts": (_only_the_ratio_counts, _scales(subject)),
        "extremes are finite": (_extremes_are_finite, True),
        "mistakes are refused": (_mistakes_are_refused, True),
        "compiling changes nothing": (_compiling_changes_nothing, library.compiled),
        "gradients are finite": (_gradients_are_finite, library.gradient),
        "draws follow the probabilities": (
            _draws_follow_the_probabilities,
            library.backend is None or library.declared(subject.policy),
        ),
    }
    return {name: law for name, (law, applies) in laws.items() if applies}


def _scales(subject: Subject) -> bool:
    """Whether the policy is a dataclass with a number as its temperature."""
    return dataclasses.is_dataclass(subject.policy) and isinstance(traits_of(subject.policy).temperature, float)


def _rows_are_distributions(subject: Subject) -> None:
    for values, step in subject.examples():
        subject.distribution(values, step)


def _masked_actions_are_never_taken(subject: Subject) -> None:
    for values, step in subject.examples():
        for masked in range(1, len(values)):
            hidden = values.copy()
            hidden[subject.rng.permutation(len(values))[:masked]] = -np.inf
            p = subject.distribution(hidden, step)
            if (p[np.isneginf(hidden)] != 0.0).any():
                raise subject.broken(hidden, step, f"the probabilities {shown(p)} allow an unavailable action")


def _a_batch_is_its_rows(subject: Subject) -> None:
    for shape in ((2,), (2, 3), (1, 2, 2)):
        for actions in (2, 5):
            values = np.round(subject.rng.normal(size=(*shape, actions)) * 64) / 64
            values[..., 0] = np.where(subject.rng.random(shape) < 0.3, -np.inf, values[..., 0])
            together = subject.distribution(values)
            alone = np.array([subject.distribution(row) for row in values.reshape(-1, actions)])
            subject.compare(values, 7, together, alone.reshape(values.shape), "for its rows alone")


def _reading_changes_nothing(subject: Subject) -> None:
    for values, step in subject.examples():
        given = subject.library.array(values.copy())
        before = repr(subject.policy)
        first, second = (subject.distribution(values, step, given=given) for _ in range(2))
        if not np.array_equal(numbers(given), values):
            raise subject.broken(values, step, f"it changed the values to {shown(numbers(given))}")
        if not np.array_equal(first, second):
            raise subject.broken(values, step, f"it returned {shown(first)}, then {shown(second)}")
        if repr(subject.policy) != before:
            raise subject.broken(values, step, f"the policy changed from {before} to {subject.policy!r}")


def _better_is_not_rarer(subject: Subject) -> None:
    for values, step in subject.examples():
        p = subject.distribution(values, step)
        rising = p[np.argsort(values, kind="stable")]
        if (np.diff(rising) < -subject.format.least)[np.diff(np.sort(values)) > 0].any():
            raise subject.broken(values, step, f"the probabilities {shown(p)} prefer a lower value to a higher one")


def _names_do_not_matter(subject: Subject) -> None:
    for values, step in subject.examples():
        order = subject.rng.permutation(len(values))
        p, permuted = subject.distribution(values, step), subject.distribution(values[order], step)
        unpermuted, how = permuted[np.argsort(order)], f"when the actions are given in the order {order.tolist()}"
        subject.compare(values, step, p, unpermuted, how)


def _only_differences_count(subject: Subject) -> None:
    for values, step in subject.examples():
        for shift in (1.0, -64.0, 4096.0):
            if not subject.format.holds(values + shift):
                continue
            p, shifted = subject.distribution(values, step), subject.distribution(values + shift, step)
            subject.compare(values, step, p, shifted, f"with {shift:g} added to all values", doubt=abs(shift))


def _only_the_ratio_counts(subject: Subject) -> None:
    policy = subject.policy
    for values, step in subject.examples():
        for factor in (0.25, 1024.0):
            if not subject.format.holds(values * factor):
                continue
            scaled_policy = dataclasses.replace(policy, temperature=policy.temperature * factor)
            p = subject.distribution(values, step)
            scaled = subject.distribution(values * factor, step, scaled_policy)
            subject.compare(values, step, p, scaled, f"with values and temperature × {factor:g}")
    for wrong in (-1.0, float("nan")):
        values = np.array([0.0, 1.0])
        try:
            answer = numbers(subject.ask(values, 0, dataclasses.replace(policy, temperature=wrong)))
        except ValueError:
            continue
        if subject.refused(answer):
            continue
        raise subject.broken(values, 0, f"a temperature of {wrong} is accepted, with the probabilities {shown(answer)}")


def _extremes_are_finite(subject: Subject) -> None:
    for extreme in (
        [700.0, 0.0],
        [1e5, -1e5],
        [1e300, 0.0],
        [1e308, -1e308, 0.0],
        [5e-324, 0.0],
        [-1e308, -1e308],
        [1e308, -np.inf],
    ):
        values = subject.format.within(np.array(extreme))
        for step in (0, 10**9):
            p = subject.distribution(values, step)
            if p[0] < p.max() - subject.format.least:
                raise subject.broken(
                    values, step, f"the probabilities {shown(p)} do not prefer the first action, the best"
                )
    if not _scales(subject):
        return
    values = np.array([1.0, -np.inf, 1.0, 0.0])
    for temperature in (0.0, np.inf):
        try:
            limit = dataclasses.replace(subject.policy, temperature=temperature)
            answer = subject.ask(values, 0, limit)
        except ValueError:
            continue
        subject.checked(values, 0, numbers(answer), f"at temperature {temperature:g} ")


def _mistakes_are_refused(subject: Subject) -> None:
    # Where NaN is the refusal, no actions cannot be refused: there is no probability to be NaN.
    none: list[list[float]] = [] if subject.library.refuses_by_nan else [[]]
    for mistake in ([0.0, np.nan], [np.nan, np.nan], [np.inf, 0.0], [-np.inf, -np.inf], *none):
        values = np.array(mistake)
        try:
            answer = numbers(subject.ask(values, 0))
        except ValueError:
            continue
        except Exception as error:
            raise subject.broken(values, 0, f"it raised {type(error).__name__}, not a ValueError: {error}") from error
        if not subject.refused(answer):
            remedy = "of NaN" if subject.library.refuses_by_nan else "of raising a ValueError"
            raise subject.broken(values, 0, f"it returned {shown(answer)} instead {remedy}")


def _gradients_are_finite(subject: Subject) -> None:
    gradient = subject.traced(subject.library.gradient, "differentiated")
    for values, step in subject.examples():
        for masked in range(min(len(values), 3)):
            hidden = np.where(np.arange(len(values)) < masked, -np.inf, values)
            found = gradient(hidden, step, subject.rng.normal(size=len(values)))
            if not np.isfinite(found).all():
                raise subject.broken(
                    hidden,
                    step,
                    f"the gradient of a weighted sum of the probabilities is {shown(found)}: give masked actions a "
                    "finite value before the exponential, and the probability 0 after it",
                )


def _compiling_changes_nothing(subject: Subject) -> None:
    compiled = subject.traced(subject.library.compiled, "compiled")
    for shape in ((2,), (5,), (2, 3, 5)):
        for step in (0, 7, 1000):
            values = np.round(subject.rng.normal(size=shape) * 64) / 64
            values[..., 0] = np.where(subject.rng.random(shape[:-1]) < 0.5, -np.inf, values[..., 0])
            subject.compare(values, step, subject.distribution(values, step), compiled(values, step), "compiled")


def _draws_follow_the_probabilities(subject: Subject) -> None:
    for row, step in (([0.0, 1.0], 1), ([0.0, 1.25, 1.0, -np.inf, 2.5], 7)):
        values = np.array(row)
        p = subject.distribution(values, step)
        found = [(subject.act(np.tile(values, (_DRAWS, 1)), step), "in a batch")]
        if subject.library.backend is None:
            found += [([subject.act(values, step) for _ in range(_SINGLE_DRAWS)], "one by one")]
        for actions, how in found:
            counts = np.bincount(actions, minlength=len(values))
            p_value = _chi_squared(counts, p)
            if p_value < _FALSE_ALARM:
                said = f"{shown(counts / counts.sum())} against stated {shown(p)} (χ² test, p = {p_value:.1e})"
                raise subject.broken(values, step, f"{counts.sum()} draws {how} have frequencies {said}")


def _chi_squared(counts: Any, p: Floats) -> float:
    """The p-value of the χ² test of counts against ``p``; actions with fewer than 10 expected draws are pooled."""
    if (counts[p == 0.0] > 0).any():
        return 0.0
    expected = p * counts.sum()
    rare = expected < 10.0
    observed = np.append(counts[~rare], counts[rare].sum())
    expected = np.append(expected[~rare], expected[rare].sum())
    if expected[-1] < 1e-9:
        observed, expected = observed[:-1], expected[:-1]
    statistic = float(((observed - expected) ** 2 / expected).sum())
    return float(special.chdtrc(max(len(expected) - 1, 1), statistic))
