"""Animations: frames of the run that the results have, pictures of them, and files."""

import io
import shutil
import subprocess

import gymnasium
import matplotlib as mpl
import numpy as np
import pytest
from cases import in_one_test
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

import boltzmann_rl as brl
from boltzmann_rl.animations import animation
from boltzmann_rl.animations.recording import bandit_frames, grid_frames, moments_of
from boltzmann_rl.cli import main
from boltzmann_rl.figures.grids import draw_grid, grid_of, show

SEA = "boltzmann_rl.gridworlds:boltzmann_rl/DeepSea-v0"
WINDY = "boltzmann_rl.gridworlds:boltzmann_rl/WindyGridworld-v0"


class FirstProbability:
    """A metric: the probability of the first arm."""

    def __call__(self, moment):
        return moment.probabilities[:, 0]

    def __repr__(self):
        return "FirstProbability()"


def _bandits(**more):
    agents = {"cool": brl.Agent(brl.SampleAverage(), brl.Boltzmann(0.2)), "free": brl.recommended(4)}
    settings = {"runs": 3, "steps": 50, "seed": 5, "windows": 50} | more
    return brl.BanditExperiment("film", brl.GaussianBandit(arms=4), agents, **settings)


def _grids(env="CliffWalking-v1", **options):
    where = brl.Environment(env, 60, options)
    agents = {"visits": brl.Agent(brl.QLearning(0.5), brl.recommended(4, states=True))}
    return brl.GymnasiumExperiment("grid", where, agents, runs=2, episodes=12, seed=3, windows=12)


def _pictures_in(path):
    with Image.open(path) as image:
        return image.n_frames


@pytest.mark.parametrize("agent", ["cool", "free"])
def test_frames_of_a_bandit_are_those_of_the_run_in_the_results(agent):
    experiment = _bandits(metrics={"first": FirstProbability()})
    curves = experiment.run(progress=False).run_curves
    kept = curves[(curves["agent"] == agent) & (curves["run"] == 2)].sort_values("window")["first"].to_numpy()
    found = bandit_frames(
        experiment.problem["GaussianBandit"], experiment.agents[agent], range(50), length=50, seed=5, run=2
    )
    assert [frame.step for frame in found] == list(range(50))
    np.testing.assert_array_equal([frame.probabilities[0] for frame in found], kept)
    assert [frame.pulls.sum() for frame in found] == list(range(50))


def test_frames_of_a_grid_world_are_those_of_the_run_in_the_results():
    experiment = _grids()
    curves = experiment.run(progress=False).run_curves
    kept = curves[curves["run"] == 1].sort_values("window")["return"].to_numpy()
    environment, agent = experiment.problem["CliffWalking-v1"], experiment.agents["visits"]
    grid, found = grid_frames(environment, agent, range(13), seed=3, run=1)
    assert (grid.rows, grid.columns) == (4, 12)
    np.testing.assert_array_equal([frame.total_reward for frame in found[1:]], kept)
    assert not found[0].visited.any()
    assert found[1].visited[36]  # the start
    assert not found[-1].visited[37:].any()  # the cliff, where no action is taken


def test_looking_at_observations_agrees_with_looking_at_the_present_one_and_changes_nothing():
    for policy, clock in ((brl.recommended(4, states=True), "visits"), (brl.Boltzmann(0.3), "step")):
        agent = brl.Agent(brl.QLearning(0.5), policy, clock)
        trainings = [brl.Training(gymnasium.make("CliffWalking-v1"), agent, seed=1) for _ in range(2)]
        for _ in range(150):
            transition = next(trainings[0])
            assert next(trainings[1]) == transition
            everywhere, here = trainings[0].look(range(48)), trainings[0].look()
            np.testing.assert_array_equal(everywhere.probabilities[transition.next_observation], here.probabilities)
    with pytest.raises(ValueError, match=r"observation must be .*47"):
        trainings[0].look([48])


