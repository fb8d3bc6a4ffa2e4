"""Claims about values that were measured elsewhere, judged by the rule of ``alignscope verify``.

All names are in ``alignscope`` itself, too. What cannot be judged raises ``ValueError``.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from alignscope import _core
from alignscope.runs import Claim, claim_of

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["Measured", "judge"]


@dataclass(frozen=True)
class Measured:
    """Values, one of each repeat, and what is asked of their mean.

    Attributes
    ----------
    statistic
        What was measured, in words.
    values
        One value of each repeat, in the order in which repeats were made. Differences of the same
        repeat are paired. A run that diverged needs a value, too, such as an accuracy of 0.
    at_least, at_most
        Bounds of the mean; one of them at least.
    kind
        What is known of values before any is seen. ``"bounded"``: if the mean is at a bound, none
        is farther from it than ``reach``, nor outside of ``limits``. ``"share"``: 1 or 0, and the
        bounds are of the share of ones. ``"gaussian"``: they spread as a Gaussian does.
        ``"exact"``: they follow from algebra, and each has to be inside.
    reach
        Farthest that any value may be from the bound, if the mean were at it, in the unit of the
        values. Needed for ``"bounded"`` unless both ``limits`` are given. Six standard deviations
        of a pilot are a safe choice.
    limits
        Numbers that no value can be beyond, such as 0 and 100 of a percentage.
    epsilon
        How far beside a bound still counts as at it; 0 by default.
    """

    statistic: str
    values: ArrayLike
    at_least: float | None = None
    at_most: float | None = None
    kind: str = "bounded"
    reach: float | None = None
    limits: tuple[float, float] | None = None
    epsilon: float = 0.0


def judge(
    statement: str,
    *parts: Measured,
    family: int = 1,
    name: str = "",
    kind: str = "direction",
    set: str = "exploratory",
) -> Claim:
    """Judge a claim about values of your own: it holds if every part does.

    Verdicts are anytime-valid: repeats may be added until a claim is decided, and the probability
    of any wrong verdict in a family stays at 5 % or below.

    Parameters
    ----------
    statement
        What is claimed.
    parts
        Values, and what is asked of them.
    family
        How many claims share the level of error.
    name, kind, set
        As in specs: a name; direction, equivalence, replication or identity; whether the criterion
        was set ``"before"`` values were seen, or is ``"exploratory"``.

    Returns
    -------
    Claim
        With its verdict, evidence, and the repeats that would decide it.

    Raises
    ------
    ValueError
        If there is no value, one is not finite or not of its kind, or nothing is asked.

    Examples
    --------
    >>> gains = [1.2, 0.8, 1.1, 0.9, 1.0, 1.3, 0.7, 1.1, 1.0, 0.9]
    >>> claim = judge("It helps", Measured("accuracy gained", gains, at_least=0, reach=1.5))
    >>> claim.verdict, claim.parts[0].mean
    ('holds', 1.0)
    """
    typed = [_typed(part) for part in parts]
    return claim_of(json.loads(_core.judge((name, statement, kind, set), family, typed)))


def _typed(part: Measured) -> _core._Part:
    values = np.asarray(part.values, np.float64)
    if values.ndim != 1:
        raise ValueError(f"{part.statistic}: expected one dimension, a value of each repeat")
    low = -math.inf if part.at_least is None else float(part.at_least)
    high = math.inf if part.at_most is None else float(part.at_most)
    reach = math.inf if part.reach is None else float(part.reach)
    least, most = (-math.inf, math.inf) if part.limits is None else part.limits
    limits = (float(least), float(most))
    return (
        part.statistic,
        values.tolist(),
        (low, high),
        part.kind,
        reach,
        limits,
        float(part.epsilon),
    )
