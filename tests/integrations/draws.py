"""What the actions of every library's agents are held to: the inverse CDF, and χ² against a softmax."""

import numpy as np
from scipy import stats

# Of each test.
FALSE_ALARM = 1e-6


def drawn(p, uniforms):
    """The inverse CDF, row by row."""
    return [
        int(np.searchsorted(np.cumsum(row), u * sum(row), side="right")) for row, u in zip(p, uniforms, strict=True)
    ]


def assert_rows_draw_from(p, actions):
    """Of actions whose rows take turns, each row has its own probabilities, and the first two are independent."""
    for row, expected in enumerate(p):
        counts = np.bincount(actions[row :: len(p)], minlength=len(expected))
        assert stats.chisquare(counts, expected * counts.sum()).pvalue > FALSE_ALARM
    pairs = stats.contingency.crosstab(actions[0 :: len(p)], actions[1 :: len(p)]).count
    assert stats.chi2_contingency(pairs).pvalue > FALSE_ALARM
