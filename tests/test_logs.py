"""Logs of other libraries become tidy tables: each number at its step, with errors where a log is unclear."""

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from cases import in_one_test

from boltzmann_rl import logs

HEADER = '#{"t_start": 100.0, "env_id": "CartPole-v1"}'


def monitor(path, *episodes, header=HEADER, columns="r,l,t"):
    """A file in the format of Stable-Baselines3's `Monitor`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([header, columns, *episodes, ""]), "utf-8")


def test_steps_of_monitor_files_add_up_the_lengths_of_episodes(tmp_path):
    monitor(tmp_path / "dqn" / "3.monitor.csv", "20.0,20,0.1", "0.1,31,0.2")
    table = logs.read_monitor(tmp_path)
    assert list(table.columns) == ["problem", "agent", "seed", "step", "return", "length"]
    assert table.to_numpy().tolist() == [
        ["CartPole-v1", "dqn", 3, 20, 20.0, 20],
        ["CartPole-v1", "dqn", 3, 51, 0.1, 31],
    ]


def test_episodes_of_several_environments_are_ordered_by_the_time_they_ended(tmp_path):
    run = tmp_path / "dqn" / "CartPole-v1_2"
    monitor(run / "0.monitor.csv", "1.0,10,0.1", "2.0,10,0.4")
    monitor(run / "1.monitor.csv", "3.0,5,0.1", header=HEADER.replace("100.0", "100.2"))
    table = logs.read_monitor(tmp_path)
    assert table["seed"].tolist() == [2, 2, 2]
    assert table["return"].tolist() == [1.0, 3.0, 2.0]
    assert table["step"].tolist() == [10, 15, 25]


def test_the_order_of_a_training_that_was_resumed_is_that_of_its_file(tmp_path):
    monitor(tmp_path / "dqn" / "0.monitor.csv", "1.0,10,9.0", "2.0,10,0.5")
    assert logs.read_monitor(tmp_path)["return"].tolist() == [1.0, 2.0]


def test_extra_columns_of_monitor_files_are_left_out(tmp_path):
    monitor(tmp_path / "dqn" / "0.monitor.csv", "1.0,10,9.0,True", columns="r,l,t,is_success")
    assert "is_success" not in logs.read_monitor(tmp_path)


def test_an_environment_without_an_id_has_a_label(tmp_path):
    monitor(tmp_path / "dqn" / "0.monitor.csv", "1.0,10,9.0", header=HEADER.replace("CartPole-v1", "None"))
    assert set(logs.read_monitor(tmp_path)["problem"]) == {"environment without an id"}


ONE = ("1.0,10,0.1",)
MONITORS = {
    "elsewhere": ({"0.monitor.csv": ONE}, "must lie in"),
    "without a name": ({"dqn/monitor.csv": ONE}, "must lie in"),
    "too deep": ({"a/b/1/0.monitor.csv": ONE}, "must lie in"),
    "without a seed": ({"dqn/best.monitor.csv": ONE}, r"dqn/best\.monitor\.csv: the name 'best' must end in digits"),
    "a seed twice": ({"dqn/1.monitor.csv": ONE, "dqn/a_1.monitor.csv": ONE}, "two runs with seed 1 on CartPole-v1"),
    "without episodes": ({"dqn/1.monitor.csv": ()}, "no episode of this run has ended"),
    "NaN": ({"dqn/1.monitor.csv": ("1.0,10,0.1", "nan,10,0.2")}, r"episode 1 must have a finite return .* r 'nan'"),
    "text": ({"dqn/1.monitor.csv": ("x,10,0.1",)}, "episode 0 must have a finite return"),
    "half a line": ({"dqn/1.monitor.csv": ("1.0,10",)}, "episode 0 must have .* t None"),
    "no length": ({"dqn/1.monitor.csv": ("1.0,0,0.1",)}, "a length l of 1 or more"),
    "times go back": ({"dqn/1/0.monitor.csv": ("1,1,2", "1,1,1"), "dqn/1/1.monitor.csv": ONE}, "its times go back"),
}


@pytest.mark.parametrize("case", MONITORS)
def test_the_error_names_a_monitor_file_that_cannot_be_read(tmp_path, case):
    files, message = MONITORS[case]
    for path, episodes in files.items():
        monitor(tmp_path / path, *episodes)
    with pytest.raises(ValueError, match=message):
        logs.read_monitor(tmp_path)


@pytest.mark.parametrize("header", ["r,l,t", "#{", "#[]", '#{"t_start": 1}', '#{"t_start": NaN, "env_id": "x"}'])
def test_a_monitor_file_without_its_header_is_refused(tmp_path, header):
    monitor(tmp_path / "dqn" / "0.monitor.csv", *ONE, header=header)
    with pytest.raises(ValueError, match="must begin with #"):
        logs.read_monitor(tmp_path)


def test_missing_columns_environments_that_differ_and_empty_folders_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no file whose name ends in monitor\.csv"):
        logs.read_monitor(tmp_path)
    monitor(tmp_path / "dqn" / "0" / "0.monitor.csv", *ONE)
    monitor(tmp_path / "dqn" / "0" / "1.monitor.csv", *ONE, header=HEADER.replace("CartPole", "Acrobot"))
    with pytest.raises(ValueError, match="one run, got those of Acrobot-v1, CartPole-v1"):
        logs.read_monitor(tmp_path)
    monitor(tmp_path / "dqn" / "0" / "1.monitor.csv", *ONE, columns="r,l,time")
    with pytest.raises(ValueError, match="has no column t"):
        logs.read_monitor(tmp_path)


def written_by_rlberry():
    """A table as rlberry's `read_writer_data` returns it: objects, fits as text, steps that may be missing."""
    rows = [
        ("UCBVI", tag, value, 0.1, step, fit)
        for fit in ("0", "1")
        for tag, step, value in [("reward", 0, 1), ("reward", 1, 2.5), ("loss", np.nan, 3.0)]
    ]
    columns = ["name", "tag", "value", "dw_time_elapsed", "global_step", "n_simu"]
    return pd.DataFrame(rows, columns=columns).astype({"value": object, "global_step": object})


