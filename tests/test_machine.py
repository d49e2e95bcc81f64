"""Compiled decisions: the same actions from the same generator, the same errors, and no waiting for the compiler.

``test_policies.py`` compares the plain paths with exact fractions and χ² tests. Here the compiled decisions are
compared with the plain paths, and their batches with the published mixtures in long double.
"""

import os
import subprocess
import sys
import threading
import time
from _thread import start_new_thread

import numpy as np
import pytest
from cases import in_one_test
from hypothesis import given, settings, strategies as st
from scipy import stats

from boltzmann_rl import Boltzmann, EpsilonBoltzmann, EpsilonGreedy, Greedy, MaxBoltzmann, RelativeToRange, Uniform, act
from boltzmann_rl.decisions import machine
from boltzmann_rl.numerics.plain_temperatures import PLAIN
from boltzmann_rl.schedules import Exponential, Linear

FALSE_ALARM = 1e-6
ROWS = machine.MANY_ROWS
POLICIES = (
    Boltzmann(0.3),
    Boltzmann(1e-3),
    Boltzmann(Exponential(1.0, 0.1, steps=10)),
    EpsilonGreedy(0.2),
    EpsilonGreedy(Linear(1.0, 0.0, steps=10)),
    Greedy(),
    Uniform(),
    MaxBoltzmann(0.4, temperature=0.5),
    EpsilonBoltzmann(0.1, temperature=Linear(2.0, 0.5, steps=10)),
)


@pytest.fixture(scope="module", autouse=True)
def _prepared():
    machine.prepare()
    assert machine.ready is not None


def outcome(values, policy, *, compiled, step=3, available=None, seed=0):
    """What `act` returns or raises, with and without compiled decisions, and the next uniform of the generator."""
    rng, ready = np.random.default_rng(seed), machine.ready
    try:
        machine.ready = ready if compiled else None
        answer = act(policy, values, rng, step=step, available=available, learned=True)
    except (TypeError, ValueError) as error:
        return type(error), str(error), rng.random()
    finally:
        machine.ready = ready
    return answer if isinstance(answer, int) else answer.tolist(), type(answer), rng.random()


numbers = st.floats(-1e3, 1e3) | st.sampled_from([-np.inf, np.inf, np.nan, 0.0, -0.0, 1.7e308, -1.7e308, 5e-324])


temperatures = st.sampled_from([0.0, 5e-324, 1e-9, 0.1, 1.0, 1e6, 1e305, 1e308, np.inf])
masks = st.sampled_from([bool, np.int8, np.int64, np.float64])


@given(st.lists(numbers, max_size=20), temperatures, st.integers(0, 2**32))
def test_one_decision_gives_the_same_action_or_the_same_error(values, temperature, seed):
    values, policy = np.array(values), Boltzmann(temperature)
    by_machine = outcome(values, policy, compiled=True, seed=seed)
    assert by_machine == outcome(values, policy, compiled=False, seed=seed)


@given(
    st.lists(st.tuples(numbers, st.sampled_from([0, 1, 1, 1, 2])), min_size=1, max_size=20), masks, st.integers(0, 1)
)
def test_one_decision_under_a_mask_gives_the_same_action_or_the_same_error(pairs, kind, surplus):
    values, available = (
        np.array([x for x, _ in pairs]),
        np.array([open_ for _, open_ in pairs] + [1] * surplus).astype(kind),
    )
    by_machine = outcome(values, POLICIES[0], compiled=True, available=available)
    assert by_machine == outcome(values, POLICIES[0], compiled=False, available=available)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 6).flatmap(lambda n: st.lists(st.lists(numbers, min_size=n, max_size=n), min_size=1, max_size=3)),
    temperatures,
    st.floats(0.0, 1.0),
)
def test_rows_of_any_numbers_give_the_same_actions_or_the_same_error(strange, temperature, epsilon):
    values = np.zeros((ROWS, len(strange[0])))
    values[7 : 7 + len(strange)] = strange
    for policy in (Boltzmann(temperature), EpsilonBoltzmann(epsilon, temperature), EpsilonGreedy(epsilon)):
        assert outcome(values, policy, compiled=True) == outcome(values, policy, compiled=False)


