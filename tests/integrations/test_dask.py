"""Work on clusters of dask, which are really started and killed, gives the results of plain calls."""
# ruff: noqa: E402 - what follows the skip needs the library

import os
import signal
import sys

import pytest
from clusters import WORK, left_after, start

distributed = pytest.importorskip("distributed")

from boltzmann_rl.runs.executors.choice import executor_of

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are found in /proc")
SECONDS = float(os.environ.get("EXECUTORS_SECONDS", "5"))  # 1 on a machine with free cores


def test_a_local_cluster_works_and_stops_at_once(tmp_path):
    script = f"""
executor = executor_of("dask", 2)
{WORK}
futures = [executor.submit(hold, 100) for _ in range(2)]
time.sleep(0.5)
started = time.monotonic()
executor.stop()
print("stopped", time.monotonic() - started < {SECONDS})
"""
    process, mark = start(script, tmp_path)
    out, error = process.communicate(timeout=60)
    assert error == ""
    expected = ("results", "raised", "died", "timeout", "imports", "stopped")
    assert out.splitlines() == [f"{name} True" for name in expected]
    assert process.returncode == 0
    assert left_after(mark, SECONDS) == {}
    assert not list((tmp_path / "temporary").iterdir())


@pytest.mark.parametrize("end", ["kill", "terminate", "end"])
def test_workers_end_with_their_parent_while_they_hold_the_lock(tmp_path, end):
    script = f"""
executor = executor_of("dask", 2)
futures = [executor.submit(hold, 100) for _ in range(3)]
time.sleep(1)
print("ready", flush=True)
{"pass" if end == "end" else "executor.wait(futures)"}
"""
    process, mark = start(script, tmp_path, "-W", "error")
    assert process.stdout.readline() == "ready\n"
    if end != "end":
        os.kill(process.pid, {"kill": signal.SIGKILL, "terminate": signal.SIGTERM}[end])
    process.wait(SECONDS)
    assert left_after(mark, SECONDS) == {}
    _, error = process.communicate()
    if end == "end":
        assert error == ""
        assert process.returncode == 0


def test_a_scheduler_and_a_client_of_others_are_used_and_left():
    with (
        distributed.LocalCluster(1, processes=False, protocol="tcp", dashboard_address=":0") as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):
        for where in (client, cluster.scheduler_address, cluster.scheduler_address.replace("tcp", "dask")):
            executor = executor_of(where)
            assert executor.result(executor.submit(pow, 2, 3)) == 8
            executor.stop()
        assert client.submit(pow, 2, 4).result() == 16