def test_tables_of_rlberry_are_long_tables_with_the_fit_as_seed(tmp_path):
    table = logs.read_rlberry(written_by_rlberry(), tags=["reward"])
    expected = {"agent": "UCBVI", "seed": [0, 0, 1, 1], "step": [0, 1, 0, 1], "metric": "reward"}
    expected = pd.DataFrame({**expected, "value": [1.0, 2.5, 1.0, 2.5]})
    assert table.astype({"agent": object, "metric": object}).equals(expected.astype(table.dtypes.to_dict()))
    written_by_rlberry().to_csv(tmp_path / "rlberry.csv")
    again = logs.read_rlberry(pd.read_csv(tmp_path / "rlberry.csv"), tags=["reward"])
    assert again["value"].tolist() == table["value"].tolist()


RLBERRY = {
    "a tag without steps": (lambda t: t, None, ValueError, "the tag 'loss' was logged without global_step"),
    "an unknown tag": (lambda t: t, ["regret"], ValueError, "no tag 'regret' was logged; there are reward, loss"),
    "tags as text": (lambda t: t, "reward", TypeError, r"tags must be a list of tags, got 'reward': \['reward'\]\?"),
    "a missing column": (lambda t: t.drop(columns="n_simu"), None, ValueError, "no n_simu here"),
    "a value as text": (lambda t: t.assign(value="x"), ["reward"], ValueError, "value must be a number, got 'x'"),
    "half a step": (lambda t: t.assign(global_step=0.5), ["reward"], ValueError, "must be an integer, got 0.5"),
    "a named fit": (lambda t: t.assign(n_simu="a"), ["reward"], ValueError, "n_simu must be an integer, got 'a'"),
}


@in_one_test("case", RLBERRY)
def test_tables_of_rlberry_that_cannot_be_read_are_refused(case):
    change, tags, error, message = RLBERRY[case]
    with pytest.raises(error, match=message):
        logs.read_rlberry(change(written_by_rlberry()), tags)


def written_by_cleanrl(
    folder, env="CartPole-v1", script="dqn", seed=1, time=1700000000, returns=((20, 20.0), (51, 31.0))
):
    """The files that CleanRL's scripts write, by the calls in ``cleanrl/dqn.py``."""
    writers = pytest.importorskip("torch.utils.tensorboard")
    args = SimpleNamespace(env_id=env, exp_name=script, seed=seed)
    run_name = f"{args.env_id}__{args.exp_name}__{args.seed}__{time}"
    writer = writers.SummaryWriter(f"{folder}/{run_name}")
    writer.add_text("hyperparameters", f"|param|value|\n|-|-|\n{json.dumps(vars(args))}")
    for step, value in returns:
        writer.add_scalar("charts/episodic_return", value, step)
        writer.add_scalar("charts/episodic_length", int(np.nan_to_num(value)), step)
    writer.close()