@in_one_test("seed", range(5))
def test_a_thousand_consecutive_decisions_give_the_same_actions(seed):
    values = np.random.default_rng(seed).normal(size=(1000, 7))
    policy = Boltzmann(Exponential(1.0, 0.05, steps=300))
    ready = machine.ready
    taken = []
    for compiled in (True, False):
        machine.ready, rng = ready if compiled else None, np.random.default_rng(seed)
        taken.append([act(policy, row, rng, step=step) for step, row in enumerate(values)])
    machine.ready = ready
    assert taken[0] == taken[1]


@in_one_test("kind", [np.float64, np.float32])
@in_one_test("actions", [1, 2, 18, 130])
@in_one_test("policy", POLICIES, ids=repr)
def test_many_rows_give_the_same_actions(policy, actions, kind):
    rng = np.random.default_rng(actions)
    values = rng.normal(size=(ROWS + 37, actions)).astype(kind)
    values[::5] = np.round(values[::5])  # ties
    values[3::7, : actions // 2] = -np.inf
    assert outcome(values, policy, compiled=True) == outcome(values, policy, compiled=False)


@in_one_test("place", [0, 129, ROWS])
@in_one_test("fault", [np.nan, np.inf, "nothing available"])
@in_one_test("policy", POLICIES, ids=repr)
def test_a_fault_among_many_rows_raises_the_same_error(policy, fault, place):
    values = np.random.default_rng(0).normal(size=(ROWS + 1, 5))
    if fault == "nothing available":
        values[place] = -np.inf
    else:
        values[place, 3] = fault
    by_machine = outcome(values, policy, compiled=True)
    assert by_machine == outcome(values, policy, compiled=False)
    assert by_machine[0] is ValueError


def test_a_policy_that_is_not_compiled_decides_itself():
    values = np.random.default_rng(0).normal(size=(ROWS, 4))
    steps = np.arange(ROWS)

    class Own(Boltzmann):
        def __call__(self, values, step):
            return np.eye(values.shape[-1])[np.zeros(values.shape[:-1], dtype=int)]

    for policy in (Boltzmann(RelativeToRange(0.2)), Own(0.3), Boltzmann(0.0), Boltzmann(np.inf)):
        assert outcome(values, policy, compiled=True) == outcome(values, policy, compiled=False)
    cooled = Boltzmann(Exponential(1.0, 0.1, steps=1000))
    assert outcome(values, cooled, compiled=True, step=steps) == outcome(values, cooled, compiled=False, step=steps)
    assert set(outcome(values, Own(0.3), compiled=True)[0]) == {0}
    assert outcome(values[:, ::2], POLICIES[0], compiled=True) == outcome(values[:, ::2], POLICIES[0], compiled=False)
    assert outcome(values[0, ::2], POLICIES[0], compiled=True) == outcome(values[0, ::2], POLICIES[0], compiled=False)


def law(kind, values, temperature, epsilon):
    """The mixtures as they are published, in the long double of NumPy."""
    best = values.max(axis=1, keepdims=True)
    weights = np.exp((values - best) / np.longdouble(temperature))
    free, ties = np.isfinite(values), values == best
    soft, uniform, greedy = (
        part / part.sum(axis=1, keepdims=True, dtype=np.longdouble) for part in (weights, free, ties)
    )
    return {
        Boltzmann: soft,
        EpsilonGreedy: epsilon * uniform + (1 - epsilon) * greedy,
        EpsilonBoltzmann: epsilon * uniform + (1 - epsilon) * soft,
        MaxBoltzmann: epsilon * soft + (1 - epsilon) * greedy,
    }[kind]


MIXTURES = {
    Boltzmann: Boltzmann(0.2),
    EpsilonGreedy: EpsilonGreedy(0.3),
    EpsilonBoltzmann: EpsilonBoltzmann(0.3, 0.2),
    MaxBoltzmann: MaxBoltzmann(0.3, 0.2),
}
every_mixture = pytest.mark.parametrize("kind", MIXTURES, ids=lambda kind: kind.__name__)


@every_mixture
@pytest.mark.parametrize("actions", [2, 18])
def test_the_action_of_a_row_is_the_inverse_cdf_of_its_uniform(kind, actions):
    values = np.random.default_rng(1).normal(size=(50_000, actions))
    values[::3] = np.round(values[::3])
    values[::4, 0] = -np.inf
    taken = act(MIXTURES[kind], values, np.random.default_rng(2))
    u, rows = np.random.default_rng(2).random(len(values)), np.arange(len(values))
    p = law(kind, values.astype(np.longdouble), 0.2, np.longdouble(0.3))
    upper = p.cumsum(axis=1)[rows, taken]
    assert (upper + 1e-12 >= u).all()
    assert (upper - p[rows, taken] - 1e-12 <= u).all()
    assert (p[rows, taken] > 0.0).all()


@in_one_test("actions", [1, 3, 6, 10, 18])
def test_the_largest_uniform_picks_the_last_possible_action(actions):
    values, u = np.append(np.log(np.arange(1.0, actions + 1)), -np.inf), 1.0 - 2.0**-53
    soft, decide_rows = (0.0, 1.0, 0.0, 1.0, PLAIN), machine.ready.decide_rows
    assert machine.decide(values, None, u, True, soft)[0] == actions - 1
    for shares in ((0.0, 1.0, 0.0), (0.3, 0.7, 0.0)):
        assert decide_rows(values[np.newaxis], 1.0, *shares, lambda size: np.full(size, u)).tolist() == [actions - 1]
    assert machine.decide(values[::-1], None, 0.0, True, soft)[0] == 1


@every_mixture
def test_the_actions_of_many_rows_have_their_distribution(kind):
    values = np.array([[0.3, -0.2, 0.9, 0.0, -np.inf, 0.9]])
    taken = act(MIXTURES[kind], np.tile(values, (200_000, 1)), np.random.default_rng(0))
    expected = law(kind, values, 0.2, 0.3)[0].astype(float) * len(taken)
    counts = np.bincount(taken, minlength=6)
    possible = expected > 0.0
    assert not counts[~possible].any()
    assert stats.chisquare(counts[possible], expected[possible]).pvalue > FALSE_ALARM


def run(code, **environment):
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True, env=environment or None
    ).stdout.split()


