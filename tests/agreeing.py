"""Both engines for bandits, compared on the same work."""

import re

import numpy as np
from recording import Recorded

from boltzmann_rl import Agent
from boltzmann_rl.engines.reference import bandits as reference


def named(part):
    """Its repr without addresses, which differ between processes."""
    return re.sub(r" at 0x[0-9a-f]+", "", repr(part))


def assert_engines_agree(bandit, agent, *, changed=None, tolerance=1e-12, of_temperatures=1e-12, **work):
    """Simulate the same work with both engines and compare every action, curve and total.

    The compiled engine simulates ``changed`` instead, to show that a difference is detected.
    """
    from boltzmann_rl.engines.compiled import bandits as compiled  # needs Numba

    work = {"block": 0, "runs": 30, "steps": 70, "seed": 0} | work
    recorded = Recorded(agent.learner)
    expected = reference.simulate(bandit, Agent(recorded, agent.policy), **work)
    changed = changed or agent
    assert not compiled.reason(bandit, changed)
    actions = np.empty((work["steps"], work["runs"]), dtype=np.int64)
    found = compiled.simulate(bandit, changed, actions=actions, **work)

    np.testing.assert_array_equal(actions, np.array([action for action, _ in recorded.history]))
    assert found.curves.keys() == expected.curves.keys()
    for metric, curve in expected.curves.items():
        assert found.curves[metric].samples == curve.samples
        if metric == "temperature":
            assert_temperatures_agree(found.curves[metric], curve, of_temperatures)
            continue
        np.testing.assert_allclose(found.curves[metric].mean, curve.mean, tolerance, tolerance, err_msg=metric)
        variances = (found.curves[metric].squares / work["runs"], curve.squares / work["runs"])
        size = 1.0 + np.abs(curve.mean).max()  # deviations are rounded as the samples are
        np.testing.assert_allclose(*variances, rtol=10 * tolerance, atol=tolerance * size, err_msg=metric)
    assert found.totals.keys() == expected.totals.keys()
    for metric, total in expected.totals.items():
        np.testing.assert_allclose(found.totals[metric], total, tolerance, tolerance, err_msg=metric)
    assert found.windows.keys() == expected.windows.keys()
    for metric, means in expected.windows.items():
        np.testing.assert_allclose(found.windows[metric], means, tolerance, tolerance, err_msg=metric)
    np.testing.assert_allclose(found.ranks, expected.ranks, tolerance, tolerance)


def assert_temperatures_agree(found, expected, tolerance):
    """Relative to their means; infinite where one run's is."""
    np.testing.assert_allclose(found.mean, expected.mean, tolerance, 0.0, err_msg="temperature")
    finite = np.isfinite(expected.mean)
    np.testing.assert_array_equal(found.squares[~finite], expected.squares[~finite])
    deviations = [np.sqrt(x.squares[finite] / x.samples) for x in (found, expected)]
    distance = np.abs(deviations[0] - deviations[1])
    assert (distance <= tolerance * (deviations[1] + expected.mean[finite])).all()
