"""Three pieces of work from beginning to end, each a script of its own, beside what one would write or use instead.

The scripts are in ``benchmarks/scripts``. Their times are those of whole processes: imports, computation, figure. The
testbed and the study leave out compiling, which happens once. Run: ``python benchmarks/people.py``.
"""

import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from rounds import Table, show, take_turns
from startup import process

SCRIPTS, ROUNDS = Path(__file__).with_name("scripts"), 3


def tables() -> Iterator[Table]:
    """A notebook's testbed, a study on a lake, a DQN."""
    with tempfile.TemporaryDirectory() as folder:
        figure = str(Path(folder) / "figure.png")
        ways = {
            "NumPy by hand, all runs at once": process(str(SCRIPTS / "testbed_numpy.py"), figure),
            "this package": process(str(SCRIPTS / "testbed.py"), figure),
        }
        yield _table("The testbed in a notebook: 4 agents, 2,000 runs of 1,000 steps, figure", ways)
        ways = {
            "a loop by hand": process(str(SCRIPTS / "lake_by_hand.py"), figure, "30"),
            "this package": process(str(SCRIPTS / "lake.py"), figure),
        }
        yield _table("FrozenLake 8×8: 12 explorations, 30 seeds of 300 episodes, figure", ways)
    if find_spec("torch") is not None:
        ways = {
            "ε-greedy by hand": process(str(SCRIPTS / "dqn.py"), "by_hand"),
            "Explorer": process(str(SCRIPTS / "dqn.py"), "explorer"),
        }
        if find_spec("stable_baselines3") is not None:
            ways["Stable-Baselines3, ε-greedy"] = process(str(SCRIPTS / "dqn.py"), "sb3")
        yield _table("A DQN on CartPole: 10,000 transitions", ways)


def _table(title: str, ways: dict) -> Table:
    return Table(title, next(iter(ways)), take_turns(ways, ROUNDS), drawn=tuple(ways))


if __name__ == "__main__":
    show(tables())
