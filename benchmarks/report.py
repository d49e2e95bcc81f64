"""How soon the report of the ten-armed testbed is ready in Chromium, beside its limit.

Ready means: all charts are drawn, from the beginning of the navigation to the file. Needs Playwright and Chromium:

    python benchmarks/report.py
"""

import dataclasses
import statistics
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from browsing import chromium  # noqa: E402  (of the tests)

from boltzmann_rl.cli.sources import experiments_in  # noqa: E402
from boltzmann_rl.results.report import page_of_results  # noqa: E402

# Milliseconds, and kilobytes.
LIMIT, LARGEST = 1000.0, 500.0
TIMES = 7

# The page's script runs before DOMContentLoaded; the next frame has its charts on the screen.
READY = """() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => {
  const drawn = [...document.querySelectorAll("figure svg")].every((chart) => chart.querySelector(".line"));
  resolve(drawn ? performance.now() : NaN);
})))"""


def main() -> None:
    """Print the times and the size."""
    [testbed] = experiments_in(ROOT / "experiments" / "ten_armed_testbed.py")
    page = page_of_results([dataclasses.replace(testbed, runs=200).run(progress=False)])
    times = []
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        file = Path(folder) / "report.html"
        file.write_text(page, "utf-8")
        for _ in range(TIMES):
            window = browser.new_context(viewport={"width": 1280, "height": 900})
            tab = window.new_page()
            tab.goto(file.as_uri())
            times.append(tab.evaluate(READY))
            window.close()
    print(f"size   {len(page.encode()) / 1000:6.0f} kB   limit {LARGEST:.0f} kB")
    print(f"ready  {statistics.median(times):6.0f} ms   limit {LIMIT:.0f} ms   (median of {TIMES}; all: ", end="")
    print(", ".join(f"{time:.0f}" for time in times), end=")\n")


if __name__ == "__main__":
    main()
