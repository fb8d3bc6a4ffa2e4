"""The compiled library: against NumPy, against the command line, and against what is known."""

import json
import math
import os
import subprocess
from typing import Any

import numpy as np
import pytest

if "ALIGNSCOPE_COMPILED" not in os.environ:
    pytest.importorskip("alignscope._core", reason="the compiled part is not installed")

import alignscope
from alignscope import engine

RNG = np.random.default_rng(5)


def angle(a: np.ndarray, b: np.ndarray) -> float:
    return math.degrees(math.acos((a * b).sum() / np.linalg.norm(a) / np.linalg.norm(b)))


def test_both_parts_of_the_package_are_of_one_version() -> None:
    from alignscope import _core

    assert alignscope.__version__ == _core.__version__


def test_angles_are_those_of_numpy() -> None:
    w, b = RNG.normal(size=(30, 20)), RNG.normal(size=(20, 30))
    found = alignscope.weight_alignment(w, b)
    assert abs(found.degrees - angle(w, b.T)) < 1e-10
    assert abs(alignscope.weight_alignment(w.T, b, same_shape=True).degrees - found.degrees) < 1e-12
    # Strides do not matter, nor the type.
    assert alignscope.weight_alignment(w[::2, ::-1], b[::-1, ::2]).degrees == pytest.approx(
        angle(w[::2, ::-1], b[::-1, ::2].T), abs=1e-10
    )
    assert alignscope.weight_alignment(np.eye(4, dtype=np.float32), np.eye(4)).degrees == 0.0


def test_the_null_is_that_of_random_matrices() -> None:
    w = RNG.normal(size=(6, 5))
    found = alignscope.weight_alignment(w, RNG.normal(size=(5, 6)))
    angles = np.array([angle(w, RNG.normal(size=w.shape)) for _ in range(20_000)])
    assert abs(angles.std() / found.null_sd - 1) < 0.03
    share = (abs(angles - 90) >= abs(found.degrees - 90)).mean()
    assert abs(share - found.p) < 4 * math.sqrt(max(share, 1e-3) / 20_000)
    low, high = found.null_interval
    assert abs(((angles > low) & (angles < high)).mean() - 0.95) < 0.01


