"""A learner that records what it learns from."""

from dataclasses import dataclass, field


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
        return self.learner.memory(state)

    def update(self, state, action, reward, probabilities, rng):
        self.history.append((action.copy(), reward.copy()))
        return self.learner.update(state, action, reward, probabilities, rng)
