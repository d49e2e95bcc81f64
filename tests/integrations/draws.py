"""Oracles for the actions of every library's agents: the inverse CDF, and χ² tests."""

import numpy as np
from scipy import stats

# False-alarm rate of each test.
FALSE_ALARM = 1e-6


def drawn(p, uniforms):
    """The inverse CDF, row by row."""
    return [
        int(np.searchsorted(np.cumsum(row), u * sum(row), side="right")) for row, u in zip(p, uniforms, strict=True)
    ]


def assert_rows_draw_from(p, actions):
    """Assert that interleaved rows of actions have their own probabilities, and that the first two are independent."""
    for row, expected in enumerate(p):
        counts = np.bincount(actions[row :: len(p)], minlength=len(expected))
        assert stats.chisquare(counts, expected * counts.sum()).pvalue > FALSE_ALARM
    pairs = stats.contingency.crosstab(actions[0 :: len(p)], actions[1 :: len(p)]).count
    assert stats.chi2_contingency(pairs).pvalue > FALSE_ALARM