@pytest.mark.parametrize(
    ("forward", "backward", "said"),
    [
        (np.ones((3, 2)), np.ones((3, 2)), "same_shape=True"),
        (np.ones((3, 2)), np.ones((4, 3)), "expected n_l x n_l\\+1"),
        (np.ones(3), np.ones((3, 1)), "expected a matrix"),
        (np.full((2, 2), np.nan), np.ones((2, 2)), "not finite"),
        (np.zeros((2, 3)), np.ones((3, 2)), "is zero"),
    ],
)
def test_what_has_no_angle_is_refused(forward: np.ndarray, backward: np.ndarray, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        alignscope.weight_alignment(forward, backward)


def test_spectra_are_those_of_numpy() -> None:
    a = RNG.normal(size=(12, 7))
    assert np.allclose(alignscope.singular_values(a), np.linalg.svd(a)[1], rtol=1e-12)
    square = RNG.normal(size=(9, 9))
    ours, theirs = alignscope.eigenvalues(square), np.linalg.eigvals(square)
    for value in ours:
        assert np.abs(theirs - value).min() < 1e-10


def test_signals_have_their_autocovariance() -> None:
    x, e = alignscope.signals("ar1:0.8", "white", iterations=400, batch=50, inputs=10, outputs=4)
    assert x.shape == (400, 50, 10) and e.shape == (400, 50, 4)
    exact = alignscope.autocovariance("ar1:0.8", 3)
    assert np.allclose(exact, 0.8 ** np.arange(4))
    for lag, value in enumerate(exact):
        assert abs((x[: 400 - lag] * x[lag:]).mean() - value) < 0.05
    with pytest.raises(ValueError, match="expected white, uniform"):
        alignscope.signals("wite")
    with pytest.raises(ValueError, match="depends on the lag alone"):
        alignscope.autocovariance("held:3", 2)
    assert any(form == "ar1:R" for form, _, _ in alignscope.signal_forms())


def test_the_rule_is_the_rule() -> None:
    """One update by hand: W_1 += eta L_1^T E, with the same signals and weights."""
    settings = {"activation": "linear", "batch": 7, "eta": 0.01, "seed": 3}
    before = alignscope.isolate([4, 6, 3], iterations=1, **{**settings, "eta": 1e-300})
    after = alignscope.isolate([4, 6, 3], iterations=1, **settings)
    x, e = alignscope.signals(batch=7, inputs=4, outputs=3, iterations=1, seed=3)
    hidden = x[0] @ before.weights[0]
    assert np.allclose(after.weights[1], before.weights[1] + 0.01 * hidden.T @ e[0], atol=1e-12)
    back = e[0] @ before.backward[0]
    assert np.allclose(after.weights[0], before.weights[0] + 0.01 * x[0].T @ back, atol=1e-12)
    found = alignscope.weight_alignment(after.weights[1], after.backward[0]).degrees
    assert abs(found - after.weight_alignment[-1, 0]) < 1e-12


def test_norms_are_kept_and_layers_counted() -> None:
    run = alignscope.isolate([5, 8, 8, 4], iterations=25, record_every=10, wn=0.7, batch=6)
    assert run.iterations.tolist() == [0, 10, 20, 25]
    assert run.weight_alignment.shape == (4, 2)
    for w in run.weights:
        assert np.allclose(np.linalg.norm(w, axis=0), 0.7)
    for bad, said in [
        ({"activation": "rel"}, "unknown activation `rel`"),
        ({"eta": -1.0}, "eta is -1"),
        ({"wn": -1}, "wn"),
        ({"record_every": 0}, "expected 1 or more"),
    ]:
        with pytest.raises(ValueError, match=said):
            alignscope.isolate([5, 8, 4], **bad)


def test_moments_predict_the_mean_of_runs() -> None:
    settings = dict(activity="ar1:0.9", error="ar1:0.8", batch=10, eta=2e-3, iterations=100)
    exact = alignscope.moments([10, 40, 10], **settings)
    products = []
    for repeat in range(60):
        run = alignscope.isolate(
            [10, 40, 10], activation="linear", record_every=100, repeat=repeat, **settings
        )
        products.append((run.weights[1] * run.backward[0].T).sum())
    error = exact.inner_product_sd / math.sqrt(60)
    assert abs(np.mean(products) - exact.inner_product) < 4 * error
    x, e = alignscope.signals("ar1:0.9", "ar1:0.8", batch=10, inputs=10, outputs=10, iterations=100)
    given = alignscope.moments_given(x, e, hidden=40, eta=2e-3)
    assert abs(given.degrees - exact.degrees) < 5
    with pytest.raises(ValueError, match="three layers"):
        alignscope.moments([10, 5, 5, 10])
    with pytest.raises(ValueError, match="give as many of both"):
        alignscope.moments_given(x, e[:50], hidden=4)


@pytest.mark.skipif("ALIGNSCOPE" not in os.environ, reason="ALIGNSCOPE names no program")
def test_the_command_line_gives_the_same_numbers(tmp_path: object) -> None:
    options = "--layers 8,30,6 --batch 9 --iterations 40 --eta 0.01 --activation linear"
    signals = "--activity ar1:0.9 --error ar1:0.5 --seed 4 --repeats 1 --record-every 40"
    line = [os.environ["ALIGNSCOPE"], "isolate", *options.split(), *signals.split()]
    line += ["--precision", "f64", "--json", "--out", str(tmp_path)]
    summary = json.loads(subprocess.run(line, check=True, capture_output=True).stdout)["summary"]
    last = [row for row in summary if row["quantity"] == "weight_alignment" and row["layer"] == 1][
        -1
    ]
    run = alignscope.isolate(
        [8, 30, 6],
        batch=9,
        iterations=40,
        eta=0.01,
        activation="linear",
        activity="ar1:0.9",
        error="ar1:0.5",
        seed=4,
        record_every=40,
    )
    assert run.weight_alignment[-1, 0] == last["mean"]


@pytest.mark.skipif("ALIGNSCOPE" not in os.environ, reason="ALIGNSCOPE names no program")
def test_times_are_those_of_the_command_line(tmp_path: object) -> None:
    options = "--layers 6,20,6 --batch 5 --iterations 30 --eta 0.01 --activation linear --dt 2ms"
    signals = "--activity ou:20ms --error ou:10ms --cross 0.5@lag=1 --hold 6ms --delay 4ms"
    line = [os.environ["ALIGNSCOPE"], "isolate", *options.split(), *signals.split()]
    line += ["--trace", "8ms", "--leak", "10ms", "--seed", "4", "--repeats", "1"]
    line += ["--record-every", "30", "--precision", "f64", "--json", "--out", str(tmp_path)]
    summary = json.loads(subprocess.run(line, check=True, capture_output=True).stdout)["summary"]
    last = [row for row in summary if row["quantity"] == "weight_alignment" and row["layer"] == 1][
        -1
    ]
    settings: dict[str, Any] = {
        "batch": 5,
        "iterations": 30,
        "eta": 0.01,
        "activity": "ou:20ms",
        "error": "ou:10ms",
        "cross": "0.5@lag=1",
        "hold": "6ms",
        "dt": "2ms",
        "delay": "4ms",
        "trace": "8ms",
        "leak": "10ms",
    }
    run = alignscope.isolate([6, 20, 6], **settings, activation="linear", seed=4, record_every=30)
    assert run.weight_alignment[-1, 0] == last["mean"]
    # The same in iterations, which take 2 ms.
    in_iterations = settings | {"hold": 3, "dt": None, "delay": 2, "trace": 4, "leak": 5}
    in_iterations |= {"activity": "ou:10", "error": "ou:5"}
    moments = alignscope.moments([6, 20, 6], **in_iterations)
    assert moments == alignscope.moments([6, 20, 6], **settings)
    assert moments != alignscope.moments([6, 20, 6], **(settings | {"delay": 0}))
    x, _ = alignscope.signals("ou:20ms", dt="2ms", hold="6ms", iterations=9, batch=2, inputs=2)
    assert (x[0] == x[2]).all()
    assert (x[0] != x[3]).any()
    with pytest.raises(ValueError, match="with dt"):
        alignscope.isolate(delay="4ms")


def test_results_become_tables() -> None:
    pytest.importorskip("pandas")
    table = alignscope.isolate([4, 6, 3], iterations=20, batch=5).to_pandas()
    assert list(table.columns) == ["iteration", "layer", "weight_alignment"] and len(table) == 3
    assert engine.__all__
