"""Readers of other libraries' logs, each to a table that `Results.of_runs` takes."""

from boltzmann_rl.logs.cleanrl import read_cleanrl
from boltzmann_rl.logs.monitor import read_monitor
from boltzmann_rl.logs.rlberry import read_rlberry

__all__ = ["read_cleanrl", "read_monitor", "read_rlberry"]
