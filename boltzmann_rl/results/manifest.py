"""The manifest: what was run, with which seed, versions and platform, so that it can be repeated and identified."""

import hashlib
import json
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from boltzmann_rl.arguments import as_integer, shown
from boltzmann_rl.arguments.labels import visible
from boltzmann_rl.kernels.jit import available
from boltzmann_rl.results.checks import check_manifest
from boltzmann_rl.runs.failures import Failure
from boltzmann_rl.runs.outline import Entry, Outline
from boltzmann_rl.statistics.judgement import Judgement, Study
from boltzmann_rl.statistics.stopping import Stopping

# The format of a results folder. Folders of a later format are refused.
FORMAT = 2

# Largest manifest that is read, in bytes: enough for about 100,000 agents.
_LARGEST = 100_000_000

_LIBRARIES = ("boltzmann_rl", "numpy", "scipy", "pandas", "gymnasium", "matplotlib")


def manifest_of(outline: Outline, source: Path | None = None, failures: Sequence[Failure] = ()) -> dict[str, Any]:
    """What is to be run: the declaration, its cells, versions, platform and the file that declares it.

    Args:
        outline: Of the plan.
        source: The file that declares the experiment.
        failures: Of cells; their agents are not in the outline.
    """
    reasons = _labels_by(outline, lambda entry: entry.reason)
    reasons.pop("", None)
    return {
        "format": FORMAT,
        "name": outline.name,
        "declaration": outline.declaration,
        **({"configuration": outline.configuration} if outline.configuration is not None else {}),
        "identity": hashlib.sha256(json.dumps(outline.declaration, sort_keys=True).encode()).hexdigest(),
        "study": study_of(outline),
        "runs": outline.runs,
        "windows": outline.windows,
        "judgement": outline.judgement.declared,
        **({"stopping": outline.stopping.declared} if outline.stopping is not None else {}),
        "axis": outline.axis,
        "primary": outline.measures.primary,
        "cells": [
            {"problem": entry.problem, "agent": entry.agent, "engine": entry.engine, "identity": entry.identity}
            for entry in outline.entries
        ],
        **({"failed": [failure._asdict() for failure in failures]} if failures else {}),
        "engine": _labels_by(outline, lambda entry: entry.engine),
        **({"reasons": reasons} if reasons else {}),
        **circumstances(),
        **({"file": _file(source)} if source is not None else {}),
    }


