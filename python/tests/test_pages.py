"""What the pages show in Python runs as it stands."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "python.md"


def blocks():
    """Indented blocks of the page that are Python."""
    if not PAGE.exists():
        return []
    found = re.findall(r"(?:^(?:    .*|)\n)+", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    code = ["\n".join(line[4:] for line in block.splitlines()).strip() for block in found]
    return [block for block in code if block.startswith(("import ", "from "))]


def run(code, **names):
    exec(compile(code, str(PAGE), "exec"), names)


def test_the_compiled_library(capsys):
    if "ALIGNSCOPE_COMPILED" not in os.environ:
        pytest.importorskip("alignscope._core", reason="the compiled part is not installed")
    if not PAGE.exists():
        pytest.skip("the pages are not here")
    (code,) = (block for block in blocks() if "alignscope.isolate(" in block)
    run(code)
    degrees, z, p, predicted = map(float, capsys.readouterr().out.split())
    assert z > 5 and p < 1e-6
    # One run varies by some degrees around the mean.
    assert abs(degrees - predicted) < 10


def test_networks(capsys):
    if "ALIGNSCOPE_COMPILED" not in os.environ:
        pytest.importorskip("alignscope._core", reason="the compiled part is not installed")
    matplotlib = pytest.importorskip("matplotlib")
    if not PAGE.exists():
        pytest.skip("the pages are not here")
    matplotlib.use("agg")
    (code,) = (block for block in blocks() if "alignscope.train(" in block)
    run(code)
    measured, predicted = map(float, capsys.readouterr().out.split())
    assert measured < 80 and abs(measured - predicted) < 5


def test_the_functions_that_the_page_tells_exist():
    if "ALIGNSCOPE_COMPILED" not in os.environ:
        pytest.importorskip("alignscope._core", reason="the compiled part is not installed")
    if not PAGE.exists():
        pytest.skip("the pages are not here")
    import alignscope

    text = PAGE.read_text(encoding="utf-8").split("## Networks")[1].split("## First angles")[0]
    names = re.findall(r"`(\w+)\(", "".join(re.findall(r"^\| `.*? \|", text, re.MULTILINE)))
    assert len(names) == 10 and all(callable(getattr(alignscope, name)) for name in names)


def test_the_first_angles_of_a_network_in_pytorch(capsys):
    torch = pytest.importorskip("torch", minversion="2.5")
    if not PAGE.exists():
        pytest.skip("the pages are not here")
    (code,) = (block for block in blocks() if "alignscope.torch" in block)
    torch.manual_seed(0)
    batches = [(torch.randn(32, 784), torch.randint(0, 10, (32,))) for _ in range(21)]
    run(code, batches=batches)
    said = capsys.readouterr().out
    # 640 weights: the null has a standard deviation of 2.27 degrees.
    assert re.search(r"2: \d+\.\d+ -> \d+\.\d+ degrees after 20 updates \(null 90 \+- 2\.27", said)


def test_the_first_angles_in_jax(capsys):
    pytest.importorskip("jax")
    if not PAGE.exists():
        pytest.skip("the pages are not here")
    (code,) = (block for block in blocks() if "alignscope.jax" in block)
    run(code)
    degrees, p = capsys.readouterr().out.split()
    assert 80 < float(degrees) < 100 and 0 < float(p) <= 1


def test_names_that_the_page_tells_exist():
    torch = pytest.importorskip("torch", minversion="2.5")
    if not PAGE.exists():
        pytest.skip("the pages are not here")
    from alignscope.torch import FAMILIES, convert

    text = PAGE.read_text(encoding="utf-8")
    table = text.split("## Rules")[1].split("## The monitor")[0]
    cells = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    rules = [name for cell in cells for name in re.findall("`([^`]+)`", cell)]
    assert len(rules) == 18
    for rule in rules:
        number = {"RATE": "0.1", "RANK": "2"}
        name, colon, argument = rule.partition(":")
        convert(torch.nn.Linear(3, 4), name + colon + number.get(argument, ""))
    families = re.findall(r"^\| `([a-z]+)` \|", text.split("## The monitor")[1], re.MULTILINE)
    assert set(FAMILIES) <= set(families)