def test_files_of_cleanrl_are_read_with_environment_script_and_seed(tmp_path):
    written_by_cleanrl(tmp_path)
    written_by_cleanrl(tmp_path, env="ALE/Pong-v5", script="ppo__atari", seed=2, returns=[(8, 1.0), (8, 2.0), (9, 5.0)])
    table = logs.read_cleanrl(tmp_path)
    assert table.to_numpy().tolist() == [
        ["ALE/Pong-v5", "ppo__atari", 2, 8, "episodic_return", 1.5],
        ["ALE/Pong-v5", "ppo__atari", 2, 9, "episodic_return", 5.0],
        ["CartPole-v1", "dqn", 1, 20, "episodic_return", 20.0],
        ["CartPole-v1", "dqn", 1, 51, "episodic_return", 31.0],
    ]
    both = logs.read_cleanrl(tmp_path, ["charts/episodic_return", "charts/episodic_length"])
    assert set(both["metric"]) == {"episodic_return", "episodic_length"}


def test_more_steps_are_read_than_tensorboard_shows(tmp_path):
    written_by_cleanrl(tmp_path, returns=[(step, float(step)) for step in range(12_000)])
    assert logs.read_cleanrl(tmp_path)["value"].tolist() == list(range(12_000))


def test_runs_of_cleanrl_that_are_unclear_are_refused(tmp_path):
    pytest.importorskip("tensorboard")
    with pytest.raises(FileNotFoundError, match="no files of TensorBoard"):
        logs.read_cleanrl(tmp_path)
    written_by_cleanrl(tmp_path)
    with pytest.raises(ValueError, match=r"no tag 'charts/x' was logged; there are charts/episodic_length, "):
        logs.read_cleanrl(tmp_path, ["charts/x"])
    with pytest.raises(TypeError, match="tags must be a list"):
        logs.read_cleanrl(tmp_path, "charts/episodic_return")
    written_by_cleanrl(tmp_path, time=1700000001)
    with pytest.raises(ValueError, match="are runs of the same script and seed"):
        logs.read_cleanrl(tmp_path)
    written_by_cleanrl(tmp_path / "other", seed="x")
    with pytest.raises(ValueError, match="/ENV_ID__EXP_NAME__SEED__TIME, as CleanRL names it"):
        logs.read_cleanrl(tmp_path / "other")


def test_tables_of_cleanrl_leave_out_steps_at_which_nothing_was_logged():
    history = {"global_step": [20, 30, 51], "charts/episodic_return": [20.0, np.nan, 31.0], "losses/td_loss": 0.1}
    history = pd.DataFrame({**history, "env_id": "CartPole-v1", "exp_name": "dqn", "seed": 1})
    table = logs.read_cleanrl(history)
    assert table["step"].tolist() == [20, 51]
    assert logs.read_cleanrl(history, ["losses/td_loss"])["metric"].tolist() == ["td_loss"] * 3
    with pytest.raises(ValueError, match="no seed here"):
        logs.read_cleanrl(history.drop(columns="seed"))
    with pytest.raises(ValueError, match=r"row 0 has charts/episodic_return 20\.0 without a global_step"):
        logs.read_cleanrl(history.assign(global_step=[np.nan, 1, 2]))


def logged_by_cleanrl(**columns):
    history = {"global_step": [1, 2, 2], "charts/episodic_return": [1.0, 2.0, 4.0], "env_id": "E-v1"}
    return pd.DataFrame({**history, "exp_name": ["dqn", "ppo", "ppo"], "seed": [1, 1, 1], **columns})


@pytest.mark.parametrize("label", ["env_id", "exp_name", "seed"])
def test_rows_of_cleanrl_without_a_label_are_refused_and_not_dropped(label):
    history = logged_by_cleanrl()
    history.loc[2, label] = None
    with pytest.raises(ValueError, match=rf"row 2 has charts/episodic_return 4\.0 without an? {label}"):
        logs.read_cleanrl(history)


def test_seeds_and_steps_of_cleanrl_are_integers():
    nothing_logged = logged_by_cleanrl(seed=[1, 1, None], **{"charts/episodic_return": [1.0, 2.0, None]})
    assert logs.read_cleanrl(nothing_logged).dtypes[["seed", "step"]].tolist() == ["int64", "int64"]
    with pytest.raises(ValueError, match=r"row 1: seed must be an integer, got 1\.5"):
        logs.read_cleanrl(logged_by_cleanrl(seed=[1, 1.5, 2]))
    with pytest.raises(ValueError, match=r"row 0: global_step must be an integer, got 0\.5"):
        logs.read_cleanrl(logged_by_cleanrl(global_step=[0.5, 1, 2]))
    with pytest.raises(ValueError, match="row 2: seed must be an integer, got 'a'"):
        logs.read_cleanrl(logged_by_cleanrl(seed=[1, 1, "a"]))


def test_an_episode_without_a_return_is_not_averaged_away(tmp_path):
    written_by_cleanrl(tmp_path, returns=[(8, 1.0), (8, np.nan), (9, 2.0)])
    assert logs.read_cleanrl(tmp_path)["value"].isna().tolist() == [True, False]