@pytest.mark.parametrize(
    "env",
    [
        gymnasium.make("FrozenLake-v1", is_slippery=False),
        gymnasium.make("FrozenLake-v1", map_name="8x8", is_slippery=False),
        gymnasium.make("CliffWalking-v1"),
        gymnasium.make(SEA, size=5),
    ],
    ids=str,
)
def test_moves_and_shape_are_those_of_the_tables(env):
    grid, table = grid_of(env), env.unwrapped.P
    ends = {grid.rows * grid.columns}
    inside = np.indices((grid.rows, grid.columns)).reshape(2, -1).T
    checked = 0
    for state, (row, column) in enumerate(inside):
        for action, (down, right) in enumerate(grid.moves):
            [(_, arrived, reward, terminated)] = table[state][action]
            there = row + down, column + right
            outside = not (0 <= there[0] < grid.rows and 0 <= there[1] < grid.columns)
            if outside or terminated or reward == -100 or arrived in ends:
                continue  # the edge, the end and the cliff
            assert divmod(arrived, grid.columns) == there
            checked += 1
    assert checked >= 20


def test_the_wind_is_no_part_of_the_moves():
    grid = grid_of(gymnasium.make(WINDY))
    table = gymnasium.make(WINDY).unwrapped.P
    assert (grid.rows, grid.columns) == (7, 10)
    for action, (down, right) in enumerate(grid.moves):
        assert divmod(table[31][action][0][1], 10) == (3 + down, 1 + right)  # no wind in the second column


def test_what_is_no_grid_world_is_refused_with_what_it_needs():
    for env in (gymnasium.make("CartPole-v1"), gymnasium.make(SEA, size=4, instance=3)):
        with pytest.raises(TypeError, match=r"needs the attributes grid_shape, .* and moves"):
            grid_of(env)


def test_colours_are_expected_values_and_arrows_are_as_long_as_square_roots_of_probabilities():
    rng = np.random.default_rng(0)
    grid = grid_of(gymnasium.make("FrozenLake-v1"))
    picture = draw_grid(Figure().subplots(), grid, np.zeros((16, 4)), np.full((16, 4), 0.25))
    q, p = rng.normal(size=(16, 4)), rng.dirichlet(np.ones(4), size=16)
    visited = rng.random(16) < 0.7
    show(picture, grid, q, p, visited)
    shown = picture.cells.get_array()
    np.testing.assert_allclose(shown.data.ravel(), (p * q).sum(axis=1))
    np.testing.assert_array_equal(~np.ma.getmaskarray(shown).ravel(), visited)
    lengths = np.array([np.where(arrow.Umask, np.nan, np.hypot(arrow.U, arrow.V)) for arrow in picture.arrows])
    np.testing.assert_allclose((lengths / lengths[0])[:, visited], np.sqrt(p.T / p[:, 0])[:, visited])
    assert np.isnan(lengths[:, ~visited]).all()  # grey cells have no arrows
    assert np.nanmax(lengths) < 0.5


@pytest.mark.parametrize("experiment", [_bandits(), _grids(), _grids("FrozenLake-v1")], ids=["bandit", "cliff", "lake"])
def test_a_gif_has_a_picture_for_each_frame_the_same_bytes_each_time_and_at_most_600_kilobytes(experiment):
    found = [brl.animate(experiment, frames=8) for _ in range(2)]
    assert found[0].gif == found[1].gif
    image = Image.open(io.BytesIO(found[0].gif))
    assert image.n_frames == len(found[0].pictures) > 4
    assert image.size == found[0].pictures[0].shape[1::-1]
    assert not np.array_equal(found[0].pictures[0], found[0].pictures[-1])
    assert len(found[0].gif) * 60 / 8 < 600_000
    assert found[0]._repr_html_().startswith('<img alt="Animation of ')


def _drawn(monkeypatch, experiment, frames):
    """What a reader finds in each picture: texts, limits of the colours, and labels of the scales."""
    seen = []

    def draw(canvas):
        figure = canvas.figure
        plain_draw(canvas)
        texts = [text.get_text() for text in figure.findobj(mpl.text.Text) if text.get_text()]
        seen.append((texts, [image.get_clim() for ax in figure.axes for image in ax.images]))

    plain_draw = FigureCanvasAgg.draw
    monkeypatch.setattr(FigureCanvasAgg, "draw", draw)
    brl.animate(experiment, frames=frames)
    return seen


