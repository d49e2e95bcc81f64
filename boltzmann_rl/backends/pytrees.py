"""Policies, schedules and units of temperature as JAX pytrees: their numbers are leaves, all else is structure."""

import dataclasses
from typing import Any

import jax

from boltzmann_rl import policies, schedules
from boltzmann_rl.arguments.rows import PerRow, unchecked
from boltzmann_rl.policies.units import UNITS

# Fields with whole numbers, which shape a schedule rather than being numbers to differentiate.
_WHOLE = (int, int | None, tuple[int, ...])


def _declarations() -> list[type]:
    found = [getattr(module, name) for module in (policies, schedules) for name in module.__all__]
    kinds = {kind for kind in (*found, *UNITS) if isinstance(kind, type) and dataclasses.is_dataclass(kind)}
    return sorted(kinds, key=lambda kind: kind.__name__)


def register() -> None:
    """Register the declarations of this package as pytrees; `boltzmann_rl.backends.jax` does so when it is imported."""
    for kind in _declarations():
        _register(kind)
    jax.tree_util.register_pytree_node(PerRow, lambda rows: (tuple(rows), None), lambda _, rows: PerRow(rows))


def _register(kind: type) -> None:
    names = [field.name for field in dataclasses.fields(kind)]
    whole = {field.name for field in dataclasses.fields(kind) if field.type in _WHOLE}

    def flatten(part: Any) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        values = [getattr(part, name) for name in names]
        leaves = [name not in whole and not _is_structure(value) for name, value in zip(names, values, strict=True)]
        kept = tuple(None if leaf else value for leaf, value in zip(leaves, values, strict=True))
        return tuple(v for leaf, v in zip(leaves, values, strict=True) if leaf), (tuple(leaves), kept)

    def unflatten(structure: tuple[Any, ...], children: tuple[Any, ...]) -> Any:
        left = iter(children)
        fields = {name: next(left) if leaf else kept for name, leaf, kept in zip(names, *structure, strict=True)}
        return unchecked(kind, fields)

    jax.tree_util.register_pytree_node(kind, flatten, unflatten)


def _is_structure(value: Any) -> bool:
    """Whether a field's value is a user's callable, or holds one: no number that JAX knows."""
    if type(value) is tuple:
        return any(map(_is_structure, value))
    return callable(value) and not type(value).__module__.startswith("boltzmann_rl.")
