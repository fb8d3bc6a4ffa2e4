"""What a run that was recorded elsewhere says.

All names are in ``alignscope`` itself, too.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from alignscope import _core
from alignscope.runs import PathLike
from alignscope.tables import Table, column

if TYPE_CHECKING:
    import matplotlib.axes

__all__ = ["Analysis", "LayerAngles", "analyze"]


@dataclass(frozen=True)
class LayerAngles:
    """Weight alignment of one layer over the recorded states.

    Attributes
    ----------
    layer
        Layer of ``W_l``.
    degrees
        Angle of ``W_l`` to ``B_l^T`` by state; NaN where there is none.
    null_interval
        Ends of the interval that holds 95 % of the angles of independent matrices, in degrees.
    z
        Standard scores of the first and the last angle against these, positive if aligned.
    reading
        How the matrices are read, where nothing decides and both readings are given.
    """

    layer: int
    degrees: NDArray[np.float64]
    null_interval: tuple[float, float] | None
    z: tuple[float | None, float | None]
    reading: str | None


@dataclass(frozen=True)
class Analysis:
    """What a recording says.

    Attributes
    ----------
    angles
        Weight alignment by layer.
    activations
        Activation of every hidden layer by number, inferred or given; None where none fits.
    carried_by
        What carried the error back to every hidden layer: ``"backward"`` is ``B_l``,
        ``"forward_transposed"`` ``W_l^T``, ``"direct"`` one from the output; None where none fits.
    rule
        What the steps of the weights are made of; None where there are none on record.
    terms
        Decomposed updates: columns layer, iteration, part, lag, norm, degrees, share_of_update,
        share_of_alignment.
    remarks
        What was left out, and why, in sentences.
    found
        Everything, as ``alignscope analyze --json`` has it but for spectra and notes.
    """

    angles: tuple[LayerAngles, ...]
    activations: dict[int, str | None]
    carried_by: dict[int, str | None]
    rule: str | None
    terms: Table
    remarks: tuple[str, ...]
    found: dict[str, Any]

    def plot(self, ax: matplotlib.axes.Axes | None = None) -> matplotlib.axes.Axes:
        """Draw angles over states, with the interval that holds 95 % of the null."""
        import matplotlib.pyplot as plt

        ax = ax or plt.gca()
        for of in self.angles:
            name = f"layer {of.layer}" + (f", {of.reading}" if of.reading else "")
            line = ax.plot(of.degrees, label=name)[0]
            if of.null_interval is not None:
                ax.axhspan(*of.null_interval, color=line.get_color(), alpha=0.15, linewidth=0)
        ax.set_xlabel("state")
        ax.set_ylabel("weight alignment (degrees)")
        ax.legend()
        return ax


def analyze(
    path: PathLike,
    *,
    eta: float | None = None,
    activation: str | Sequence[str] = (),
    lags: Sequence[int] | None = None,
    window: int | None = None,
    every: int | None = None,
) -> Analysis:
    """Say of a recorded run whether it is the rule, how it aligns, and by which terms.

    Parameters
    ----------
    path
        An ``.npz`` archive, or a directory of ``.npy`` files, as :class:`alignscope.Recording`
        writes them.
    eta
        Learning rate that sums over the batch are multiplied by; fitted to the steps unless given.
    activation
        Activation of the hidden layers, one or one each; unless given what reproduces them.
    lags
        Lags whose terms are reported one by one; the first unless given.
    window
        Longest lag that terms are made for; unless given as far as memory and time allow.
    every
        Iterations from one decomposition to the next; unless given so that there are some 50.

    Returns
    -------
    Analysis
        Angles with their null, what carries the error back, rule, and terms by lag.

    Raises
    ------
    ValueError
        If it is no recording, a question does not fit it, or memory is short.

    Notes
    -----
    Ctrl-C ends the wait: what was begun continues in the background to its end.
    """
    names = [activation] if isinstance(activation, str) else list(activation)
    chosen = None if lags is None else list(lags)
    text = _core.analyze(os.fspath(path), eta, names, chosen, (window, every))
    return _analysis(json.loads(text))


def _analysis(found: dict[str, Any]) -> Analysis:
    steps = found["steps"]
    return Analysis(
        angles=tuple(map(_angles, found["angles"])),
        activations={of["layer"]: of["activation"] for of in found["activations"]},
        carried_by={of["layer"]: of["carried_by"] for of in found["feedback"]},
        rule=None if steps is None else steps["fits"][steps["chosen"]]["kind"],
        terms=_terms(found["terms"]),
        remarks=tuple(found["remarks"] + found["archive"]["remarks"]),
        found=found,
    )


def _angles(of: dict[str, Any]) -> LayerAngles:
    ends, (first, last) = of["null_interval95"], of["null_z"]
    degrees = np.array(of["degrees"], dtype=np.float64)
    null = None if ends is None else (ends[0], ends[1])
    return LayerAngles(of["layer"], degrees, null, (first, last), of.get("reading"))


def _terms(layers: list[dict[str, Any]]) -> Table:
    names = ("part", "lag", "norm", "degrees", "share_of_update", "share_of_alignment")
    rows = [
        {"layer": of["layer"], "iteration": at["iteration"], **part}
        for of in layers
        for at in of["iterations"]
        for part in at["parts"]
    ]
    return Table(
        {name: column([row.get(name) for row in rows]) for name in ("layer", "iteration", *names)}
    )
