"""Networks and specs run from Python: against the command line, and against what is known."""

from __future__ import annotations

import csv
import json
import math
import os
import signal
import subprocess
import threading
import time
from pathlib import Path

import numpy as np
import pytest

if "ALIGNSCOPE_COMPILED" not in os.environ:
    pytest.importorskip("alignscope._core", reason="the compiled part is not installed")

import alignscope
from alignscope.settings import TrainSettings

SMALL = {"hidden": [12], "epochs": 2, "repeats": 3, "eta": 0.02, "seed": 5}
SPEC = """
name = "small"

[[analysis]]
name = "angles"
kind = "isolate"
repeats = {repeats}
quantities = ["weight_alignment"]

[analysis.base]
layers = [8, 30, 6]
batch = 9
iterations = 60
eta = 0.01
activation = "linear"
error = "ar1:0.9"

[analysis.sweep]
activity = ["white", "ar1:0.9"]

[[claim]]
name = "small/1"
statement = "Signals with memory align"
source = "this test"
kind = "replication"
set = "before"
why = "independent matrices are at 90 degrees"

[claim.let.angle]
analysis = "angles"
quantity = "weight_alignment"
layer = 1
where = {{ activity = "ar1:0.9" }}

[[claim.part]]
statistic = "weight alignment at the end, degrees"
value = "angle"
at-most = 85
"""


