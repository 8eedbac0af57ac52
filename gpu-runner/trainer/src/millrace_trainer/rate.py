"""Proportions with their interval."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

Z95 = 1.959963984540054
"""The 97.5 % quantile of the standard normal distribution."""


@dataclass
class Rate:
    """A counted proportion."""

    hits: int = 0
    n: int = 0

    def add(self, hit: bool) -> None:
        """Count one observation."""
        self.hits += hit
        self.n += 1

    def interval(self) -> tuple[float, float]:
        """The Wilson score interval at 95 % (Wilson 1927, J. Am. Stat. Assoc. 22:209); (0, 1) without observations."""
        if self.n == 0:
            return 0.0, 1.0
        share, z2 = self.hits / self.n, Z95 * Z95
        centre = (share + z2 / (2 * self.n)) / (1 + z2 / self.n)
        half = Z95 * sqrt(share * (1 - share) / self.n + z2 / (4 * self.n * self.n)) / (1 + z2 / self.n)
        return max(0.0, centre - half), min(1.0, centre + half)

    def text(self) -> str:
        """For the model card: percentage, interval and n."""
        if self.n == 0:
            return "not measured (n = 0)"
        low, high = self.interval()
        return f"{100 * self.hits / self.n:.1f} % (95 % CI {100 * low:.1f}–{100 * high:.1f}, n = {self.n})"
