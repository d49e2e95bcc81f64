"""``python -m boltzmann_rl.cli``."""

import sys

from boltzmann_rl.cli import main

if __name__ == "__main__":
    sys.exit(main())
