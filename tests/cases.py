"""Many quick cases in one test: as a test for each, they would take longer to start than to run."""

import functools
import inspect
from collections.abc import Callable, Iterable
from typing import Any

import pytest

PARAM = type(pytest.param(0))


def in_one_test(names: Any, cases: Iterable[Any], ids: Any = repr) -> Callable[[Any], Any]:
    """Like ``pytest.mark.parametrize``, but one test goes through all cases, and its failure names the case.

    For tests that leave nothing behind, since the cases share the fixtures.

    Args:
        names: Of the parameters: a tuple, or one text, separated by commas.
        cases: The values of the parameters, in a tuple if there are several, or a ``pytest.param`` without marks.
        ids: Of the cases: a list, or a function of a value.
    """
    names = [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)
    cases = list(cases)
    assert cases
    assert not any(isinstance(case, PARAM) and case.marks for case in cases), "marks are for tests of their own"

    def decorate(test: Any) -> Any:
        @functools.wraps(test)
        def together(**fixtures: Any) -> None:
            skipped = []
            for number, case in enumerate(cases):
                values = case.values if isinstance(case, PARAM) else case if len(names) > 1 else (case,)
                given = dict(zip(names, values, strict=True))
                try:
                    test(**fixtures, **given)
                except pytest.skip.Exception as skip:  # the other cases are tested
                    skipped.append(skip)
                except BaseException as failure:
                    failure.add_note(f"case {number}: {_told(case, values, ids, number)}")
                    raise
            if len(skipped) == len(cases):
                raise skipped[0]

        signature = inspect.signature(test)
        assert set(names) <= set(signature.parameters), f"{test.__name__} does not take {names}"
        kept = [parameter for name, parameter in signature.parameters.items() if name not in names]
        together.__signature__ = signature.replace(parameters=kept)  # type: ignore[attr-defined]
        return together

    return decorate


def _told(case: Any, values: Any, ids: Any, number: int) -> str:
    if isinstance(case, PARAM) and case.id:
        return str(case.id)
    return ", ".join(str(ids(value)) for value in values) if callable(ids) else str(list(ids)[number])
