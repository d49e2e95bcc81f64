"""Features of the installed version of Gymnasium."""

import gymnasium
import pytest

# The newest Taxi: v4 came with Gymnasium 1.3.
TAXI = max(name for name in gymnasium.registry if name.startswith("Taxi-v"))

_VERSION = tuple(int(part) for part in gymnasium.__version__.split(".")[:2])

# Before 1.4 a SyncVectorEnv could not be pickled, and statistics of episodes were wrong in SAME_STEP.
vectors_are_sound = pytest.mark.skipif(_VERSION < (1, 4), reason="vectors of environments were fixed in Gymnasium 1.4")
