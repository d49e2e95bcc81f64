"""The command ``check``."""

import argparse
from collections.abc import Callable
from pathlib import Path

import boltzmann_rl
from boltzmann_rl.cli.sources import WrongCall, meant, module_in, module_named
from boltzmann_rl.cli.terminal import say


def declare(command: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the command and its options."""
    summary = "test any policy against the laws of action selection"
    option = command("check", check, summary, "boltzmann-rl check my_policies.py:POLICY").add_argument
    option("policy", metavar="MODULE:NAME", help="an importable module or a Python file, and the policy in it")
    backends = ("numpy", "jax", "torch")
    option("--backend", choices=backends, default="numpy", help="the library in which it computes (default: numpy)")


def check(options: argparse.Namespace) -> int:
    """Test a policy against the laws of action selection."""
    place, colon, name = options.policy.rpartition(":")
    if not colon or not place or not name:
        raise WrongCall(f"the policy must be given as MODULE:NAME, got {options.policy!r}")
    module = module_in(Path(place)) if place.endswith(".py") else module_named(place)
    if not hasattr(module, name):
        raise WrongCall(f"there is no {name} in {place}{meant(name, vars(module))}")
    policy = getattr(module, name)
    if isinstance(policy, type):
        raise WrongCall(f"{name} is a class: name an instance, such as POLICY = {name}(...) in a file of your own")
    laws = boltzmann_rl.check_policy(policy, backend=options.backend)
    say(f"{policy!r} obeys all {len(laws)} laws:")
    for law in laws:
        say(f"  {law}")
    return 0