def circumstances() -> dict[str, Any]:
    """On what, by what and when results are made: versions, platform, command and time."""
    return {
        "versions": {
            "python": platform.python_version(),
            **{name: metadata.version(name) for name in _LIBRARIES if find_spec(name)},
            **({"numba": metadata.version("numba")} if available() else {}),
        },
        "platform": {"system": platform.platform(), "processor": platform.processor() or platform.machine()},
        "command": [visible(part) for part in (Path(sys.argv[0]).name, *sys.argv[1:])],
        "began": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def study_of(outline: Outline) -> dict[str, list[Any]]:
    """Family and parameter of those agents that have them."""
    return {entry.agent: [entry.family, entry.parameter] for entry in outline.entries if entry.family is not None}


def outline_in(manifest: dict[str, Any]) -> Outline | None:
    """The outline that a checked manifest describes; None if it was written before there were cells."""
    if "cells" not in manifest:
        return None
    study, declaration, axis = manifest["study"], manifest["declaration"], manifest["axis"]
    entries = []
    for cell in manifest["cells"]:
        family, parameter = study.get(cell["agent"], (None, None))
        labels = cell["problem"], cell["agent"], family, parameter
        entries.append(Entry(*labels, engine=cell["engine"], reason="", identity=cell["identity"]))
    sizes = manifest["runs"], declaration[f"{axis}s"], declaration.get("uncounted_steps", 0), manifest["windows"]
    rules = judgement_in(manifest), stopping_in(manifest), manifest.get("configuration")
    return Outline(manifest["name"], declaration, axis, *sizes, tuple(entries), *rules)


def families_in(manifest: Mapping[str, Any]) -> Study:
    """The families of those agents that have one, by the agents' labels; also of agents that failed."""
    return {label: family for label, (family, _) in manifest.get("study", {}).items()}


def judgement_in(manifest: Mapping[str, Any]) -> Judgement:
    """What a checked manifest says is compared; the default if the manifest does not say, since it is an old one."""
    return Judgement(**manifest.get("judgement", {}))


def stopping_in(manifest: Mapping[str, Any]) -> Stopping | None:
    """When the runs of a checked manifest are enough; None if their number was given."""
    if "stopping" not in manifest:
        return None
    return Stopping(judgement_in(manifest).alpha, **manifest["stopping"])


def _labels_by(outline: Outline, key: Callable[[Entry], str]) -> dict[str, list[str]]:
    """The labels of agents, as ``agent`` or, with several problems, ``problem: agent``, grouped by a key."""
    found: dict[str, list[str]] = {}
    several = len(outline.problems) > 1
    for entry in outline.entries:
        label = f"{entry.problem}: {entry.agent}" if several else entry.agent
        found.setdefault(key(entry), []).append(label)
    return found


def _file(source: Path) -> dict[str, Any]:
    """The text of the file that declares an experiment, its hash, and the commit of the repository that tracks it."""
    content = source.read_bytes()
    found = {"path": visible(str(source)), "sha256": hashlib.sha256(content).hexdigest()}
    folder = source.resolve().parent
    if _git(folder, "ls-files", "--error-unmatch", source.name) is not None:
        found["commit"] = _git(folder, "rev-parse", "HEAD") or ""
        found["changed"] = "yes" if _git(folder, "status", "--porcelain", "--", source.name) else "no"
    return {**found, "text": content.decode("utf-8", "replace")}


def _git(folder: Path, *arguments: str) -> str | None:
    """What git answers; None if it is missing, does not answer, or knows no such thing."""
    try:
        command = ["git", "-C", str(folder), *arguments]
        answer = subprocess.run(command, capture_output=True, text=True, timeout=5, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout.strip() if answer.returncode == 0 else None


class LaterFormat(ValueError):
    """A folder was written by a later version of this package."""


def read_manifest(folder: Path, name: str = "manifest.json") -> dict[str, Any] | None:
    """The checked manifest in a folder, or its plan; None if the folder has none.

    Raises:
        ValueError: The file is not a valid manifest, or was written by a later version of this package.
    """
    path = folder / name
    if not path.exists():
        return None
    if not path.is_file() or path.stat().st_size > _LARGEST:
        raise ValueError(f"{path} is not a manifest of boltzmann_rl: it must be a file of at most {_LARGEST:,} bytes")
    try:
        manifest: dict[str, Any] = json.loads(path.read_text("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:  # ValueError: not UTF-8, not JSON, or too long an integer
        raise ValueError(f"{path} is damaged: {visible(str(error))}") from error
    try:
        if isinstance(manifest, dict) and as_integer(manifest.get("format", 0), "format") > FORMAT:
            raise _later(path, manifest)
        check_manifest(manifest)
    except LaterFormat:
        raise
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path} is not a manifest that boltzmann_rl can read: {error}") from error
    return manifest


def _later(path: Path, manifest: dict[str, Any]) -> LaterFormat:
    versions = manifest.get("versions")
    by = (versions if isinstance(versions, dict) else {}).get("boltzmann_rl", "(version unknown)")
    return LaterFormat(
        f"{path} is not a manifest that boltzmann_rl can read: it has format {shown(manifest['format'])}, written by "
        f"boltzmann_rl {visible(str(by)[:30])}; boltzmann_rl {metadata.version('boltzmann_rl')} reads formats up to "
        f"{FORMAT}: upgrade it"
    )


def _refuse_constant(text: str) -> None:
    raise ValueError(f"{text} is not valid JSON")


def differences(old: dict[str, Any], new: dict[str, Any]) -> str:
    """The parts of a declaration that another one changes or lacks; not those that it adds."""
    before, after = _flat(old["declaration"]), _flat(new["declaration"])
    keys = [key for key in before if before[key] != after.get(key)]
    return "; ".join(
        f"{visible(key)}: {_told(before[key])} → {_told(after[key])}" if key in after else f"{visible(key)} is gone"
        for key in keys
    )


def renewed(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Sentences on agents that are declared alike, but whose cells differ: by engine, or by code that they reach."""
    if any(old["declaration"].get(key) != new["declaration"][key] for key in new["declaration"] if key != "agents"):
        return []
    before = {(cell["problem"], cell["agent"]): cell for cell in old.get("cells", [])}
    printed = old["declaration"]["agents"]
    by_engine: dict[str, str] = {}
    by_code: list[str] = []
    for cell in new.get("cells", []):
        known, agent = before.get((cell["problem"], cell["agent"])), cell["agent"]
        if known is None or printed.get(agent) != new["declaration"]["agents"][agent]:
            continue
        if known["engine"] != cell["engine"]:
            by_engine[agent] = cell["engine"]
        elif known["identity"] != cell["identity"]:
            by_code.append(agent)
    said = []
    if by_engine:
        engine = next(iter(by_engine.values()))
        said.append(
            f"{', '.join(by_engine)}: the {engine} engine does this amount of work, and does it from the start."
        )
    if by_code:
        named = ", ".join(dict.fromkeys(by_code))
        said.append(f"Code or versions behind {named} have changed: these cells are computed again.")
    return said


def _told(value: Any) -> str:
    """A part of a declaration for a message: escaped and cut to 300 characters, since the folder may be untrusted."""
    text = visible(str(value))
    return text if len(text) <= 300 else f"{text[:299]}…"


def _flat(declaration: dict[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in declaration.items():
        flat |= {f"{key}[{label}]": part for label, part in value.items()} if isinstance(value, dict) else {key: value}
    return flat
