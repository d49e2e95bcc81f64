"""A learner that records what it learns from, and means over windows by a plain loop."""

import math
from dataclasses import dataclass, field

from boltzmann_rl.protocols import memory_of


@dataclass(frozen=True)
class Recorded:
    """A learner that records the actions and rewards of each step."""

    learner: object
    history: list = field(default_factory=list)

    def start(self, shape, rng):
        return self.learner.start(shape, rng)

    def values(self, state):
        return self.learner.values(state)

    def memory(self, state):
        return memory_of(self.learner, state)

    def update(self, state, action, reward, probabilities, rng):
        self.history.append((action.copy(), reward.copy()))
        return self.learner.update(state, action, reward, probabilities, rng)


def windows_of(run, windows):
    """The means over windows of the samples of one run, where window w begins at step w·length // windows."""
    bounds = [window * len(run) // windows for window in range(windows + 1)]
    parts = [run[bounds[window] : bounds[window + 1]] for window in range(windows)]
    return [math.fsum(part) / len(part) for part in parts]
