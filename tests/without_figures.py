"""The command line without figures, which take most of the time of a short run, for tests that start processes."""

import sys

if __name__ == "__main__":  # not in the workers, which import this file as well
    from boltzmann_rl.cli import main
    from boltzmann_rl.results import folders

    def draw(folder, name, figure):
        """An empty file in place of the figure."""
        (folder / "figures").mkdir(exist_ok=True)
        return {f"figures/{name}.png": b""}

    folders.draw = draw
    sys.exit(main())
