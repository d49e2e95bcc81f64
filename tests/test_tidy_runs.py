"""Tables of runs made elsewhere: read in two forms, put on a common grid by a stated rule, refused where unclear."""

import numpy as np
import pandas as pd
import pytest
from cases import in_one_test
from hypothesis import given, settings, strategies as st

from boltzmann_rl.results.grids import courses, paired
from boltzmann_rl.results.tidy import Tidy, tidy


def table(agents=("a", "b"), seeds=(0, 1, 2), steps=(10, 20, 30), **more):
    """A wide table; the return is a number that identifies agent, seed and step."""
    rows = [
        {"agent": agent, "seed": seed, "step": step, "return": 100.0 * number + 10.0 * seed + step, **more}
        for number, agent in enumerate(agents)
        for seed in seeds
        for step in steps
    ]
    return pd.DataFrame(rows)


def read(given, columns=None, metrics=None):
    return tidy(given, columns, metrics)


def test_a_wide_and_a_long_table_say_the_same():
    wide = table(length=3)
    long = wide.melt(["agent", "seed", "step"], var_name="metric", value_name="value")
    one, other = (read(form).rows.sort_values(["metric", "agent", "run", "step"]).to_numpy() for form in (wide, long))
    assert one.tolist() == other.tolist()


def test_lists_of_dicts_files_and_other_names_are_read_alike(tmp_path):
    wide = table()
    expected = read(wide).rows
    wide.to_csv(tmp_path / "runs.csv", index=False)
    theirs = wide.rename(columns={"agent": "algo", "seed": "run_id", "step": "global_step"})
    columns = {"agent": "algo", "seed": "run_id", "step": "global_step"}
    for form in (wide.to_dict("records"), wide.to_dict("list"), tmp_path / "runs.csv", str(tmp_path / "runs.csv")):
        assert read(form).rows.to_numpy().tolist() == expected.to_numpy().tolist()
    assert read(theirs, columns).rows.to_numpy().tolist() == expected.to_numpy().tolist()


def test_a_parquet_file_is_read_as_its_table(tmp_path):
    pytest.importorskip("pyarrow")
    table().to_parquet(tmp_path / "runs.parquet")
    assert read(tmp_path / "runs.parquet").rows.to_numpy().tolist() == read(table()).rows.to_numpy().tolist()


def test_numbers_may_be_objects_floats_or_booleans_if_nothing_is_lost():
    wide = table()
    for change in ({"seed": object}, {"step": float}, {"agent": "category"}, {"return": object}, {"return": "Float64"}):
        assert read(wide.astype(change)).rows["value"].tolist() == wide["return"].tolist()
    assert read(wide.assign(success=True), metrics=["success"]).rows["value"].tolist() == [1.0] * len(wide)


def test_the_axis_may_be_episodes():
    assert read(table().rename(columns={"step": "episode"})).axis == "episode"


def test_other_columns_are_left_out_if_the_metrics_are_named():
    found = read(table(note="x", time=0.5), metrics=["return"])
    assert set(found.rows["metric"]) == {"return"}
    long = table(note="x").assign(metric="return").rename(columns={"return": "value"})
    other = long.assign(metric="text", value="none")
    assert set(read(pd.concat([long, other]), metrics=["return"]).rows["metric"]) == {"return"}


def changed(row, column, value):
    def change(wide):
        wide[column] = wide[column].astype(object)
        wide.loc[row, column] = value
        return wide

    return change


