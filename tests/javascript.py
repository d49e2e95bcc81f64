"""Runs the JavaScript of our pages in Node.js, unchanged."""

import json
import shutil
import subprocess
from importlib.resources import files

import pytest

WEB = files("boltzmann_rl.reports") / "web"
NODE = shutil.which("node")

needs_node = pytest.mark.skipif(NODE is None, reason="Node.js is not installed")


def evaluated(code, data=None, timeout=120):
    """What JavaScript answers: imports from our modules, ``;;``, and the body of a function of ``data``."""
    imports, _, body = code.rpartition(";;")
    there = WEB.joinpath("x").as_uri()[:-1]
    script = (
        imports.replace('from "./', f'from "{there}')
        + "\nconst data = JSON.parse((await import('node:fs')).readFileSync(0, 'utf-8'), "
        "(_, value) => value === 'Infinity' ? Infinity : value === '-Infinity' ? -Infinity : value);\n"
        f"const answer = await (async () => {{ {body} }})();\n"
        "process.stdout.write(JSON.stringify(answer, (_, value) => "
        "ArrayBuffer.isView(value) ? Array.from(value) : value));"
    )
    command = [NODE, "--input-type=module", "-e", script]
    ran = subprocess.run(command, input=json.dumps(data), capture_output=True, encoding="utf-8", timeout=timeout)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)
