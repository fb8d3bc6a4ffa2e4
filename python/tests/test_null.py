"""The null of an angle between weights, against its closed cases and drawn matrices."""

from __future__ import annotations

import math

import numpy as np
import pytest
import reference

from alignscope.null import WeightNull


def test_closed_cases():
    # N = 2: the angle is uniform on the circle; N = 3: the cosine is uniform.
    assert WeightNull(2).p_value(45) == pytest.approx(0.5, abs=1e-12)
    assert WeightNull(3).p_value(60) == pytest.approx(0.5, abs=1e-12)
    assert WeightNull(3).p_value(math.degrees(math.acos(0.9))) == pytest.approx(0.1, abs=1e-12)
    assert WeightNull(2).sd == pytest.approx(180 / math.sqrt(12), rel=1e-12)
    null = WeightNull(2500)
    assert null.sd == pytest.approx(1.146, abs=1e-3) and null.cosine_sd == 0.02
    assert null.p_value(87.754) == pytest.approx(0.05, abs=1e-4)
    assert null.z(90 - null.sd, 4) == pytest.approx(2.0)
    assert (
        null.p_value(4.0) < 1e-300 and null.p_value(0.0) == 0.0 and null.p_value(90.0) > 1 - 1e-12
    )
    assert null.p_value(80.0) == pytest.approx(null.p_value(100.0), rel=1e-12)
    with pytest.raises(ValueError, match="parallel or opposed"):
        WeightNull(1)


def test_integrals_of_the_density():
    for entries in (5, 60, 401, 100_001):
        null = WeightNull(entries)
        spread = 1 / math.sqrt(entries)
        for score in (0.3, 1.0, 2.5, 5.0):
            cosine = min(score * spread, 0.99)
            c = np.linspace(cosine, min(1.0, cosine + 40 * spread), 400_001)
            whole = np.linspace(0.0, min(1.0, 40 * spread), 400_001)
            logs = [(entries - 3) / 2 * np.log1p(-np.minimum(v * v, 1 - 1e-16)) for v in (c, whole)]
            shares = [np.trapezoid(np.exp(v), x) for v, x in zip(logs, (c, whole))]
            expected = shares[0] / shares[1]
            found = null.p_value(math.degrees(math.acos(cosine)))
            assert found == pytest.approx(expected, rel=1e-6), (entries, score)


def test_moments_and_tails_of_drawn_matrices():
    entries, draws = 60, 20_000
    null, random = WeightNull(entries), np.random.default_rng(17)
    pairs = random.normal(size=(draws, 2, entries))
    angles = np.array([reference.angle(a, b) for a, b in pairs])
    # Four standard errors of a variance of nearly normal values, and of a share.
    assert abs(angles.var() / null.sd**2 - 1) < 4 * math.sqrt(2 / draws)
    p = np.array([null.p_value(a) for a in angles[:4000]])
    for level in (0.01, 0.2, 0.5, 0.9):
        off = (p <= level).mean() - level
        assert abs(off) < 4 * math.sqrt(level * (1 - level) / 4000), level
