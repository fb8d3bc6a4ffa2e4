"""What the tests share: the program that reads recordings."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest


def _program() -> str | None:
    given = os.environ.get("ALIGNSCOPE")
    if given:
        return given
    target = Path(os.environ.get("CARGO_TARGET_DIR", Path(__file__).parents[2] / "target"))
    built = [target / profile / "alignscope" for profile in ("release", "mutants", "debug")]
    built = [path for path in built if path.exists()]
    newest = max(built, key=lambda path: path.stat().st_mtime, default=None)
    return str(newest) if newest else shutil.which("alignscope")


@pytest.fixture(scope="session")
def program() -> str:
    """Give the program that ALIGNSCOPE names."""
    if "ALIGNSCOPE" not in os.environ:
        pytest.skip("ALIGNSCOPE names no program")
    return os.environ["ALIGNSCOPE"]


@pytest.fixture(scope="session")
def analyze() -> Callable[..., dict[str, Any]]:
    """``analyze(path, *options)``: what ``alignscope analyze --json`` finds in a recording."""
    program = _program()
    if program is None:
        pytest.skip("no alignscope is built: set ALIGNSCOPE, or cargo build")

    def run(path: object, *options: str) -> dict[str, Any]:
        done = subprocess.run(
            [program, "analyze", str(path), "--json", *options], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


def angle(weights: np.ndarray, backward: np.ndarray) -> float:
    """Angle of W to B^T in degrees, computed in double precision."""
    w, b = weights.astype(np.float64).ravel(), backward.astype(np.float64).T.ravel()
    w, b = w / np.linalg.norm(w), b / np.linalg.norm(b)
    return float(np.degrees(2 * np.arctan2(np.linalg.norm(w - b), np.linalg.norm(w + b))))


def check_closes(found: dict[str, Any], carrier: str = "backward") -> None:
    """Check that activities, error signals and steps are made of each other to rounding."""
    assert found["activations"] and found["feedback"]
    for layer in found["activations"]:
        assert layer["closing"]["closes"], layer
    for layer in found["feedback"]:
        assert layer["carried_by"] == carrier, layer
    fit = found["steps"]["fits"][found["steps"]["chosen"]]
    assert fit["kind"] == "plain" and fit["closing"]["closes"], fit


def check_angles(found: dict[str, Any], members: Any, tolerance: float = 1e-5) -> None:
    """Check the angles of all states against those of the members, in double precision."""
    assert found["angles"]
    for of in found["angles"]:
        weights, backward = members[f"W{of['layer']}"], members[f"B{of['layer']}"]
        if backward.ndim == 2:
            backward = np.broadcast_to(backward, (len(weights), *backward.shape))
        expected = [angle(w, b) for w, b in zip(weights, backward)]
        np.testing.assert_allclose(of["degrees"], expected, rtol=0, atol=tolerance)
