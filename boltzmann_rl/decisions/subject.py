"""The policy that is tested against a law, and the error when it breaks it."""

import dataclasses
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from boltzmann_rl.arguments import Floats
from boltzmann_rl.arguments.rows import in_row, rows_of
from boltzmann_rl.decisions.act import act
from boltzmann_rl.decisions.libraries import FORMATS, Format, Library, format_of, numbers
from boltzmann_rl.policies.parameters import clock_of

# Laws that compare actions by their values, and so hold only if all actions have the same number of pulls.
_EQUAL_PULLS = ("better is not rarer", "only differences count", "extremes are finite")


class BrokenLaw(AssertionError):
    """A policy broke a law; the message names the law and the smallest example found.

    Attributes:
        law: The name of the law.
    """

    def __init__(self, law: str, example: str) -> None:
        self.law = law
        super().__init__(f"the law {law!r} is broken: {example}")


@dataclasses.dataclass(frozen=True)
class Subject:
    """The policy under test, the law to test, the generator of the examples, and the arithmetic of the answers."""

    policy: Any
    library: Library
    memory: Callable[[Floats], Any] | None
    seed: int
    format: Format = FORMATS["float64"]
    law: str = ""
    rng: np.random.Generator = dataclasses.field(default_factory=np.random.default_rng)

    def under(self, law: str) -> "Subject":
        """The same under a law, with the examples of the seed."""
        return dataclasses.replace(self, law=law, rng=np.random.default_rng(self.seed))

    def clock(self, values: Floats, step: int) -> Any:
        """One step, one per row for visits, or unequal pulls that belong to the values, to follow permuted actions."""
        counts = clock_of(self.policy)
        if counts != "pulls":
            return step if counts == "step" else np.full(values.shape[:-1], step)
        sixteenths = np.floor(np.where(np.isfinite(values) & (np.abs(values) < 2**40), values, 0.0) * 16.0) % 16.0
        pulls = np.full(values.shape, step, dtype=np.int64)
        return pulls if self.law in _EQUAL_PULLS else pulls + sixteenths.astype(np.int64)

    def remembered(self, values: Floats) -> Any:
        """The policy's third argument, if it has one."""
        return None if self.memory is None else self.memory(values)

    def ask(self, values: Floats, step: int, policy: Any = None, given: Any = None) -> Any:
        """The policy's answer as its library has it; ``given`` is the array of the library that it is given."""
        given = self.library.array(values) if given is None else given
        with np.errstate(all="ignore"):
            return self.library.answer(policy or self.policy, given, self.clock(values, step), self.remembered(values))

    def act(self, values: Floats, step: int) -> Any:
        """Actions, drawn by the library's own function."""
        clock, memory = self.clock(values, step), self.remembered(values)
        if self.library.backend is None:
            return act(self.policy, values, self.rng, step=clock, memory=memory)
        generator, given = self.library.generator(self.seed), self.library.array(values)
        drawn = self.library.backend().act(self.policy, generator, given, self.library.steps(clock))
        return numbers(drawn).astype(np.int64)

    def traced(self, transform: Any, how: str) -> Callable[..., Floats]:
        """The policy under a transformation of its library, which traces values and step; ``how`` is for errors."""
        transformed = transform(partial(self.library.answer, self.policy))

        def answer(values: Floats, step: int, *first: Floats) -> Floats:
            given = [self.library.array(each) for each in (*first, values, np.asarray(self.clock(values, step)))]
            try:
                return numbers(transformed(*given, self.remembered(values)))
            except Exception as error:
                raise self.broken(values, step, f"{how} it raised {type(error).__name__}: {error}") from error

        return answer

    def refused(self, answer: Floats) -> bool:
        """Whether an answer is a refusal: it has a NaN, where code cannot raise."""
        return self.library.refuses_by_nan and bool(np.isnan(answer).any())

    def read(self, values: Floats, step: int = 7, policy: Any = None, given: Any = None) -> Floats:
        """The policy's answer in numbers, unchecked; an exception on legal values breaks the law as well."""
        try:
            return numbers(self.ask(values, step, policy, given))
        except Exception as error:
            raise self.broken(values, step, f"it raised {type(error).__name__}: {error}") from error

    def distribution(self, values: Floats, step: int = 7, policy: Any = None, given: Any = None) -> Floats:
        """The policy's answer, checked."""
        return self.checked(values, step, self.read(values, step, policy, given))

    def checked(self, values: Floats, step: int, p: Floats, where: str = "") -> Floats:
        """The probabilities, if they are distributions over the values; ``where`` says under which condition."""
        if p.shape != values.shape:
            raise self.broken(values, step, f"{where}the probabilities have shape {p.shape}, not {values.shape}")
        if not (p >= 0.0).all():
            raise self.broken(values, step, f"{where}the probabilities {shown(p)} contain a negative number or nan")
        if not (abs(p.sum(axis=-1) - 1.0) < max(1e-6, 4.0 * self.format.spacing)).all():
            raise self.broken(values, step, f"{where}the probabilities {shown(p)} sum to {shown(p.sum(axis=-1))}")
        return p

    def compare(self, values: Floats, step: int, p: Floats, other: Floats, how: str, doubt: float = 0.0) -> None:
        """Break the law unless two answers agree; ``how`` says how the second was asked for."""
        if not self.format.agrees(p, other, doubt):
            raise self.broken(values, step, f"the probabilities are {shown(p)}, but {shown(other)} {how}")

    def broken(self, values: Any, step: Any, what: str) -> BrokenLaw:
        """The error that says what went wrong, and for which values."""
        return BrokenLaw(self.law, f"for values {shown(values)} at step {step}, {what}")

    def examples(self) -> Iterator[tuple[Floats, int]]:
        """Legal values and a step, the simplest first; dyadic, so that shifts and scales are exact."""
        for simple in ([1.0], [0.0, 1.0], [0.0, 0.0], [1.0, 2.0, 2.0], [-1.0, 0.0, 1.0], [10.0, 9.0, 0.0]):
            yield np.array(simple), 0
        for actions in (2, 3, 5, 18):
            for scale in (1 / 16, 1.0, 16.0, 1024.0):
                for step in (0, 1, 1000):
                    yield np.round(self.rng.normal(size=actions) * 64) / 64 * scale, step


def shown(array: Any) -> str:
    """An array in one line, as errors show it."""
    return np.array2string(np.asarray(array), precision=4, separator=", ", threshold=40).replace("\n", "")


def subject_of(policy: Any, library: Library, memory: Callable[[Floats], Any] | None, seed: int) -> Subject:
    """A policy with the format of its answers: the coarser one of the values that it is given and what it returns."""
    subject = Subject(policy, library, memory, seed)
    alone = dataclasses.replace(subject, policy=in_row(policy, 0)) if rows_of(policy) else subject
    values = np.array([0.0, 1.0])
    given = library.array(values)
    try:
        answer = alone.ask(values, 0)
    except Exception:  # the first law says what is wrong
        answer = given
    return dataclasses.replace(subject, format=format_of(given, answer))
