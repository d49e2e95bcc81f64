"""The softmax example of Wikipedia, to the eight digits that are printed there."""

from dataclasses import dataclass

import boltzmann_rl as brl
from boltzmann_rl.reproduction import Measurement, Target


@dataclass(frozen=True)
class Softmax:
    """Softmax(values / temperature)."""

    values: tuple[float, ...] = (1.0, 2.0, 3.0, 4.0, 1.0, 2.0, 3.0)
    temperature: float = 1.0

    def measure(self, jobs: int | None = None) -> Measurement:
        """The probabilities."""
        return Measurement.exact(brl.softmax(self.values, self.temperature))


TARGETS = [
    Target(
        id="EX-softmax1",
        study=Softmax(),
        published=(0.02364054, 0.06426166, 0.1746813, 0.474833, 0.02364054, 0.06426166, 0.1746813),
        within=1e-8,
        source="Wikipedia, *Softmax function*, example",
        panel="Softmax of 1, 2, 3, 4, 1, 2, 3",
        series="softmax",
        x=("1", "2", "3", "4", "5", "6", "7"),
        axis="action",
        unit="probability",
    )
]
