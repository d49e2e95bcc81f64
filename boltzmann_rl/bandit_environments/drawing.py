"""Images of a bandit: bars for the means of its arms and, below, for the policy's probabilities."""

from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from boltzmann_rl.arguments import Floats

Image = NDArray[np.uint8]

# Height and width in pixels, and the row where the probabilities begin.
SIZE, _SPLIT = (320, 480), 200

# The palette of Okabe and Ito, which is safe for colour-blind readers.
_BLUE, _GREEN, _ORANGE, _GREY, _BLACK = (0, 114, 178), (0, 158, 115), (230, 159, 0), (160, 160, 160), (0, 0, 0)


def frame(means: Floats, probabilities: Floats | None = None, pulled: int | None = None) -> Image:
    """The means ``(A,)`` as bars from 0, the best in green, with a black mark below the arm that was pulled.

    Probabilities, if given, are orange bars in the lower part, on a scale from 0 to 1.

    Returns:
        Red, green and blue, ``(*SIZE, 3)``.

    Example:
        >>> image = frame(np.array([0.5, 1.0]))
        >>> image[100, [120, 360]]  # a little above one half, where only the second bar is
        array([[255, 255, 255],
               [  0, 158, 115]], dtype=uint8)
    """
    image = np.full((*SIZE, 3), 255, dtype=np.uint8)
    place = np.arange(SIZE[1]) * len(means)
    arm, within = place // SIZE[1], place % SIZE[1] / SIZE[1]
    bar = (np.abs(within - 0.5) < 0.42) | (len(means) > SIZE[1] / 6)  # no gaps between narrow bars
    panel = image if probabilities is None else image[:_SPLIT]
    low, high = min(0.0, means.min()), max(0.0, means.max())
    margin = 0.08 * (high - low) or 1.0
    colour = np.where((means == means.max())[arm, np.newaxis], _GREEN, _BLUE)
    _bars(panel, np.where(bar, means[arm], np.nan), low - margin, high + margin, colour)
    if pulled is not None:
        panel[-6:-1, bar & (arm == pulled)] = _BLACK
    if probabilities is not None:
        _bars(image[_SPLIT:], np.where(bar, probabilities[arm], np.nan), 0.0, 1.1, np.full((SIZE[1], 3), _ORANGE))
    return image


def _bars(panel: Image, values: Floats, low: float, high: float, colour: Any) -> None:
    """Fill each column from 0 to its value, unless that is NaN, and draw the line at 0."""
    level = np.linspace(high, low, len(panel))
    above, below = level[:, np.newaxis] <= np.maximum(values, 0.0), level[:, np.newaxis] >= np.minimum(values, 0.0)
    row, column = np.nonzero(above & below)
    panel[row, column] = colour[column]
    panel[np.abs(level).argmin()] = _GREY


class Window:
    """A window on the screen, by pygame.

    Raises:
        gymnasium.error.DependencyNotInstalled: pygame is not installed.
    """

    def __init__(self, frames_per_second: int) -> None:
        try:
            import pygame
        except ImportError as error:
            raise gymnasium.error.DependencyNotInstalled(
                "a window needs pygame: pip install pygame (or 'boltzmann-rl[render]', which also has moviepy for "
                "videos), or take render_mode='rgb_array'"
            ) from error
        self._pygame, self._frames_per_second = pygame, frames_per_second
        pygame.display.init()
        pygame.display.set_caption("boltzmann_rl")
        self._screen = pygame.display.set_mode(SIZE[::-1])
        self._clock = pygame.time.Clock()

    def show(self, image: Image) -> None:
        """Show an image, and wait until the next is due."""
        self._pygame.surfarray.blit_array(self._screen, image.swapaxes(0, 1))
        self._pygame.event.pump()
        self._pygame.display.flip()
        self._clock.tick(self._frames_per_second)

    def close(self) -> None:
        """Close the window."""
        self._pygame.display.quit()
