"""Claims about values of one's own: against the rule worked out here, and those of specs."""

from __future__ import annotations

import math
import os
from pathlib import Path

import numpy as np
import pytest

if "ALIGNSCOPE_COMPILED" not in os.environ:
    pytest.importorskip("alignscope._core", reason="the compiled part is not installed")

import alignscope
from alignscope import Measured, judge

#: What gamblers start with, and what each puts at risk: docs/verdicts.md, The rule.
GAMBLERS = [
    (0.05, 0.01),
    (0.05, 0.02),
    (0.05, 0.04),
    (0.05, 0.07),
    (0.06, 0.12),
    (0.06, 0.2),
    (0.07, 0.3),
    (0.07, 0.42),
    (0.08, 0.55),
    (0.08, 0.7),
    (0.1, 0.83),
    (0.28, 0.95),
]

SPEC = """
name = "small"

[[analysis]]
name = "angles"
kind = "isolate"
repeats = 20
quantities = ["weight_alignment"]

[analysis.base]
layers = [8, 30, 6]
batch = 9
iterations = 60
activation = "linear"
error = "ar1:0.9"

[analysis.sweep]
activity = ["white", "ar1:0.9"]

[[claim]]
name = "small/1"
statement = "Signals with memory align by more than white ones"
reach = 12
let.white = { quantity = "weight_alignment", layer = 1, where = { activity = "white" } }
let.memory = { like = "white", where = { activity = "ar1:0.9" } }
part = [{ value = "white - memory", at-least = 1 }]
"""


def capital(values: np.ndarray, bound: float, reach: float) -> float:
    """Largest capital, as a power of ten, of gamblers who bet that the mean is above a bound."""
    gains = np.clip((values - bound) / reach, -1.0, 1.0)
    together = sum(start * np.cumprod(1.0 + bet * gains) for start, bet in GAMBLERS)
    return math.log10(together.max())


def test_evidence_is_that_of_gamblers() -> None:
    draws = np.random.default_rng(3)
    values = draws.normal(1.0, 0.7, 25)
    claim = judge("It helps", Measured("gain", values, at_least=0.0, reach=4.0), family=2)
    (part,) = claim.parts
    assert part.evidence_for == pytest.approx(capital(values, 0.0, 4.0), rel=1e-12)
    assert part.mean == pytest.approx(values.mean(), rel=1e-14)
    assert claim.verdict == ("holds" if part.evidence_for >= math.log10(2 / 0.05) else "undecided")
    least = judge("It harms", Measured("gain", -values, at_most=0.0, reach=4.0), family=2)
    assert least.parts[0].evidence_for == pytest.approx(part.evidence_for, rel=1e-12)


def test_claims_of_specs_are_judged_alike(tmp_path: Path) -> None:
    spec = tmp_path / "small.toml"
    spec.write_text(SPEC, encoding="utf-8")
    run = alignscope.run(spec, out=tmp_path / "run")
    (of_spec,) = run.claims
    at_end = run.series.where(quantity="weight_alignment", iteration=60)
    white, memory = (at_end.where(activity=form)["value"] for form in ("white", "ar1:0.9"))
    own = judge(
        "The same",
        Measured("white - memory", white - memory, at_least=1, reach=12, limits=(-180, 180)),
        name="small/1",
    )
    for name in ("verdict", "decided_after", "needed", "family_size"):
        assert getattr(own, name) == getattr(of_spec, name), name
    mine, theirs = own.parts[0], of_spec.parts[0]
    assert mine.mean == pytest.approx(theirs.mean, rel=1e-13) and mine.n == theirs.n
    assert mine.evidence_for == pytest.approx(theirs.evidence_for, rel=1e-9)


def test_a_claim_holds_if_every_part_does_and_one_refutes_it() -> None:
    clear = Measured("clear", np.full(30, 5.0), at_least=0, reach=6)
    wrong = Measured("wrong", np.full(30, -5.0), at_least=0, reach=6)
    assert judge("both", clear, clear).verdict == "holds"
    assert judge("one", clear, wrong).verdict == "fails"
    shares = Measured("share", [1.0] * 40, at_least=0.5, kind="share")
    assert judge("most", shares).verdict == "holds"
    assert judge("exact", Measured("sum", [1e-15], at_most=1e-12, kind="exact")).verdict == "holds"


@pytest.mark.parametrize(
    ("part", "message"),
    [
        (Measured("x", [1.0, math.nan], at_least=0, reach=1), "repeat 1 is not finite"),
        (Measured("x", [], at_least=0, reach=1), "no value"),
        (Measured("x", [1.0], reach=1), "no bound"),
        (Measured("x", [1.0], at_least=0), "neither a reach"),
        (Measured("x", [0.5], at_least=0, kind="share"), "not 0 or 1"),
        (Measured("x", [101.0], at_least=0, limits=(0, 100)), "not from 0 to 100"),
        (Measured("x", [1.0], at_least=2, at_most=1, reach=1), "above the upper"),
        (Measured("x", [1.0], at_least=0, kind="normal"), "expected bounded"),
        (Measured("x", [[1.0]], at_least=0, reach=1), "one dimension"),
    ],
)
def test_what_cannot_be_judged_is_refused(part: Measured, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        judge("It helps", part)
    with pytest.raises(ValueError, match="expected direction"):
        judge("It helps", Measured("x", [1.0], at_least=0, reach=1), kind="directed")
