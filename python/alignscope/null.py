"""What independent matrices give: the null distribution of an angle between weights.

It holds where backward weights are isotropic, such as normal ones. It is wrong for angles of
updates, error signals and alignment terms, which have few effective dimensions: their cosines
spread 1.7 to 8 times as far.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["WeightNull"]


@dataclass(frozen=True)
class WeightNull:
    """Angle between a fixed matrix and an independent isotropic one.

    (1 + cos) / 2 has the Beta distribution whose parameters are both (N - 1) / 2: the density of
    the cosine is proportional to (1 - c^2)^((N-3)/2), that of the angle to sin^(N-2).

    Parameters
    ----------
    entries
        N, values of each matrix, 2 or more.

    Raises
    ------
    ValueError
        If there are fewer: the angle is 0 or 180 degrees then.

    Examples
    --------
    >>> null = WeightNull(2500)
    >>> round(null.sd, 3)
    1.146
    >>> round(null.p_value(87.75), 3)
    0.05
    """

    entries: int

    #: Mean angle in degrees, by symmetry.
    mean = 90.0

    def __post_init__(self) -> None:
        """Refuse what has no null."""
        if self.entries < 2:
            raise ValueError(
                f"entries={self.entries}: matrices of fewer than 2 values are parallel or opposed"
            )

    @property
    def cosine_sd(self) -> float:
        """Standard deviation of the cosine, 1 / sqrt(N)."""
        return float(self.entries**-0.5)

    @property
    def sd(self) -> float:
        """Standard deviation of the angle in degrees; its variance is trigamma(N/2) / 2."""
        return math.degrees(math.sqrt(0.5 * _trigamma(0.5 * self.entries)))

    def p_value(self, degrees: float) -> float:
        """Two-sided p-value of one angle; 0 where it is below the smallest number."""
        cosine = abs(math.cos(math.radians(degrees)))
        shape = 0.5 * (self.entries - 1)
        if cosine >= 1.0:
            return 0.0
        return min(1.0, 2.0 * _lower_tail(shape, cosine))

    def z(self, mean_degrees: float, n: int = 1) -> float:
        """Give the standard score of the mean of ``n`` angles, positive where they are aligned."""
        return (self.mean - mean_degrees) / (self.sd / math.sqrt(n))


def _lower_tail(shape: float, cosine: float) -> float:
    """Regularised incomplete beta function of (a, a) at (1 - c) / 2, for c from 0 to 1.

    By its continued fraction (Abramowitz & Stegun 26.5.8, evaluated after Lentz), with the factor
    before it in a form without cancellation:
    x^a (1-x)^a / (a B(a, a)) = (1 - c^2)^a Gamma(a + 1/2) / (2 sqrt(pi) a Gamma(a)).
    """
    power = math.exp(shape * math.log1p(-cosine * cosine))
    factor = power * _gamma_ratio(shape) / (2.0 * math.sqrt(math.pi) * shape)
    x = 0.5 * (1.0 - cosine)
    tiny = 1e-300
    c, d = 1.0, 1.0 - 2.0 * shape * x / (shape + 1.0)
    d = 1.0 / (d if abs(d) > tiny else tiny)
    fraction = d
    for m in range(1, 100_000):
        even = m * (shape - m) * x / ((shape + 2 * m - 1.0) * (shape + 2 * m))
        odd = -(shape + m) * (2.0 * shape + m) * x / ((shape + 2 * m) * (shape + 2 * m + 1.0))
        change = 1.0
        for term in (even, odd):
            d = 1.0 + term * d
            d = 1.0 / (d if abs(d) > tiny else tiny)
            c = 1.0 + term / c
            c = c if abs(c) > tiny else tiny
            change = c * d
            fraction *= change
        if abs(change - 1.0) < 1e-16:
            break
    return factor * fraction


def _gamma_ratio(a: float) -> float:
    """Gamma(a + 1/2) / Gamma(a)."""
    if a < 40.0:
        return math.exp(math.lgamma(a + 0.5) - math.lgamma(a))
    y = 1.0 / a
    series = 1.0 - y / 8 + y**2 / 128 + 5 * y**3 / 1024 - 21 * y**4 / 32768 - 399 * y**5 / 262144
    return math.sqrt(a) * series


def _trigamma(x: float) -> float:
    """Second derivative of ln Gamma: recurrence, then a series (Abramowitz & Stegun 6.4.12)."""
    total = 0.0
    while x < 20.0:
        total += 1.0 / (x * x)
        x += 1.0
    y = 1.0 / (x * x)
    tail = 1 / 6 - y * (1 / 30 - y * (1 / 42 - y / 30))
    return total + 1.0 / x + 0.5 * y + y / x * tail