def stored(directory: Path) -> list[dict[str, str]]:
    with open(directory / "series.csv", newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def same(table: alignscope.Table, rows: list[dict[str, str]]) -> None:
    """Check that a table has the rows of a file, to the last digit."""
    assert table.rows == len(rows) > 0 and list(table) == list(rows[0])
    for name, column in table.items():
        for value, text in zip(column, (row[name] for row in rows)):
            if isinstance(value, np.str_):
                assert value == text
            elif text == "":
                assert math.isnan(value)
            else:
                assert float(text) == value


def test_the_command_line_gives_the_same_numbers(program: str, tmp_path: Path) -> None:
    line = "train --hidden 12 --epochs 2 --repeats 3 --eta 0.02 --seed 5 --rule fa --json --out"
    done = subprocess.run(
        [program, *line.split(), str(tmp_path / "line")], check=True, capture_output=True
    )
    run = alignscope.train(rule="fa", **SMALL)
    same(run.series, stored(tmp_path / "line"))
    assert run.ended == "completed" and run.directories == ()
    entries = json.loads(done.stdout)["summary"]
    assert run.summary["mean"].tolist() == [entry["mean"] for entry in entries]
    assert run.summary["ci95_low"].tolist() == [entry["ci95"][0] for entry in entries]
    # What one has written is the other's to read, and to go on with.
    read = alignscope.read_run(tmp_path / "line")
    assert read.series["value"].tolist() == run.series["value"].tolist()
    again = subprocess.run(
        [program, "run", str(tmp_path / "line"), "--json"], check=True, capture_output=True
    )
    assert json.loads(again.stdout)["summary"] == entries


def test_threads_and_resuming_change_nothing(tmp_path: Path) -> None:
    run = tmp_path / "run"
    one = alignscope.train(out=run, threads=1, export="weights", **SMALL)
    next((run / "jobs").iterdir()).unlink()
    two = alignscope.train(out=run, threads=2, export="weights", **SMALL)
    assert one.series["value"].tolist() == two.series["value"].tolist()
    same(two.series, stored(run))
    ends = one.series.where(quantity="weight_alignment", layer=1)
    last = ends.where(iteration=ends["iteration"].max())["value"]
    archives = list(run.glob("weights/*.npz"))
    assert one.directories == (run,) and len(archives) == 3
    for archive in archives:
        with np.load(archive) as members:
            degrees = alignscope.weight_alignment(members["W1"], members["B1"]).degrees
        assert abs(last - degrees).min() < 1e-4
    # A damaged result is told of, and made again.
    damaged = next((run / "jobs").iterdir())
    damaged.write_bytes(damaged.read_bytes()[:-9])
    with pytest.warns(UserWarning, match="left out"):
        assert alignscope.read_run(run).series.rows < one.series.rows
    with pytest.warns(UserWarning, match="damaged"):
        again = alignscope.train(out=run, **SMALL)
    assert one.series["value"].tolist() == again.series["value"].tolist()


def test_a_zero_learning_rate_leaves_the_start_alone() -> None:
    run = alignscope.train(**{**SMALL, "eta": 1e-30})
    for curve in run.curves("weight_alignment"):
        assert np.ptp(curve.mean) < 1e-4
    trained = alignscope.train(**SMALL)
    curve = trained.curves("weight_alignment")[0]
    assert curve.mean[-1] < curve.null[0] < curve.mean[0] < curve.null[1]
    assert curve.low[-1] < curve.mean[-1] < curve.high[-1] and curve.n.tolist() == [3] * 3
    with pytest.raises(ValueError, match="expected one of weight_alignment"):
        trained.curves("weight_norm")


def test_the_names_for_editors_are_all_there_are() -> None:
    known = [of.name for of in alignscope.parameters("train")]
    assert [name.replace("_", "-") for name in TrainSettings.__annotations__] == known
    assert {"layers", "activity"} <= {of.name for of in alignscope.parameters("isolate")}
    with pytest.raises(ValueError, match="no kind of analysis `trian`"):
        alignscope.parameters("trian")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"etaa": 1}, "did you mean `eta`"),
        ({"eta": -1}, "eta cannot be `-1`"),
        ({"rule": "hebb"}, "unknown rule `hebb`"),
        ({"layers": [3, 4, 5]}, "not of .train"),
        ({"data": "nothing/there"}, "nothing/there"),
        ({"data": "mnist", "data_dir": "nowhere"}, "or say with data_dir or ALIGNSCOPE_DATA"),
        ({"export": "weights"}, "give out=DIR"),
        ({"export": "all", "out": "x"}, "expected off, weights, signals"),
    ],
)
def test_what_makes_no_sense_is_refused(settings: dict, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        alignscope.train(**settings)


def test_divergence_is_said() -> None:
    with pytest.warns(UserWarning, match="diverged at iteration"):
        run = alignscope.train(
            **{**SMALL, "eta": 1e6, "activation": "linear", "loss": "squared-linear"}
        )
    assert run.ended == "diverged" and run.warnings


def test_specs_run_and_claims_are_judged(tmp_path: Path, program: str) -> None:
    spec = tmp_path / "small.toml"
    spec.write_text(SPEC.format(repeats=40), encoding="utf-8")
    run = alignscope.verify(spec, out=tmp_path / "run")
    (claim,) = run.claims
    assert claim.name == "small/1" and claim.verdict == "holds" and claim.family_size == 1
    assert (claim.kind, claim.set, claim.changed, claim.plan) == ("replication", "before", "", None)
    assert claim.parts[0].mean < 80 and claim.parts[0].ci95[1] < 90
    # Looks are after 10, 20, 40 repeats: no more are run than decide it.
    assert run.ended == "partly" and claim.decided_after <= claim.parts[0].n < 40
    line = [program, "verify", str(tmp_path / "run"), "--json"]
    verdicts = (tmp_path / "run" / "verdicts.csv").read_bytes()
    said = json.loads(subprocess.run(line, check=True, capture_output=True).stdout)["claims"][0]
    assert (tmp_path / "run" / "verdicts.csv").read_bytes() == verdicts
    assert said["verdict"] == claim.verdict and said["parts"][0]["mean"] == claim.parts[0].mean
    whole = alignscope.run(spec, out=tmp_path / "whole")
    assert whole.ended == "completed" and len(whole.conditions) == 2
    assert [of.label for of in whole.conditions] == [of.label for of in run.conditions]
    same(whole.series, stored(tmp_path / "whole"))
    with pytest.raises(RuntimeError, match="another spec"):
        other = SPEC.replace("iterations = 60", "iterations = 61")
        spec.write_text(other.format(repeats=40), encoding="utf-8")
        alignscope.run(spec, out=tmp_path / "whole")
    spec.write_text("[[analysis]]\nkind = 'isolat'", encoding="utf-8")
    with pytest.raises(ValueError, match="did you mean"):
        alignscope.run(spec)
    with pytest.raises(ValueError, match="not both"):
        alignscope.verify(spec, own="quick")
    with pytest.raises(ValueError, match="no manifest"):
        alignscope.read_run(tmp_path)


@pytest.mark.skipif(os.name == "nt", reason="signals of processes are not those of Windows")
def test_ctrl_c_ends_a_run_and_keeps_what_is_done(tmp_path: Path) -> None:
    # A shell that starts the tests in the background has the signal ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        threading.Timer(1.0, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
        with pytest.raises(KeyboardInterrupt):
            alignscope.train(hidden=[64], epochs=10_000, repeats=4, out=tmp_path / "run")
    finally:
        signal.signal(signal.SIGINT, before)
    assert json.loads((tmp_path / "run" / "manifest.json").read_text())["ended"] == "interrupted"


def test_other_threads_go_on_meanwhile() -> None:
    counted, done = [0], threading.Event()

    def count() -> None:
        while not done.is_set():
            counted[0] += 1
            time.sleep(0.001)

    thread = threading.Thread(target=count)
    thread.start()
    before = counted[0]
    alignscope.train(hidden=[64], epochs=20, repeats=2, record_every=1000)
    after = counted[0]
    done.set()
    thread.join()
    assert after - before > 10


def test_results_become_tables() -> None:
    table = alignscope.train(**SMALL).series
    with pytest.raises(KeyError, match="there is no column 'lagg'"):
        table["lagg"]
    assert dict(table).keys() == set(table) and "repeat" in table.about
    pandas = pytest.importorskip("pandas")
    frame = table.to_pandas()
    assert str(frame["layer"].dtype) == "Int64" and len(pandas.DataFrame(dict(table))) == len(frame)
    absent = int(np.isnan(table["layer"]).sum())
    assert absent and frame["layer"].isna().sum() == absent


def test_polars_and_arrow_have_nulls() -> None:
    table = alignscope.train(**SMALL).series
    absent = int(np.isnan(table["layer"]).sum())
    arrow = pytest.importorskip("pyarrow")
    assert table.to_arrow()["layer"].null_count == absent
    assert table.to_arrow().schema.field("layer").type == arrow.int64()
    polars = pytest.importorskip("polars")
    frame = table.to_polars()
    assert frame["layer"].null_count() == absent and frame["layer"].dtype == polars.Int64
    assert frame["value"].to_list() == table.to_arrow()["value"].to_pylist()


def test_results_draw_themselves(tmp_path: Path) -> None:
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    run = alignscope.train(**{**SMALL, "hidden": [12, 10]})
    ax = run.plot(ax=plt.figure().gca())
    drawn = {line.get_label(): line for line in ax.get_lines()}
    curve = run.curves("weight_alignment")[1]
    assert np.array_equal(drawn["layer 2"].get_ydata(), curve.mean)
    # Ends of the null of both layers beside the two curves.
    assert len(ax.get_lines()) == 2 + 4
    assert not run.plot("test_accuracy", ax=plt.figure().gca()).get_legend()


@pytest.mark.parametrize(
    "given",
    [
        {"draws": 3, "seed": 2},
        {"draws": 2, "wn": 1.0},
        {"draws": 2, "signals": "products", "batch": 50},
        {"draws": 2, "activation": "relu"},
    ],
)
def test_predictions_of_depth_are_those_of_the_command_line(program: str, given: dict) -> None:
    given = {"batch": 5, **given}
    options = [f"--{name}={value}" for name, value in given.items()]
    line = "theory depth --layers 6,20,20,4 --iterations 15 --eta 0.01 --activity ar1:0.9 --error "
    line += "ar1:0.5 --report-at 7 --json"
    done = subprocess.run([program, *line.split(), *options], check=True, capture_output=True)
    rows = json.loads(done.stdout)["summary"]
    found = alignscope.predict_depth(
        [6, 20, 20, 4],
        iterations=15,
        eta=0.01,
        activity="ar1:0.9",
        error="ar1:0.5",
        report_at=[7],
        **given,
    )
    for name in ("quantity", "layer", "iteration", "prediction", "prediction_se"):
        assert found.table[name].tolist() == [row[name] for row in rows]
    bounds = [math.nan if row.get("bound") is None else row["bound"] for row in rows]
    np.testing.assert_array_equal(found.table["bound"], bounds)
    assert ("activation" in given) == bool(np.isfinite(bounds).any())
    assert found.source == rows[0]["source"] and found.assumptions == rows[0]["assumptions"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"width": "finite"}, "wide layers"),
        ({"signals": "products"}, "more of signals than their products"),
        ({"wn": 1.0}, "without weight normalisation"),
        ({"batch": 100, "iterations": 300}, "30000 of them are more than"),
        ({"activation": "tanh"}, "linear or relu"),
        ({"signals": "halves"}, "whole or products"),
    ],
)
def test_what_the_theory_of_relu_is_not_of_is_refused(given: dict, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        alignscope.predict_depth([6, 20, 4], **{"activation": "relu", "batch": 5, **given})


def test_what_predictions_of_depth_refuse() -> None:
    with pytest.raises(ValueError, match="finite, drawn or infinite"):
        alignscope.predict_depth(width="wide")
    with pytest.raises(ValueError, match="never reached"):
        alignscope.predict_depth(iterations=5, report_at=[6])
    with pytest.raises(ValueError, match="at least one hidden layer"):
        alignscope.predict_depth([4, 5])


def test_predictions_of_learning_are_those_of_the_command_line(program: str) -> None:
    line = "theory learning --hidden 20 --epochs 5 --eta 2e-3 --draws 2 --json"
    done = subprocess.run([program, *line.split()], check=True, capture_output=True)
    rows = json.loads(done.stdout)["summary"]
    settings = {"hidden": [20], "epochs": 5, "eta": 2e-3}
    found = alignscope.predict_learning(draws=2, **settings)
    for name in ("quantity", "iteration", "prediction", "prediction_se"):
        assert found.table[name].tolist() == [row[name] for row in rows]
    with pytest.raises(ValueError, match="give activation linear and loss"):
        alignscope.predict_learning(activation="relu", **settings)
    # And what it predicts comes about.
    run = alignscope.train(
        activation="linear", loss="squared-linear", precision="f64", repeats=10, **settings
    )
    curve = run.curves("test_accuracy")[0]
    predicted = found.table.where(quantity="test_accuracy")["prediction"]
    assert curve.mean[-1] > 80 and abs(curve.mean[1:] - predicted[1:]).max() < 6


def recorded(path: Path) -> list[np.ndarray]:
    """Record five updates of the rule by NumPy; gives the states of W1."""
    rng = np.random.default_rng(1)
    x, w = rng.normal(size=(5, 6, 8)), [rng.normal(size=(8, 7)), rng.normal(size=(7, 4))]
    b, target = rng.normal(size=(4, 7)), rng.normal(size=(6, 4))
    states: list[list[np.ndarray]] = [[w[0]], [w[1]]]
    hidden, errors, deltas = [], [], []
    for k in range(5):
        z = x[k] @ w[0]
        h = np.tanh(z)
        e = target - h @ w[1]
        delta = (e @ b) * (1 - h**2)
        w = [w[0] + 0.01 * x[k].T @ delta, w[1] + 0.01 * h.T @ e]
        for state, now in zip(states, w):
            state.append(now)
        hidden.append(h)
        errors.append(e)
        deltas.append(delta)
    np.savez(
        path,
        W0=states[0],
        W1=states[1],
        B1=b,
        activity0=x,
        activity1=hidden,
        delta1=deltas,
        delta2=errors,
    )
    return [*states[1], b]


def test_a_recording_says_what_it_is(tmp_path: Path) -> None:
    *states, b = recorded(tmp_path / "run.npz")
    found = alignscope.analyze(tmp_path / "run.npz", lags=[1, 2])
    assert found.activations == {1: "tanh"} and found.carried_by == {1: "backward"}
    assert found.rule == "plain"
    assert found.found["steps"]["fits"][0]["eta"][1] == pytest.approx(0.01)
    (angles,) = found.angles
    expected = [alignscope.weight_alignment(w, b) for w in states]
    assert angles.degrees == pytest.approx([of.degrees for of in expected], abs=1e-9)
    assert angles.z == pytest.approx([expected[0].z, expected[-1].z])
    assert angles.null_interval == pytest.approx(expected[0].null_interval)
    # Sums of terms, last term and remainder make the update.
    for k in range(1, 5):
        at = found.terms.where(iteration=k)
        shares = {part: at.where(part=part)["share_of_update"] for part in np.unique(at["part"])}
        whole = ("alignment_sum", "last", "remainder")
        assert sum(shares[part][0] for part in whole) == pytest.approx(1)
    with pytest.raises(ValueError, match="lags are 1 to 4"):
        alignscope.analyze(tmp_path / "run.npz", lags=[9])
    with pytest.raises(ValueError, match="unknown activation"):
        alignscope.analyze(tmp_path / "run.npz", activation="tan")
    with pytest.raises(ValueError, match="nothing"):
        alignscope.analyze(tmp_path / "nothing.npz")