def test_decisions_never_compile_and_never_start_a_thread():
    code = """if True:
        import sys, threading, numpy as np
        import boltzmann_rl as brl
        policy, values, rng = brl.Boltzmann(0.5), np.array([0.0, 1.0]), np.random.default_rng(0)
        many = []
        started = threading.Thread.start
        threading.Thread.start = lambda thread: many.append(thread) or started(thread)
        for _ in range(310_000):
            brl.act(policy, values, rng)
        for _ in range(10):
            brl.act(policy, np.zeros((700_000, 2)), rng)
        print("numba" in sys.modules, threading.active_count(), len(many))
        brl.prepare()
        print("numba" in sys.modules, brl.act(policy, values, rng) in (0, 1), len(many))
    """
    assert run(code) == ["False", "1", "0", "True", "True", "0"]


def test_threads_that_prepare_at_the_same_time_compile_once(monkeypatch):
    decision, calls, begin = machine.ready, [], threading.Barrier(4)

    def compile_slowly():
        calls.append(threading.current_thread())
        time.sleep(0.1)

    def call():
        begin.wait()
        machine.prepare()

    monkeypatch.setattr(machine, "ready", None)
    monkeypatch.setattr(decision, "prepare", compile_slowly)
    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(calls) == 1
    assert machine.ready is decision


