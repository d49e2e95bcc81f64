"""The manifest: what was run, with which seed, versions and platform, so that it can be repeated and identified."""

import hashlib
import json
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

from boltzmann_rl.arguments import as_integer, shown
from boltzmann_rl.arguments.labels import visible
from boltzmann_rl.kernels.jit import available
from boltzmann_rl.results.checks import check_manifest
from boltzmann_rl.runs.plan import Plan, Series

# The format of a results folder. Folders of a later format are refused.
FORMAT = 1

# Largest manifest that is read, in bytes: enough for about 100,000 agents.
_LARGEST = 100_000_000

_LIBRARIES = ("boltzmann_rl", "numpy", "scipy", "pandas", "gymnasium", "matplotlib")


def manifest_of(plan: Plan, began: float, seconds: float) -> dict[str, Any]:
    """The declaration, its hash as ``identity`` (the number of runs is not part of it), the versions and platform."""
    first = plan.first
    declaration: dict[str, Any] = {
        "kind": plan.kind,
        "problem": {label: repr(problem) for label, problem in plan.problems.items()},
        "agents": {label: repr(agent) for label, agent in plan.agents.items()},
        f"{first.axis}s": first.length,
        "seed": first.seed,
    }
    if first.uncounted:
        declaration["uncounted_steps"] = first.uncounted
    reasons = _labels_by(plan, lambda series: series.reason)
    reasons.pop("", None)
    return {
        "format": FORMAT,
        "name": plan.name,
        "declaration": declaration,
        "identity": hashlib.sha256(json.dumps(declaration, sort_keys=True).encode()).hexdigest(),
        "study": {s.agent: [s.family, s.parameter] for s in plan.series if s.family is not None},
        "runs": plan.runs,
        "axis": first.axis,
        "primary": plan.measures.primary,
        "engine": _labels_by(plan, lambda series: series.cell.engine),
        **({"reasons": reasons} if reasons else {}),
        "versions": {
            "python": platform.python_version(),
            **{name: metadata.version(name) for name in _LIBRARIES},
            **({"numba": metadata.version("numba")} if available() else {}),
        },
        "platform": {"system": platform.platform(), "processor": platform.processor() or platform.machine()},
        "commit": _commit(),
        "began": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(began)),
        "seconds": round(seconds, 3),
        "command": [visible(part) for part in (Path(sys.argv[0]).name, *sys.argv[1:])],
    }


def _labels_by(plan: Plan, key: Callable[[Series], str]) -> dict[str, list[str]]:
    """The labels of agents, as ``agent`` or, with several problems, ``problem: agent``, grouped by a key."""
    found: dict[str, list[str]] = {}
    for series in plan.series:
        label = series.agent if len(plan.problems) == 1 else f"{series.problem}: {series.agent}"
        found.setdefault(key(series), []).append(label)
    return found


def _commit() -> str | None:
    try:
        answer = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, timeout=5, check=False)
    except (OSError, subprocess.TimeoutExpired):  # git is missing or does not answer
        return None
    return answer.stdout.strip() or None


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The checked manifest in a folder; None if the folder has no manifest.

    Raises:
        ValueError: The file is not a valid manifest, or was written by a later version of this package.
    """
    path = folder / "manifest.json"
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
            versions = manifest.get("versions")
            by = (versions if isinstance(versions, dict) else {}).get("boltzmann_rl", "(version unknown)")
            raise ValueError(
                f"it has format {shown(manifest['format'])}, written by boltzmann_rl {visible(str(by)[:30])}; "
                f"boltzmann_rl {metadata.version('boltzmann_rl')} reads formats up to {FORMAT}: upgrade it"
            )
        check_manifest(manifest)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path} is not a manifest that boltzmann_rl can read: {error}") from error
    return manifest


def _refuse_constant(text: str) -> None:
    raise ValueError(f"{text} is not valid JSON")


def differences(old: dict[str, Any], new: dict[str, Any]) -> str:
    """The parts in which two declarations differ."""
    before, after = _flat(old["declaration"]), _flat(new["declaration"])
    keys = [key for key in {**before, **after} if before.get(key) != after.get(key)]
    return "; ".join(f"{visible(key)}: {_told(before.get(key))} → {_told(after.get(key))}" for key in keys)


def _told(value: Any) -> str:
    """A part of a declaration for a message: escaped and cut to 300 characters, since the folder may be untrusted."""
    text = visible(str(value))
    return text if len(text) <= 300 else f"{text[:299]}…"


def _flat(declaration: dict[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in declaration.items():
        flat |= {f"{key}[{label}]": part for label, part in value.items()} if isinstance(value, dict) else {key: value}
    return flat
