"""The notebooks run as they stand, on few images and few updates, and show what they say."""

from __future__ import annotations

import json
import math
import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"


def cells(name: str, kind: str = "code") -> list[str]:
    book = json.loads((NOTEBOOKS / f"{name}.ipynb").read_text(encoding="utf-8"))
    return ["".join(cell["source"]) for cell in book["cells"] if cell["cell_type"] == kind]


@pytest.fixture
def execute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """``execute(name)``: the names that a notebook ends with."""
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("agg")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ALIGNSCOPE_NOTEBOOKS", raising=False)

    def run(name: str) -> dict[str, Any]:
        names: dict[str, Any] = {"__name__": "__main__"}
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for number, source in enumerate(cells(name)):
                exec(compile(source, f"{name}[{number}]", "exec"), names)
        return names

    return run


def compiled() -> None:
    if "ALIGNSCOPE_COMPILED" not in os.environ:
        pytest.importorskip("alignscope._core", reason="the compiled part is not installed")


def test_no_notebook_is_left_out_or_shows_an_error() -> None:
    names = [path.stem for path in sorted(NOTEBOOKS.glob("*.ipynb"))]
    tested = "".join(Path(__file__).read_text(encoding="utf-8").split("def test_")[2:])
    assert len(names) == 4 and all(f'execute("{name}")' in tested for name in names)
    for name in names:
        book = json.loads((NOTEBOOKS / f"{name}.ipynb").read_text(encoding="utf-8"))
        assert book["nbformat"] == 4 and len({cell["id"] for cell in book["cells"]}) > 5
        outputs = [output for cell in book["cells"] for output in cell.get("outputs", [])]
        assert outputs and all(output["output_type"] != "error" for output in outputs), name
        assert "/tmp/" not in json.dumps(outputs) and "/home/" not in json.dumps(outputs)


def test_a_first_alignment(execute: Any) -> None:
    compiled()
    pytest.importorskip("torch", minversion="2.5")
    names = execute("1-first-alignment")
    # Five lines, as the title says, with the import.
    assert len([line for line in cells("1-first-alignment")[0].splitlines() if line]) <= 5
    assert names["found"].z > 10 and names["found_white"].p > 1e-3
    for angles, predicted in zip(names["measured"], names["predicted"]):
        error = np.std(angles, ddof=1) / math.sqrt(len(angles))
        assert abs(np.mean(angles) - predicted) < 5 * error
    last = names["monitor"].series("weight_alignment", 2)[1]
    assert abs(last[0] - 90) < 8 and last[-1] < 75


def test_a_convolutional_network(execute: Any) -> None:
    pytest.importorskip("torch", minversion="2.5")
    data = Path(os.environ.get("ALIGNSCOPE_DATA", "data")).absolute()
    if not any(any((data / name).glob("*")) for name in ("cifar10", "fashion-mnist")):
        pytest.skip("no images: ALIGNSCOPE_DATA names no directory with cifar10 or fashion-mnist")
    names = execute("2-convolutional-network")
    found = names["found"]
    assert names["name"] == ("cifar10" if any((data / "cifar10").glob("*")) else "fashion-mnist")
    for case, runs in found.items():
        for monitor, accuracy in runs:
            assert 0 <= accuracy <= 100 and not monitor.absent
            assert all(row.value == 0 for row in monitor.rows if row.quantity == "not_finite")
            drift = []
            for layer in range(4):
                norms = monitor.series("weight_norm", layer)[1]
                drift.append(abs(norms / norms[0] - 1).max())
                aligned = monitor.series("weight_alignment", layer)[1]
                assert (len(aligned) > 0) == (case != "BP" and layer > 0)
            # The one thing that weight normalisation is to do.
            assert (max(drift) < 1e-5) == (case == "FA with WN")


def test_your_own_rule(execute: Any) -> None:
    pytest.importorskip("torch", minversion="2.5")
    names = execute("3-your-own-rule")
    found, last = names["found"], names["last"]
    for (fa, *_), (signs, *_) in zip(found["fa"], found["signs"]):
        # The same weights and B at the start, and others at the end.
        for layer in (1, 2):
            starts = [of.series("weight_alignment", layer)[1][0] for of in (fa, signs)]
            assert abs(starts[0] - starts[1]) < 1e-4
        assert last(fa, "weight_alignment", 2) != last(signs, "weight_alignment", 2)
        assert last(signs, "weight_alignment", 2) < 75
    for monitor, end, start in found["bp"]:
        # There is no B that anything could align with.
        assert end < start / 4 and not len(monitor.series("weight_alignment", 1)[1])
    for _, end, start in found["signs"]:
        assert end < start / 4


def test_a_paper_figure(execute: Any) -> None:
    compiled()
    pytest.importorskip("pandas")
    names = execute("4-paper-figure")
    assert (names["directory"] / "memory.pdf").read_bytes().startswith(b"%PDF")
    run = names["run"]
    ends = dict(zip(run.summary["activity"], run.summary["mean"]))
    assert 90 + 2.6 > ends["white"] > 90 - 2.6 > ends["ar1:0.5"] > 80 > ends["ar1:0.9"]
    assert run.claims[0].verdict in ("holds", "undecided") and run.claims[0].parts[0].n == 5
    # The dashed line of the strongest memory, at its end.
    assert abs(names["predicted"][-1] - run.curves("weight_alignment")[2].mean[-3]) < 4
