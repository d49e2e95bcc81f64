"""What the package costs before it does anything: its import beside NumPy's, and the help of the command line.

Whole processes, in turn, medians. Run: ``python benchmarks/startup.py``.
"""

import statistics
import subprocess
import sys
import time

ROUNDS = 11


def seconds(*arguments: str) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def main() -> None:
    commands = {
        "python": ("-c", ""),
        "import numpy": ("-c", "import numpy"),
        "import boltzmann_rl": ("-c", "import boltzmann_rl"),
        "boltzmann-rl --help": ("-m", "boltzmann_rl.cli", "--help"),
    }
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(ROUNDS):
        for name, arguments in commands.items():
            times[name].append(seconds(*arguments))
    medians = {name: statistics.median(samples) for name, samples in times.items()}
    bare = medians["python"]
    for name, median in medians.items():
        print(f"{name:<22} {median * 1e3:5.0f} ms, {(median - bare) * 1e3:5.0f} ms more than bare Python")
    ratio = (medians["import boltzmann_rl"] - bare) / (medians["import numpy"] - bare)
    print(f"import boltzmann_rl costs {ratio:.2f} times import numpy")


if __name__ == "__main__":
    main()