WRONG = {
    "nan": (changed(7, "return", np.nan), ValueError, "finite numbers, got nan in row 7 (agent 'a', seed 2, step 20)"),
    "infinite": (changed(3, "return", np.inf), ValueError, "return must be finite numbers, got inf in row 3 "),
    "none": (changed(3, "return", None), TypeError, "return must be numbers, got None in row 3 "),
    "text": (changed(3, "return", "7"), TypeError, "return must be numbers, got '7' in row 3 "),
    "step as text": (changed(4, "step", "20"), TypeError, "step must be integers, got '20' in row 4 (agent"),
    "half a step": (changed(4, "step", 0.5), ValueError, "step must be integers from 0 to 2**53 − 1, got 0.5 in row 4"),
    "step below 0": (changed(4, "step", -1), ValueError, "step must be integers from 0 to 2**53 − 1, got -1 in row 4"),
    "step missing": (changed(4, "step", np.nan), ValueError, "must be integers from 0 to 2**53 − 1, got nan in row 4"),
    "a huge seed": (changed(4, "seed", 2**60), ValueError, "from 0 to 2**53 − 1, got 1152921504"),
    "seed as text": (changed(5, "seed", "s1"), TypeError, "seed must be integers, got 's1' in row 5"),
    "seed as truth": (changed(5, "seed", True), TypeError, "seed must be integers, got True in row 5"),
    "agent missing": (changed(5, "agent", np.nan), TypeError, "of agents must be readable strings, got nan in row 5"),
    "agent a number": (changed(5, "agent", 3), TypeError, "labels of agents must be readable strings, got 3 in row 5"),
    "agent hidden": (changed(5, "agent", "a\x1b"), ValueError, "without control or invisible characters, got '\\x1b'"),
    "twice": (changed(4, "step", 10), ValueError, "row 4 (agent 'a', seed 1, step 10) has return a second time"),
    "empty": (lambda wide: wide[:0], ValueError, "the table has no rows"),
    "no agent": (lambda wide: wide.rename(columns={"agent": "algo"}), ValueError,
                 "the table has no column agent; columns={'agent': 'algo'} would take it from algo"),
    "no seed": (lambda wide: wide.drop(columns="seed"), ValueError, "the table has no column seed: it needs"),
    "no step": (lambda wide: wide.rename(columns={"step": "global_step"}), ValueError,
                "columns={'step': 'global_step'} would"),
    "two axes": (lambda wide: wide.assign(episode=1), ValueError, "both step and episode"),
    "no metric": (lambda wide: wide.drop(columns="return"), ValueError, "the table has no metric"),
    "a column twice": (lambda wide: wide.set_axis(["agent", "seed", "step", "agent"], axis=1), ValueError,
                       "the table has two columns 'agent'"),
    "a column of text": (lambda wide: wide.assign(note="x"), TypeError,
                         "note must be numbers, got 'x' in row 0 (agent 'a', seed 0, step 10): metrics=[...] names"),
    "a number": (lambda wide: 3, TypeError, "table must be what pd.DataFrame takes, got 3"),
    "another file": (lambda wide: "runs.xlsx", ValueError, "must end in .csv or .parquet, got 'runs.xlsx'"),
}  # fmt: skip


@in_one_test("case", WRONG)
def test_an_error_in_a_table_is_reported_with_its_row_and_value(case):
    change, error, message = WRONG[case]
    with pytest.raises(error) as caught:
        read(change(table()))
    assert message in str(caught.value)


def test_unknown_names_of_columns_and_metrics_are_refused():
    with pytest.raises(ValueError, match=r"columns names 'algorithm'; it gives the table's names of problem, agent"):
        read(table(), {"algorithm": "agent"})
    with pytest.raises(ValueError, match="columns names 'x', but the table has agent, seed, step, return"):
        read(table(), {"agent": "x"})
    with pytest.raises(ValueError, match="the table has no metric 'loss'; it has return"):
        read(table(), metrics=["loss"])
    with pytest.raises(ValueError, match="the table has no metric 'loss'; it has return"):
        read(table().assign(metric="return").rename(columns={"return": "value"}), metrics=["loss"])


def on_a_grid(wide, windows=None):
    found = read(wide)
    return courses(found, windows)


def test_runs_with_the_same_steps_keep_them():
    (course,) = on_a_grid(table().sample(frac=1.0, random_state=0))
    assert course.begin.tolist() == [1, 11, 21], "a point stands for the steps since the one before"
    assert course.end.tolist() == [11, 21, 31]
    assert course.values["return"].shape == (2, 3, 3)
    place = {agent: number for number, agent in enumerate(course.agents)}
    for agent, number in (("a", 0), ("b", 1)):
        expected = 100.0 * number + 10.0 * np.arange(3)[:, np.newaxis] + np.array([10.0, 20.0, 30.0])
        assert np.array_equal(course.values["return"][place[agent]], expected)


def episodes(ends, agent="a", seed=0, returns=None):
    """A run whose episodes end at some steps; by default the return is the step."""
    return pd.DataFrame({"agent": agent, "seed": seed, "step": ends, "return": np.array(returns or ends, float)})


def test_other_runs_become_means_over_equal_windows_of_steps():
    one, other = episodes([2, 5, 9, 19]), episodes([1, 14, 18], seed=1)
    (course,) = on_a_grid(pd.concat([one, other]), windows=2)
    assert course.begin.tolist() == [0, 10]
    assert course.end.tolist() == [10, 20]
    assert course.values["return"].tolist() == [[[16 / 3, 19.0], [1.0, 16.0]]]


def test_a_window_without_an_episode_takes_the_value_before_and_no_later_one():
    ends = [*range(0, 50, 10), *range(60, 200, 10)]
    (course,) = on_a_grid(pd.concat([episodes(ends), episodes([*range(5, 200, 10)], seed=1)]), windows=20)
    assert course.values["return"][0, 0].tolist() == [0, 10, 20, 30, 40, 40, *range(60, 200, 10)]


def test_windows_before_every_run_has_an_episode_are_left_out_for_all():
    late = episodes([*range(25, 200, 10)], seed=1)
    (course,) = on_a_grid(pd.concat([episodes([*range(0, 200, 10)]), late]), windows=20)
    assert course.begin[0] == 19, "steps 0 to 190 in 20 windows: the third begins at 2 · 191 / 20, rounded down"
    assert course.values["return"].shape == (1, 2, 18)
    assert np.isfinite(course.values["return"]).all()