def test_a_colour_is_the_same_value_in_all_pictures_and_a_scale_says_which(monkeypatch):
    experiment = _grids()
    seen = _drawn(monkeypatch, experiment, 13)
    environment, agent = experiment.problem["CliffWalking-v1"], experiment.agents["visits"]
    _, frames = grid_frames(environment, agent, range(13), seed=3, run=0)
    values = np.concatenate([(frame.values * frame.probabilities).sum(axis=1)[frame.visited] for frame in frames])
    for texts, (limits,) in seen:
        np.testing.assert_allclose(limits, (values.min(), values.max()))
        assert "value [return]" in texts
    said = [next(text for text in texts if "episode" in text) for texts, _ in seen]
    assert [text.partition("\n")[0].rpartition(", return ")[2] for text in said[1:]] == [
        f"\u2212{-frame.total_reward:.4g}" for frame in frames[1:]
    ]
    assert all(text.endswith("\narrows: length √π(a|s); grey: no action taken") for text in said)


@in_one_test(("steps", "frames"), [(301, 40), (301, 60), (1000, 2), (1000, 3), (50, 49), (17, 16), (6, 5)])
def test_there_are_as_many_pictures_as_asked(steps, frames):
    kept = moments_of(steps, frames)
    assert (kept[0], kept[-1], len(kept)) == (0, steps - 1, frames)
    assert kept == sorted(set(kept))
    if frames <= 5:  # drawing takes a third of a second for each
        assert len(brl.animate(_bandits(steps=steps, runs=1, windows=1), frames=frames).pictures) == frames


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs ffmpeg")
def test_an_mp4_has_even_sizes(tmp_path):
    pictures = tuple(np.full((51, 33, 3), shade, dtype=np.uint8) for shade in (0, 120, 255))
    path = brl.Animation(pictures, "shades", 1.0).save(tmp_path / "shades.mp4")
    asked = ["ffmpeg", "-hide_banner", "-i", str(path)]
    assert "34x52" in subprocess.run(asked, capture_output=True, text=True, check=False).stderr


def test_without_ffmpeg_a_gif_is_written_and_a_warning_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(animation, "has_ffmpeg", lambda: False)
    with pytest.warns(UserWarning, match="ffmpeg, which makes MP4, is not installed: wrote .*film.gif instead"):
        path = brl.animate(_bandits(), frames=3).save(tmp_path / "film.mp4")
    assert _pictures_in(path) == 3


@in_one_test(
    ("make", "error", "message"),
    [
        (lambda: brl.animate(3), TypeError, "experiment must be a BanditExperiment or a GymnasiumExperiment, got 3"),
        (lambda: brl.animate(_bandits(), "warm"), ValueError, "agent must be one of 'cool', 'free', got 'warm'"),
        (lambda: brl.animate(_bandits(), problem="x"), ValueError, "problem must be one of 'GaussianBandit', got 'x'"),
        (lambda: brl.animate(_bandits(), run=-1), ValueError, "run must be 0 or more, got -1"),
        (lambda: brl.animate(_bandits(), frames=1), ValueError, "frames must be 2 or more, got 1"),
        (lambda: brl.animate(_bandits(), seconds=0), ValueError, "seconds must be above 0, got 0"),
        (lambda: brl.animate(_grids("Blackjack-v1")), TypeError, "needs the attributes grid_shape|observations"),
        (lambda: brl.animate(_bandits(), frames=3).save("film.avi"), ValueError, "must end in .gif or .mp4, got 'film"),
    ],
)
def test_mistakes_are_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_the_command_writes_the_animation(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tiny.py").write_text(
        "import boltzmann_rl as brl\n"
        'agents = {"cool": brl.Agent(brl.SampleAverage(), brl.Boltzmann(0.2))}\n'
        "bandit = brl.GaussianBandit(arms=3)\n"
        'ONE, TWO = (brl.BanditExperiment(name, bandit, agents, runs=1, steps=9) for name in "ab")\n'
    )
    assert main(["animate", "tiny.py", "--frames", "3"]) == 0
    assert capsys.readouterr().out == "cool on GaussianBandit: a.gif\n"
    assert _pictures_in(tmp_path / "a.gif") == 3
    assert main(["animate", "tiny.py", "--experiment", "b", "--frames", "3", "--output", "c.gif"]) == 0
    assert (tmp_path / "c.gif").is_file()
    assert main(["animate", "tiny.py", "--experiment", "c"]) == 2
    assert "declares no experiment 'c'" in capsys.readouterr().err
