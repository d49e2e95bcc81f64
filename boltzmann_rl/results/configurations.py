"""The configuration in a manifest: the declaration as a dictionary, which comes from anyone and is only data."""

import json
from collections.abc import Mapping
from typing import Any

from boltzmann_rl.configuration import from_dict, to_dict
from boltzmann_rl.reports.links import link_to_playground

_KINDS = ("BanditExperiment", "GymnasiumExperiment", "Sweep")


def configuration_in(manifest: Mapping[str, Any]) -> dict[str, Any] | None:
    """What declares the experiment, as `from_dict` reads it.

    None in older manifests, and where a part of the experiment has no form as a dictionary, can no longer be read, or
    contradicts the rest of the manifest.
    """
    try:
        declared = from_dict(manifest.get("configuration", {}))
        written = to_dict(declared)  # written anew: a manifest may leave out fields
    except (TypeError, ValueError):
        return None
    if written["class"] not in _KINDS or declared.name != manifest["name"]:
        return None
    return written if written["class"] == "Sweep" or _agrees(declared, manifest) else None


def _agrees(declared: Any, manifest: Mapping[str, Any]) -> bool:
    """Whether an experiment has the seed, length, runs and agents of the manifest."""
    said, numbers = manifest["declaration"], ("seed", "steps", "episodes")
    parts = (part for one in declared.agents.values() for part in (one.values() if isinstance(one, Mapping) else [one]))
    same = all(said.get(name) == getattr(declared, name, None) for name in numbers)
    enough = "stopping" in manifest or declared.runs == manifest["runs"]
    return same and enough and {repr(part) for part in parts} >= {*said["agents"].values()}


def json_of(written: Mapping[str, Any]) -> str:
    r"""JSON to read, with every character that is not printable as its escape.

    Example:
        >>> json_of({"ε": "\u202e"})
        '{\n "ε": "\\u202e"\n}'
    """
    text = json.dumps(written, ensure_ascii=False, indent=1)
    return "".join(one if one.isprintable() or one == "\n" else json.dumps(one)[1:-1] for one in text)


def links_of(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Addresses of the playground by the labels of those agents that it knows."""
    written = configuration_in(manifest)
    if written is None or written["class"] != "BanditExperiment":
        return {}
    found = {}
    for label in manifest["declaration"]["agents"]:
        agent = _agent(written["agents"], label, manifest.get("study", {}))
        address = None if agent is None else link_to_playground(written, agent)
        if address is not None:
            found[label] = address
    return found


def _agent(agents: Mapping[str, Any], label: str, study: Mapping[str, Any]) -> Any:
    """The agent with a label, which in a parameter study is that of a family and a parameter."""
    if label not in study:
        return agents.get(label)
    family, parameter = study[label]
    members = agents.get(family, {})
    return next((agent for number, agent in members.get("items", ()) if number == parameter), None)
