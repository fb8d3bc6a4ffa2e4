"""The style of figures for matplotlib."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

STYLE = Path(__file__).parents[1] / "alignscope" / "paper.mplstyle"
RUST = Path(__file__).parents[2] / "src" / "figure" / "style.rs"


def test_every_line_is_known_to_matplotlib():
    matplotlib = pytest.importorskip("matplotlib")
    style = pytest.importorskip("matplotlib.style")
    with matplotlib.rc_context():
        style.use(STYLE)
        assert matplotlib.rcParams["pdf.fonttype"] == 42
        read = matplotlib.rc_params_from_file(STYLE, use_default_template=False)
    text = re.sub("#.*", "", STYLE.read_text())
    assert len(read) == sum(":" in line for line in text.splitlines())


def test_colours_are_those_of_the_program():
    light = re.search(r"static LIGHT.*?palette: \[(.*?)\],", RUST.read_text(), re.S).group(1)
    palette = re.findall(r"RGBColor\((\d+), (\d+), (\d+)\)", light)
    wanted = ["{:02x}{:02x}{:02x}".format(*map(int, colour)) for colour in palette]
    cycle = re.search(r'cycler\("color", \[(.*?)\]', STYLE.read_text()).group(1)
    assert re.findall(r'"(\w+)"', cycle) == wanted
