"""Steps a second of the playground's agents, measured in Node.js: ``python benchmarks/playground.py``."""

import json
import shutil
import subprocess
import sys
from importlib.resources import files

SCRIPT = """
import {{ defaultExperiment }} from "{web}/declaration.js";
import {{ Runs }} from "{web}/simulation.js";
const {{ problem, agents }} = defaultExperiment();
const speeds = Object.entries(agents).map(([label, agent]) => {{
  const runs = new Runs(problem, agent, 1000, 0);
  runs.extend(50); // the machine code of the engine
  const start = performance.now();
  runs.extend(1000);
  return [label, 1e6 / ((performance.now() - start) / 1000)];
}});
console.log(JSON.stringify(speeds));
"""


def main():
    node = shutil.which("node")
    if node is None:
        sys.exit("Node.js is not installed")
    script = SCRIPT.format(web=(files("boltzmann_rl.reports") / "web").as_uri())
    ran = subprocess.run([node, "--input-type=module", "-e", script], capture_output=True, text=True, check=True)
    print("| agent | million steps a second |\n|---|---|")
    for label, speed in json.loads(ran.stdout):
        print(f"| {label} | {speed / 1e6:.1f} |")


if __name__ == "__main__":
    main()
