"""Declarations in YAML and JSON files."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from boltzmann_rl.arguments import shown
from boltzmann_rl.configuration.reading import from_dict

SUFFIXES = (".json", ".yaml", ".yml")

# A number with an exponent, which YAML 1.1 reads as text unless it has a decimal point and a sign of the exponent.
_EXPONENTIAL = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)[eE][-+]?\d+")

# A million parts, the most that a declaration has, take less.
_MOST_BYTES = 2**25


def read(path: str | Path, *, classes: Iterable[type] = ()) -> Any:
    """The declaration in a YAML or JSON file, in the form of `to_dict`.

    YAML needs PyYAML (the extra ``yaml``). Numbers such as ``1e-3`` are numbers in it, as in JSON and in YAML 1.2.

    Args:
        path: The file, whose name ends in ``.yaml``, ``.yml`` or ``.json``.
        classes: Your own classes that may occur in it, frozen dataclasses.

    Raises:
        OSError: The file can't be read.
        ModuleNotFoundError: PyYAML is not installed.
        TypeError, ValueError: No YAML or JSON, a key that stands twice in a mapping, or as `from_dict`.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> written = '{"boltzmann_rl": 1, "class": "Boltzmann", "temperature": 0.5}'
        >>> _ = (folder / "policy.json").write_text(written)
        >>> read(folder / "policy.json")
        Boltzmann(temperature=0.5)
    """
    path = Path(path)
    if path.suffix.lower() not in SUFFIXES:
        raise ValueError(f"path must end in {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}, got {shown(str(path))}")
    if path.stat().st_size > _MOST_BYTES:
        raise ValueError(f"{path} is too large: a declaration has at most {_MOST_BYTES:,} bytes")
    text = path.read_bytes()
    try:
        tree = _json(text) if path.suffix.lower() == ".json" else _yaml(text)
        return from_dict(tree, classes=classes)
    except RecursionError:
        raise ValueError(f"{path}: nested too deep") from None
    except (TypeError, ValueError) as error:
        raise (TypeError if isinstance(error, TypeError) else ValueError)(f"{path}: {error}") from error


def _json(text: bytes) -> Any:
    return json.loads(text, object_pairs_hook=_once)


def _once(pairs: list[tuple[Any, Any]]) -> dict[Any, Any]:
    """The mapping of pairs, if no key stands twice."""
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"the key {shown(next(key for key in keys if keys.count(key) > 1))} stands twice in a mapping")
    return found


def _yaml(text: bytes) -> Any:
    try:
        import yaml
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "YAML needs PyYAML: pip install 'boltzmann-rl[yaml]', or write the declaration as JSON"
        ) from error
    try:
        return yaml.load(text, Loader=_loader(yaml))
    except yaml.YAMLError as error:
        raise ValueError(f"no YAML: {error}") from error


def _loader(yaml: Any) -> Any:
    """PyYAML's safe loader, which also refuses repeated keys and reads 1e-3 as a number."""

    class Loader(yaml.SafeLoader):  # type: ignore[misc]  # PyYAML may be absent
        def compose_mapping_node(self, anchor: Any) -> Any:
            node = super().compose_mapping_node(anchor)
            _once([(key.value, None) for key, _ in node.value if isinstance(key, yaml.ScalarNode)])
            return node

    Loader.add_implicit_resolver("tag:yaml.org,2002:float", _EXPONENTIAL, list("-+.0123456789"))
    return Loader
