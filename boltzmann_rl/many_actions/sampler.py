"""Boltzmann draws from values that change one at a time, in nearly constant time."""

from typing import Any

import numpy as np

from boltzmann_rl.arguments import Floats, as_generator, as_integer, as_number, as_values, check_best
from boltzmann_rl.many_actions.cells import QUEUED, Cells, build, move
from boltzmann_rl.many_actions.draws import draw
from boltzmann_rl.numerics import entropy, softmax


class BoltzmannSampler:
    """A sampler over very many actions: π(a) ∝ exp(values_a / temperature).

    Exact, as `boltzmann_rl.softmax` followed by `boltzmann_rl.sample`, but updates and draws take constant time
    (amortised, up to the logarithm of the number of cells), because actions are kept in cells of nearly equal value. A
    draw may rebuild the cells, which changes neither values nor probabilities. The limits are those of softmax:
    temperature 0 is uniform over the exactly equal maxima, ∞ uniform over the available actions.

    Draws become slower as the temperature leaves [1/2, 2] times that of the last rebuild; once the extra cost equals
    one pass over all actions, the cells are rebuilt. A schedule that changes by at most a factor of 2 in A draws costs
    about as much as a constant one; one that jumps by large factors at every draw costs a pass over all actions each.

    Compiled if Numba is installed (``pip install 'boltzmann-rl[fast]'``); otherwise the same code runs in Python, some
    hundred times slower, with the same draws for the same generator.

    Args:
        values: ``(A,)``, −inf for an action that is not available. They are copied.

    Raises:
        ValueError: A NaN or +inf, or no action.

    Example:
        >>> sampler = BoltzmannSampler([0.0, 1.0, float("-inf")])
        >>> sampler.update(2, 1.0)
        >>> sampler.sample(np.random.default_rng(0), temperature=0.1)
        2
        >>> round(sampler.probability(2, temperature=0.1), 3)
        0.5

    Source: von Neumann (1951), *Various techniques used in connection with random digits*, for the rejection; Matias,
    Vitter & Ni (2003), *Dynamic generation of discrete random variates*, Theory of Computing Systems 36, for the cells.
    """

    def __init__(self, values: Any) -> None:
        found = as_values(values)
        if found.ndim != 1:
            raise ValueError(f"values must have one axis, the actions, got shape {found.shape}")
        self._values: Floats = found.copy()
        check_best(self._values, self._values.max(keepdims=True))
        self._cells: Cells | None = None  # made by the first draw, since they depend on the temperature

    def __len__(self) -> int:
        return len(self._values)

    @property
    def values(self) -> Floats:
        """The values ``(A,)``, read-only; `update` changes them."""
        view = self._values.view()
        view.flags.writeable = False
        return view

    def update(self, action: Any, value: Any) -> None:
        """Change the value of an action.

        Args:
            action: In [0, A).
            value: Finite, or −inf for an action that is not available.

        Raises:
            ValueError: An action that does not exist, or a value that is NaN or +inf.
        """
        action = as_integer(action, "action", maximum=len(self._values) - 1)
        value = as_number(value, "value")
        if value == np.inf:
            raise ValueError("value must be finite, or -inf for an action that is not available, got inf")
        if self._cells is None:
            self._values[action] = value
        elif not move(self._cells, action, value):
            self._cells = None

    def sample(self, rng: np.random.Generator, temperature: Any, size: Any = None) -> Any:
        """Draw an action, or ``size`` independent ones.

        Rejection sampling: consumes one uniform of ``rng`` per proposal, on average fewer than three per draw (without
        an upper bound), and exactly one at temperatures 0 and ∞. Give the sampler its own generator if other draws must
        not depend on that number.

        Args:
            rng: The random generator.
            temperature: In units of the values, 0 to ∞.
            size: Number of draws, ≥ 0, or None for one.

        Returns:
            An int, or an int64 array ``(size,)``.

        Raises:
            ValueError: A negative or NaN temperature, or no action is available.
            TypeError: An ``rng`` that is not a ``numpy.random.Generator``.
        """
        rng, temperature = as_generator(rng), as_number(temperature, "temperature", minimum=0.0)
        actions = np.empty(1 if size is None else as_integer(size, "size"), dtype=np.int64)
        if self._cells is None or self._cells.sizes[QUEUED] == 0:
            check_best(self._values, self._values.max(keepdims=True))
            self._cells = self._arranged(temperature)
        done = draw(self._cells, temperature, rng, actions, 0)
        while done < len(actions):
            self._cells = self._arranged(temperature)
            done = draw(self._cells, temperature, rng, actions, done)
        return int(actions[0]) if size is None else actions

    def probability(self, action: Any, temperature: Any) -> float:
        """The probability that `sample` draws this action; visits all values, and draws nothing."""
        action = as_integer(action, "action", maximum=len(self._values) - 1)
        return float(softmax(self._values, as_number(temperature, "temperature", minimum=0.0))[action])

    def entropy(self, temperature: Any) -> float:
        """The entropy of the distribution in nats; visits all values, and draws nothing."""
        return float(entropy(softmax(self._values, as_number(temperature, "temperature", minimum=0.0))))

    def _arranged(self, temperature: float) -> Cells:
        """New cells that share this array of values, so that pickle and copy keep one."""
        return build(self._values, temperature)._replace(values=self._values)
