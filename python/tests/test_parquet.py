"""Tables that the program writes as Parquet, read by the libraries that users read them with."""

from __future__ import annotations

import csv
import json
import subprocess
from pathlib import Path

import pytest

arrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")


@pytest.fixture(scope="module")
def run(program: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the directory of a run with its Parquet tables."""
    here = tmp_path_factory.mktemp("parquet")
    line = "train --hidden 12 --epochs 2 --repeats 3 --rule fa --seed 5 --out run"
    subprocess.run([program, *line.split()], check=True, capture_output=True, cwd=here)
    made = subprocess.run([program, "tables", "run"], capture_output=True, text=True, cwd=here)
    if made.returncode == 2 and "--features parquet" in made.stderr:
        pytest.skip("the program is built without Parquet")
    assert made.returncode == 0, made.stderr
    return here / "run"


@pytest.mark.parametrize("name", ["series", "summary"])
def test_pyarrow_reads_every_cell_of_the_csv(run: Path, name: str) -> None:
    with open(run / f"{name}.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    table = parquet.read_table(run / f"{name}.parquet")
    assert table.column_names == list(rows[0]) and table.num_rows == len(rows) > 2
    types = {field.name: field.type for field in table.schema}
    assert types["layer"] == types["iteration"] == arrow.int64()
    assert types["quantity"] == arrow.string()
    assert types["value" if name == "series" else "mean"] == arrow.float64()
    for column in table.column_names:
        read = {arrow.int64(): int, arrow.float64(): float, arrow.string(): str}[types[column]]
        expected = [read(row[column]) if row[column] else None for row in rows]
        assert table[column].to_pylist() == expected, column
    assert table["layer"].null_count > 0


def test_the_file_says_what_its_columns_hold(run: Path) -> None:
    about = json.loads(parquet.read_schema(run / "series.parquet").metadata[b"alignscope"])
    manifest = json.loads((run / "manifest.json").read_text())
    assert about["version"] == manifest["version"]
    assert "Layer" in about["columns"]["layer"]


def test_polars_reads_the_same_as_pyarrow(run: Path) -> None:
    polars = pytest.importorskip("polars")
    frame = polars.read_parquet(run / "series.parquet")
    table = parquet.read_table(run / "series.parquet")
    assert {name: list(values) for name, values in frame.to_dict().items()} == table.to_pydict()
    wanted = polars.col("quantity") == "weight_alignment"
    few = polars.scan_parquet(run / "series.parquet").filter(wanted).collect()
    assert 0 < len(few) == table["quantity"].to_pylist().count("weight_alignment")