GAPS = {
    "ends early": (range(0, 100, 10), "a, seed 1 has no return from step 95 to 190 of 190: values are filled in"),
    "begins late": (range(100, 200, 10), "a, seed 1 has no return from step 0 to 94 of 190"),
    "pauses": ([*range(0, 100, 10), *range(150, 200, 10)], "a, seed 1 has no return from step 95 to 142 of 190"),
}


@pytest.mark.parametrize("case", GAPS)
def test_a_run_without_values_over_more_than_a_tenth_is_refused(case):
    ends, message = GAPS[case]
    with pytest.raises(ValueError, match=message):
        on_a_grid(pd.concat([episodes([*range(0, 200, 10)]), episodes([*ends], seed=1)]), windows=20)


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_a_mean_over_windows_is_that_of_a_plain_loop(data):
    length, windows = data.draw(st.integers(40, 400)), data.draw(st.integers(1, 12))
    runs = []
    for _ in range(2):
        extra = data.draw(st.sets(st.integers(0, length - 1), min_size=1, max_size=30))
        bounds = [k * length // windows for k in range(windows)]
        ends = sorted({*extra, *bounds, length - 1})  # a value in every window
        values = data.draw(st.lists(st.floats(-1e3, 1e3), min_size=len(ends), max_size=len(ends)))
        runs.append(dict(zip(ends, values, strict=True)))
    frames = [episodes([*run], seed=seed, returns=[*run.values()]) for seed, run in enumerate(runs)]
    (course,) = on_a_grid(pd.concat(frames), windows=windows)
    for seed, run in enumerate(runs):
        for window in range(windows):
            begin, end = window * length // windows, (window + 1) * length // windows
            inside = [value for step, value in run.items() if begin <= step < end]
            assert course.values["return"][0, seed, window] == pytest.approx(np.mean(inside), abs=1e-9)


def test_a_metric_may_be_measured_at_other_steps_in_the_long_form():
    rows = [("a", 0, step, "return", 1.0) for step in range(0, 100, 7)]
    rows += [("a", 0, step, "loss", 2.0) for step in range(0, 100, 5)]
    (course,) = on_a_grid(pd.DataFrame(rows, columns=["agent", "seed", "step", "metric", "value"]), windows=10)
    assert course.values["return"].shape == course.values["loss"].shape == (1, 1, 10)


def test_a_run_without_one_of_the_metrics_is_refused():
    rows = [("a", 0, 1, "return", 1.0), ("a", 0, 1, "loss", 1.0), ("a", 1, 1, "return", 1.0)]
    with pytest.raises(ValueError, match="there is no loss of a, seed 1: every run needs every metric"):
        on_a_grid(pd.DataFrame(rows, columns=["agent", "seed", "step", "metric", "value"]))


def test_each_problem_has_a_grid_of_its_own():
    both = pd.concat([table(problem="short"), table(problem="long", steps=(100, 200))])
    short, long = on_a_grid(both)
    assert (short.problem, long.problem) == ("short", "long")
    assert long.end.tolist() == [101, 201]


def pair(wide, shared_seeds=False):
    return paired(read(wide).rows, shared_seeds)


def test_seeds_that_not_all_agents_have_are_refused_or_left_out_and_named():
    unlike = pd.concat([table(["a"], seeds=range(5)), table(["b"], seeds=range(2, 6))])
    with pytest.raises(
        ValueError, match=r"a on the problem lacks seed 5: give these runs, or compare only the 3 seeds .*shared_"
    ):
        pair(unlike)
    rows, left_out = pair(unlike, shared_seeds=True)
    assert set(rows["run"]) == {2, 3, 4}
    assert left_out == {"a": [0, 1], "b": [5]}
    whole = table()
    assert pair(whole, shared_seeds=True)[1] == {}


def test_agents_without_a_common_seed_are_refused_with_the_remedy():
    with pytest.raises(ValueError, match=r"no seed is shared by all: .* number those of each agent 0, 1, ..."):
        pair(pd.concat([table(["a"], seeds=[1]), table(["b"], seeds=[2])]), shared_seeds=True)


def test_an_agent_that_lacks_a_problem_is_refused():
    with pytest.raises(ValueError, match="b has no rows on two: leave it out, or give its runs there"):
        pair(pd.concat([table(problem="one"), table(["a"], problem="two")]))


def test_a_table_of_a_million_rows_takes_seconds():
    count = 1_000_000
    steps = np.tile(np.arange(count // 20), 20)
    rows = {"agent": np.repeat(["a", "b"], count // 2), "seed": np.repeat(np.tile(np.arange(10), 2), count // 20)}
    (course,) = courses(read(pd.DataFrame({**rows, "step": steps, "return": 1.0})), 100)
    assert course.values["return"].shape == (2, 10, 100)


def test_sums_over_windows_do_not_overflow():
    huge = episodes([0, 1, 2, 3], returns=[1.5e308] * 4)
    (course,) = courses(Tidy("step", read(huge).rows), 1)
    assert course.values["return"].item() == 1.5e308
