"""Work on a local cluster of ray, which is really started and killed, gives the results of plain calls."""

import sys

import pytest
from clusters import WORK, left_after, start

pytest.importorskip("ray")

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are found in /proc")
SECONDS = 5.0  # in which ray stops


def test_a_local_cluster_works_and_ends_with_its_parent(tmp_path):
    script = f"""
def terminated(signal, frame):
    print("handler True")

signal.signal(signal.SIGTERM, terminated)
executor = executor_of("ray", 2)
os.kill(os.getpid(), signal.SIGTERM)
{WORK}
futures = [executor.submit(hold, 100) for _ in range(2)]
time.sleep(0.5)
print("end", True, flush=True)
"""
    process, mark = start(script, tmp_path)
    out, error = process.communicate(timeout=60)
    found = [line for line in out.splitlines() if line.endswith(("True", "False"))]  # not ray's own of dead workers
    expected = ("handler", "results", "raised", "died", "timeout", "imports", "end")
    assert found == [f"{name} True" for name in expected], error
    assert process.returncode == 0
    assert left_after(mark, SECONDS) == {}
    assert not list((tmp_path / "temporary").iterdir())


def test_an_executor_that_is_stopped_ends_its_workers_while_they_hold_the_lock(tmp_path):
    script = """
executor = executor_of("ray", 2)
futures = [executor.submit(hold, 100) for _ in range(3)]
time.sleep(1)
started = time.monotonic()
executor.stop()
print(time.monotonic() - started, flush=True)
time.sleep(100)
"""
    process, mark = start(script, tmp_path)
    assert float(process.stdout.readline()) < SECONDS
    found = left_after(mark, SECONDS)
    assert set(found) == {process.pid}
    process.communicate()
