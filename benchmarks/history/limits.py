"""Every ratio with a limit, commit by commit: the same tables as `python benchmarks`, in three rounds.

Ratios of times from the same round can be compared between days and machines; times cannot.
Run: ``asv run --config benchmarks/asv.conf.json``; the file says what to install.
"""

import sys
from math import nan
from pathlib import Path
from statistics import median

sys.path.append(str(Path(__file__).parents[1]))  # where the tables are

import rounds
from speed_pages import kept

LIMITED = {f"{table.title}: {way}": table.module for table in kept() for way in table.bases}


class Ratios:
    """All ratios with a limit that were measured so far by `python benchmarks`; NaN where this commit has none."""

    params = sorted(LIMITED)
    param_names = ("way",)
    timeout = 1800
    unit = "times the baseline"

    def setup_cache(self) -> dict[str, float]:
        """Measure the tables once."""
        rounds.most = 3
        found = {}
        for name in sorted(set(LIMITED.values())):
            try:
                for table in __import__(name).tables():
                    found |= {f"{table.title}: {way}": median(table.ratios(way)) for way in table.limits}
            except (AttributeError, ImportError):  # of what this commit does not have yet
                continue
        return found

    def track_ratio(self, found: dict[str, float], way: str) -> float:
        """The median over the rounds."""
        return found.get(way, nan)

    setup_cache.timeout = 1800
    track_ratio.unit = "times the baseline"
