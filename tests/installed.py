"""What the Gymnasium that is installed has, and what it lacks."""

import gymnasium
import pytest

# The newest Taxi: v4 came with Gymnasium 1.3.
TAXI = max(name for name in gymnasium.registry if name.startswith("Taxi-v"))

_VERSION = tuple(int(part) for part in gymnasium.__version__.split(".")[:2])

# Before 1.4 a SyncVectorEnv held a generator, which no pickle can, and statistics of episodes were wrong in SAME_STEP.
vectors_are_sound = pytest.mark.skipif(_VERSION < (1, 4), reason="vectors of environments were mended in Gymnasium 1.4")
