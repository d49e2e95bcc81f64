"""CleanRL's runs: its TensorBoard files, or its table at Weights & Biases."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from boltzmann_rl.arguments import shown

_RETURN = ("charts/episodic_return",)
# Environment ids usually end in their version, so that a name of a script may have two underscores.
_NAME = re.compile(r"(?P<env>.+?-v[0-9]+|.+?)__(?P<script>.+)__(?P<seed>[0-9]+)__[^_]+")
_COLUMNS = ("env_id", "exp_name", "seed", "global_step")


def read_cleanrl(runs: Any, tags: Sequence[str] = _RETURN) -> pd.DataFrame:
    """What CleanRL's scripts logged, as a table for `Results.of_runs`.

    Args:
        runs: The folder ``runs``, in which a script writes TensorBoard's files to ``ENV_ID__EXP_NAME__SEED__TIME``;
            these need ``pip install tensorboard``. Or a table with a column for each tag and the columns ``env_id``,
            ``exp_name``, ``seed`` and ``global_step``: the histories of runs at Weights & Biases, with their
            configuration beside them.
        tags: The tags to keep.

    Returns:
        One row per step and tag, with ``problem`` (the environment's id), ``agent`` (the name of the script), ``seed``,
        ``step``, ``metric`` (the last part of the tag) and ``value``. Episodes of parallel environments that end at the
        same step are averaged. In a table, cells without a number count as not logged at that step.

    Raises:
        FileNotFoundError: There are no files of TensorBoard.
        ValueError: A folder has another name, a column, tag or label is missing, a seed or step is no integer, or there
            are two runs with the same seed.

    Example:
        >>> history = {"global_step": [20, 51, 60], "charts/episodic_return": [20.0, 31.0, None]}
        >>> read_cleanrl(pd.DataFrame({**history, "env_id": "CartPole-v1", "exp_name": "dqn", "seed": 1}))
               problem agent  seed  step           metric  value
        0  CartPole-v1   dqn     1    20  episodic_return   20.0
        1  CartPole-v1   dqn     1    51  episodic_return   31.0

    Source: CleanRL 1.0, ``cleanrl/dqn.py``; ``openrlbenchmark/rlops.py`` for the table.
    """
    if isinstance(tags, str):
        raise TypeError(f"tags must be a list of tags, got {shown(tags)}: [{tags!r}]?")
    parts = _from_files(Path(runs), tags) if isinstance(runs, str | Path) else _from_table(pd.DataFrame(runs), tags)
    table: Any = pd.concat(list(parts), ignore_index=True)
    labels = [name for name in table if name != "value"]
    episodes = table.groupby(labels, sort=False, dropna=False)["value"]
    return episodes.mean().where(episodes.count() == episodes.size()).reset_index()


def _names(tags: Sequence[str]) -> dict[str, str]:
    """A short name for each tag: its last part, unless two have the same."""
    last = [tag.rsplit("/", 1)[-1] for tag in tags]
    return {tag: name if last.count(name) == 1 else tag for tag, name in zip(tags, last, strict=True)}


def _from_files(folder: Path, tags: Sequence[str]) -> Iterator[pd.DataFrame]:
    try:
        from tensorboard.backend.event_processing import event_accumulator
    except ImportError as error:
        raise ImportError("CleanRL writes files of TensorBoard, which needs pip install tensorboard") from error
    places = sorted({file.parent for file in folder.rglob("events.out.tfevents.*")})
    if not places:
        raise FileNotFoundError(f"{folder} contains no files of TensorBoard, events.out.tfevents.*")
    seen: dict[tuple[str, str, int], Path] = {}
    for place in places:
        run = _run_of(place, folder)
        if run in seen:
            raise ValueError(f"{seen[run]} and {place} are runs of the same script and seed: remove one of them")
        seen[run] = place
        events = event_accumulator.EventAccumulator(str(place), size_guidance={event_accumulator.SCALARS: 0})
        events.Reload()
        logged = events.Tags()["scalars"]
        for tag, name in _names(tags).items():
            if tag not in logged:
                raise ValueError(f"{place}: no tag {shown(tag)} was logged; there are {', '.join(sorted(logged))}")
            numbers = [(event.step, event.value) for event in events.Scalars(tag)]
            labels: dict[str, Any] = dict(zip(("problem", "agent", "seed"), run, strict=True))
            yield pd.DataFrame(numbers, columns=["step", "value"]).assign(**labels, metric=name)[_ORDER]


_ORDER = ["problem", "agent", "seed", "step", "metric", "value"]


def _run_of(place: Path, folder: Path) -> tuple[str, str, int]:
    """Environment, script and seed of a run, by the name of its folder; the id ``ALE/Pong-v5`` makes two folders."""
    found = _NAME.fullmatch(place.relative_to(folder).as_posix())
    if found is None:
        raise ValueError(f"{place} must be {folder}/ENV_ID__EXP_NAME__SEED__TIME, as CleanRL names it")
    return found["env"], found["script"], int(found["seed"])


def _from_table(table: pd.DataFrame, tags: Sequence[str]) -> Iterator[pd.DataFrame]:
    for name in (*_COLUMNS, *tags):
        if name not in table:
            raise ValueError(f"a table of CleanRL's runs has columns {', '.join((*_COLUMNS, *tags))}; no {name} here")
    labels = dict(zip(_COLUMNS, ("problem", "agent", "seed", "step"), strict=True))
    for tag, name in _names(tags).items():
        logged = table[table[tag].notna()]
        for column in _COLUMNS:
            missing = logged[logged[column].isna()]
            if len(missing):
                article = "an" if column.startswith("e") else "a"
                raise ValueError(f"row {missing.index[0]} has {tag} {missing[tag].iloc[0]} without {article} {column}")
        logged = logged.assign(**{column: _integers(logged[column]) for column in ("seed", "global_step")})
        yield logged.rename(columns={**labels, tag: "value"}).assign(metric=name)[_ORDER]


def _integers(column: Any) -> Any:
    """A column as integers, which pandas makes floats where rows of it are missing."""
    found = pd.to_numeric(column, errors="coerce")
    wrong = column[~(found % 1 == 0)].astype(object)
    if len(wrong):
        raise ValueError(f"row {wrong.index[0]}: {column.name} must be an integer, got {shown(wrong.iloc[0])}")
    return found.astype("int64")