FORKS = """if True:
    import multiprocessing, threading, time
    import numpy as np
    import boltzmann_rl as brl

    def child(task):
        if task == "act":
            brl.act(brl.Boltzmann(0.5), np.array([0.0, 1.0]), np.random.default_rng(1))
        elif task == "numba":
            import numba
            numba.njit(lambda x: x + 1)(1)
        elif task == "prepare":
            brl.prepare()
        else:
            agents = {"a": brl.Agent(brl.SampleAverage(), brl.Boltzmann(0.2))}
            experiment = brl.BanditExperiment("x", brl.GaussianBandit(), agents, runs=2000, steps=2)
            experiment.run(jobs=2, progress=False)

    context = multiprocessing.get_context("fork")
    threading.Thread(target=brl.prepare).start()
    children = []
    for wait, tasks in ((0.0, "act numba prepare"), (0.05, "act numba"), (0.2, "numba prepare jobs")):
        time.sleep(wait)
        for task in tasks.split():
            children.append(context.Process(target=child, args=(task,)))
            children[-1].start()
    late = time.monotonic() + 60
    for process in children:
        process.join(max(0.1, late - time.monotonic()))
    print(*{process.exitcode for process in children})
    for process in children:
        process.kill()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks here")
def test_processes_forked_while_a_thread_prepares_do_not_hang(tmp_path):
    """Also without a cache, so that the compiler runs for seconds."""
    finished = subprocess.run(
        [sys.executable, "-c", FORKS],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
        env={**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)},
    )
    assert finished.stdout.split() == ["0"], finished.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks here")
def test_a_fork_waits_for_the_compiler_and_not_with_the_lock_of_the_log():
    code = """if True:
        import logging, os, threading, time
        from boltzmann_rl.kernels.forks import no_fork
        at_work = threading.Event()

        def compile_and_log():
            with no_fork():
                at_work.set()
                time.sleep(0.5)
                logging.getLogger("compiler").addHandler(logging.NullHandler())  # takes the lock of the log
                done.append(time.monotonic())

        done = []
        threading.Thread(target=compile_and_log, daemon=True).start()
        at_work.wait()
        child = os.fork()
        if child == 0:
            with no_fork():
                os._exit(7 if done else 1)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        with no_fork():
            print("free")
    """
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert finished.stdout.split() == ["7", "free"]


def test_a_refused_batch_draws_nothing_from_a_generator_shared_by_threads():
    """Nor does it rewind uniforms that another thread drew meanwhile: each uniform is used once."""
    rng, stop, drawn = np.random.default_rng(0), threading.Event(), []
    values = np.zeros((ROWS * 4, 3))
    values[-1, 1] = np.nan

    def draw():
        while not stop.is_set():
            drawn.append(rng.random(100))
            time.sleep(0)

    thread = threading.Thread(target=draw)
    thread.start()
    for _ in range(20):
        with pytest.raises(ValueError, match="is nan"):
            act(Boltzmann(1.0), values, rng)
    stop.set()
    thread.join()
    uniforms = np.concatenate(drawn)
    assert np.array_equal(uniforms, np.random.default_rng(0).random(len(uniforms)))


def test_a_forked_process_decides_like_its_parent():
    code = """if True:
        import multiprocessing, numpy as np
        from boltzmann_rl import Boltzmann, act
        from boltzmann_rl.decisions import machine
        def decide(seed):
            rng = np.random.default_rng(seed)
            return act(Boltzmann(0.5), rng.normal(size=(40_000, 5)), rng).sum()
        machine.prepare()
        decide(0)
        with multiprocessing.get_context("fork").Pool(1) as pool:
            print(pool.apply(decide, (1,)) == decide(1))
    """
    assert run(code) == ["True"]


def test_without_compilation_nothing_is_prepared():
    code = "from boltzmann_rl.decisions import machine; machine.prepare(); print(machine.ready)"
    assert run(code, NUMBA_DISABLE_JIT="1") == ["None"]


def test_rows_without_actions_are_refused_and_no_rows_give_no_actions():
    with pytest.raises(ValueError, match="holds no action"):
        act(Boltzmann(1.0), np.zeros((5000, 0)), np.random.default_rng(0))
    assert machine.ready.decide_rows(np.zeros((0, 3)), 1.0, 0.0, 1.0, 0.0, np.zeros).shape == (0,)


@in_one_test("rows", [1, 7, 8, 9, 4096, 4097, 4103, 4104, 50_000])
def test_each_row_has_its_uniform_whichever_thread_decides_it(rows):
    """The cumulative probabilities are tenths, so the action is the first digit of the uniform."""
    draw, threads = np.random.default_rng(5).random, min(4, rows // 5000)
    found = machine.ready.decide_rows(np.zeros((rows, 10)), 1.0, 0.0, 1.0, 0.0, draw, threads=threads)
    assert found.tolist() == np.floor(10.0 * np.random.default_rng(5).random(rows)).tolist()


@in_one_test("row", [0, 6, 4096, 4099])
@in_one_test("wrong", [np.nan, np.inf])
def test_an_invalid_row_leaves_the_batch_to_the_array_path(row, wrong):
    for rows in (row + 1, 4100, 9000):
        values = np.zeros((max(rows, row + 1), 3))
        values[row, 1] = wrong
        assert machine.ready.decide_rows(values, 1.0, 0.0, 1.0, 0.0, np.random.default_rng(5).random) is None


def test_an_error_in_another_thread_is_raised(monkeypatch):
    decide = machine.ready._decide_rows

    def fail(*given):
        if threading.current_thread() is not threading.main_thread():
            raise MemoryError("of a thread")
        time.sleep(0.01)  # so that the other threads get some of the rows
        return decide(*given)

    monkeypatch.setattr(machine.ready, "_decide_rows", fail)
    with pytest.raises(MemoryError, match="of a thread"):
        machine.ready.decide_rows(np.zeros((80_000, 3)), 1.0, 0.0, 1.0, 0.0, np.zeros, threads=4)


def test_without_further_threads_one_decides_all_rows(monkeypatch):
    values, started = np.random.default_rng(0).normal(size=(80_000, 3)), []

    def start(*given):
        if started:
            raise RuntimeError("can't start new thread")
        started.append(start_new_thread(*given))

    monkeypatch.setattr(machine.ready, "start_new_thread", start)
    one, other = (
        machine.ready.decide_rows(values, 1.0, 0.0, 1.0, 0.0, np.random.default_rng(5).random, threads=4)
        for _ in range(2)
    )
    assert started
    assert (one == other).all()


def test_ctrl_c_works_while_another_thread_decides():
    code = """if True:
        import signal, time
        import numpy as np
        from boltzmann_rl.decisions import machine
        machine.prepare()
        decision, rng = machine.ready, np.random.default_rng(0)
        started = decision.start_new_thread

        def start(*given):
            started(*given)
            time.sleep(0.1)

        def draw(size):
            time.sleep(0.3)
            return rng.random(size)

        def stop(*given):
            raise KeyboardInterrupt

        decision.start_new_thread = start
        signal.signal(signal.SIGALRM, stop)
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        try:
            decision.decide_rows(np.zeros((400_000, 3)), 1.0, 0.0, 1.0, 0.0, draw, threads=2)
        except KeyboardInterrupt:
            time.sleep(0.7)  # the piece in hand
            before = rng.bit_generator.state
            time.sleep(0.7)
            print("heard", before == rng.bit_generator.state)
    """
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert finished.stdout.split() == ["heard", "True"], finished.stderr
