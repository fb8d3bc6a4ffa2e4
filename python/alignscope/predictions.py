"""What theory says of deep networks, without running any.

All names are in ``alignscope`` itself, too.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from alignscope import _core
from alignscope.engine import signal_texts
from alignscope.runs import PathLike, text_of
from alignscope.tables import Table, column

if TYPE_CHECKING:
    import matplotlib.axes
    import pandas
    from typing_extensions import Unpack

    from alignscope.settings import TrainSettings

__all__ = ["Prediction", "predict_depth", "predict_learning"]


@dataclass(frozen=True)
class Prediction:
    """What is predicted, and on what grounds.

    Attributes
    ----------
    table
        Columns quantity, layer (NaN for the network as a whole), iteration, prediction (the mean
        over draws), prediction_se (its standard error; NaN of one draw) and bound (how far an
        approximation may be off, in degrees, which some networks are run for: inf where these
        would take too long; NaN where nothing is approximated).
    assumptions, source
        What it takes to hold, and where it comes from.
    """

    table: Table
    assumptions: str
    source: str

    def to_pandas(self) -> pandas.DataFrame:
        """Give the table as a ``pandas.DataFrame``."""
        return self.table.to_pandas()

    def plot(
        self, quantity: str = "weight_alignment", ax: matplotlib.axes.Axes | None = None
    ) -> matplotlib.axes.Axes:
        """Draw a quantity over iterations, with two standard errors over draws to each side."""
        import matplotlib.pyplot as plt

        rows = self.table.where(quantity=quantity)
        if rows.rows == 0:
            known = ", ".join(dict.fromkeys(map(str, self.table["quantity"])))
            raise ValueError(f"quantity={quantity!r}: expected one of {known}")
        ax = ax or plt.gca()
        layers = np.unique(rows["layer"])
        for layer in layers:
            of = rows if np.isnan(layer) else rows.where(layer=layer)
            at, mean, error = of["iteration"], of["prediction"], of["prediction_se"]
            name = "predicted" if len(layers) == 1 else f"predicted, layer {int(layer)}"
            line = ax.plot(at, mean, linestyle="--", label=name)[0]
            band = mean - 2 * error, mean + 2 * error
            ax.fill_between(at, *band, color=line.get_color(), alpha=0.2, lw=0)
        ax.set_xlabel("iteration")
        ax.set_ylabel(quantity.replace("_", " "))
        ax.legend()
        return ax


def _prediction(rows: list[tuple[Any, ...]], assumptions: str, source: str) -> Prediction:
    names = ("quantity", "layer", "iteration", "prediction", "prediction_se", "bound")
    columns = {name: column([row[at] for row in rows]) for at, name in enumerate(names)}
    for name in names[-2:]:
        columns[name] = columns[name].astype(np.float64)
    return Prediction(Table(columns), assumptions, source)


def predict_depth(
    layers: Sequence[int] = (20, 100, 100, 20),
    *,
    activity: str = "held",
    error: str = "held",
    cross: str = "none",
    hold: float | str = 1,
    dt: str | None = None,
    batch: int = 100,
    iterations: int = 300,
    report_at: Sequence[int] = (),
    eta: float = 4e-4,
    w_std: float = 1.0,
    b_std: float = 1.0,
    wn: str | float | Sequence[float] | None = None,
    activation: str = "linear",
    signals: str = "whole",
    width: str | None = None,
    draws: int = 10,
    seed: int = 1,
) -> Prediction:
    """Predict every layer of a deep network in isolation: ``alignscope theory depth``.

    Parameters
    ----------
    layers
        Units per layer, inputs first.
    activity, error, cross, hold, dt, batch, eta, w_std, b_std
        As in :func:`alignscope.isolate`.
    iterations
        Updates after which it is predicted.
    report_at
        Updates after which it is predicted besides.
    wn
        Norm that every neuron's input weights are kept at, one or one per layer.
    activation
        ``"linear"``, or ``"relu"``, whose theory is an approximation: see ``bound`` of the table.
    signals
        What is drawn of them: ``"whole"``, or ``"products"``, their products alone (linear
        networks, Gaussian signals; the cost does not grow with the batch).
    width
        What is kept of the effects of finite layers: ``"finite"`` (all; the default of linear
        networks), ``"drawn"`` (those of B) or ``"infinite"`` (none; all there is of ReLU).
    draws
        Draws of signals and B that it is averaged over: those of the repeats that ``isolate`` runs.
    seed
        Seed of the draws.

    Returns
    -------
    Prediction
        weight_alignment, delta_alignment and update_alignment in degrees, and
        weight_squared_norm, by layer; of ReLU weight_alignment and weight_squared_norm.

    Raises
    ------
    ValueError
        If a value makes no sense, the predicted weights run away, or networks that are run
        contradict the theory.
    """
    if draws < 1:
        raise ValueError(f"draws={draws}: expected 1 or more")
    beyond = [k for k in report_at if k < 1 or k > iterations]
    if beyond:
        raise ValueError(f"report_at: {beyond[0]} is never reached: give 1 to {iterations}")
    norm = None if wn is None else text_of({"wn": wn})[0][1]
    found = _core.depth(
        list(layers),
        signal_texts(activity, error, cross, hold, dt),
        (batch, draws),
        (eta, w_std, b_std),
        norm,
        (activation, signals, width),
        sorted({*report_at, iterations}),
        seed,
    )
    return _prediction(*found)


def predict_learning(
    *,
    draws: int = 20,
    width: str = "finite",
    data_dir: PathLike | None = None,
    **settings: Unpack[TrainSettings],
) -> Prediction:
    """Predict how a linear network learns on data: ``alignscope theory learning``.

    Parameters
    ----------
    draws, width
        As in :func:`predict_depth`; draws are those of the repeats that ``train`` runs.
    data_dir
        As in :func:`alignscope.train`.
    **settings
        Those of :func:`alignscope.train`; ``activation="linear"`` and ``loss="squared-linear"`` are
        the defaults here.

    Returns
    -------
    Prediction
        loss (per training image), train_accuracy and test_accuracy in per cent of the network;
        weight_alignment, delta_alignment, update_alignment in degrees by layer.

    Raises
    ------
    ValueError
        If the theory does not hold for such a network, or a value makes no sense.
    """
    if draws < 1:
        raise ValueError(f"draws={draws}: expected 1 or more")
    given: dict[str, Any] = {"activation": "linear", "loss": "squared-linear", **settings}
    directory = None if data_dir is None else os.fspath(data_dir)
    found = _core.learn(text_of({**given, "precision": "f64"}), width, draws, directory)
    return _prediction(*found)
