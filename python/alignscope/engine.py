"""The compiled library: signals, the rule in isolation, exact theory, angles and spectra.

The same settings and seed give the numbers of the command line in double precision. All names are
in ``alignscope`` itself, too. Arguments that make no sense raise ``ValueError``, with what was
expected.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from alignscope import _core

if TYPE_CHECKING:
    import matplotlib.axes
    import pandas

Array = NDArray[np.float64]

__all__ = [
    "Isolation",
    "Moments",
    "WeightAlignment",
    "autocovariance",
    "eigenvalues",
    "isolate",
    "moments",
    "moments_given",
    "signal_forms",
    "signals",
    "singular_values",
    "weight_alignment",
]


@dataclass(frozen=True)
class WeightAlignment:
    """An angle beside that of matrices which have nothing to do with each other.

    Attributes
    ----------
    degrees
        Angle, from 0 to 180.
    p
        Probability that the angle to a matrix of independent normal entries is at least as far from
        90 degrees, on either side.
    z
        90 degrees minus the angle, in standard deviations of the null: positive where aligned.
    null_sd
        Standard deviation of the null around 90 degrees.
    null_interval
        Ends of the interval that holds 95 % of the null, in degrees.
    """

    degrees: float
    p: float
    z: float
    null_sd: float
    null_interval: tuple[float, float]


def _matrix(name: str, values: ArrayLike) -> Array:
    # Tensors of PyTorch and JAX are on whatever device, and may take part in a gradient.
    detach = getattr(values, "detach", None)
    if detach is not None:
        values = detach().cpu().double().numpy()
    matrix = np.asarray(values, dtype=np.float64)
    if matrix.ndim != 2:
        raise ValueError(f"{name} is {matrix.shape}: expected a matrix")
    if not np.isfinite(matrix).all():
        raise ValueError(f"{name} has entries that are not finite")
    return matrix


def weight_alignment(
    forward: ArrayLike, backward: ArrayLike, *, same_shape: bool = False
) -> WeightAlignment:
    """Angle of forward weights to the transpose of backward weights, with its null.

    Parameters
    ----------
    forward
        ``W_l``, n_l x n_{l+1}: maps layer l to layer l + 1.
    backward
        ``B_l``, n_{l+1} x n_l: carries errors back.
    same_shape
        Whether ``forward`` is stored as ``W_l^T``, which has the shape of ``B_l``: as
        ``torch.nn.Linear.weight`` is.

    Returns
    -------
    WeightAlignment
        The angle in degrees, and how it compares with that of independent matrices.

    Raises
    ------
    ValueError
        If the shapes do not fit, an entry is not finite, or a matrix is zero: it has no direction.

    Examples
    --------
    >>> found = weight_alignment(np.eye(3), np.eye(3))
    >>> round(found.degrees, 6)
    0.0
    """
    w, b = _matrix("forward", forward), _matrix("backward", backward)
    if same_shape:
        w = w.T
    if w.shape != b.shape[::-1]:
        hint = "; pass same_shape=True for weights stored as W^T" if w.shape == b.shape else ""
        raise ValueError(
            f"forward is {w.shape} and backward {b.shape}: expected n_l x n_l+1 and its "
            f"transpose{hint}"
        )
    degrees = _core.weight_alignment(w, b)
    if degrees is None:
        raise ValueError("one of the matrices is zero, and has no angle to anything")
    _, sd, interval, p, z = _core.null(w.size, degrees)
    return WeightAlignment(degrees, p, z, sd, (interval[0], interval[1]))


def singular_values(matrix: ArrayLike) -> Array:
    """Singular values in descending order, as many as the shorter side is long."""
    return np.array(_core.singular_values(_matrix("matrix", matrix)))


def eigenvalues(matrix: ArrayLike) -> NDArray[np.complex128]:
    """Eigenvalues of a square matrix, the largest modulus first."""
    return _core.eigenvalues(_matrix("matrix", matrix))


def signal_forms() -> list[tuple[str, list[str], str]]:
    """List the forms of signals: how each is typed, examples, and what it is."""
    return _core.forms()


def autocovariance(form: str, lags: int) -> Array:
    """Exact autocovariance of a stationary form at lags 0 to ``lags``.

    Parameters
    ----------
    form
        Such as ``"ar1:0.9"``; :func:`signal_forms` lists all.
    lags
        Largest lag, in iterations.

    Raises
    ------
    ValueError
        If there is no such form, or its covariance does not depend on the lag alone.
    """
    found = _core.autocovariance(form, lags)
    if found is None:
        raise ValueError(f"{form} has no autocovariance that depends on the lag alone")
    return np.array(found)


def signal_texts(
    activity: str, error: str, cross: str, hold: float | str, dt: str | None
) -> tuple[str, str, str, str, str | None]:
    """Write the settings of signals as the compiled library takes them."""
    return activity, error, cross, str(hold), dt


def time_texts(
    delay: float | str, trace: float | str | None, leak: float | str | None
) -> tuple[str, str | None, str | None]:
    """Write the times of the rule as the compiled library takes them."""
    constants = [None if time is None else str(time) for time in (trace, leak)]
    return str(delay), constants[0], constants[1]


def signals(
    activity: str = "held",
    error: str = "held",
    *,
    cross: str = "none",
    hold: float | str = 1,
    dt: str | None = None,
    iterations: int = 1500,
    batch: int = 100,
    inputs: int = 20,
    outputs: int = 20,
    seed: int = 1,
    repeat: int = 0,
) -> tuple[Array, Array]:
    """Draw an activity and an error: those that :func:`isolate` has for the same seed and repeat.

    Parameters
    ----------
    activity, error
        How values follow each other in time, such as ``"ar1:0.9"``.
    cross
        Correlation of the two, unit by unit: ``"none"``, ``"same"``, ``"0.5"``, ``"0.5@lag=2"``.
    hold
        How long a stimulus lasts: iterations, or with ``dt`` a time such as ``"20ms"``.
    dt
        How long an iteration takes, such as ``"1ms"``: forms may then have times in ms and s, as in
        ``"ou:20ms"``.
    iterations, batch, inputs, outputs
        Sizes.
    seed, repeat
        Which random numbers.

    Returns
    -------
    tuple
        ``X``, iterations x batch x inputs, and ``E``, iterations x batch x outputs.
    """
    sizes = (iterations, batch, inputs, outputs)
    x, e = _core.draw(signal_texts(activity, error, cross, hold, dt), sizes, seed, repeat)
    return x, e


@dataclass(frozen=True)
class Isolation:
    """What the rule did to weights, without any loss.

    Attributes
    ----------
    iterations
        Updates that were made before each measurement.
    weight_alignment
        Angle of ``W_l`` to ``B_l^T`` in degrees, measurements x layers, layers from 1; NaN where a
        matrix is zero.
    weights
        ``W_0`` to ``W_{D-1}`` after the last update, each n_l x n_{l+1}.
    backward
        ``B_1`` to ``B_{D-1}``, each n_{l+1} x n_l.
    """

    iterations: NDArray[np.int64]
    weight_alignment: Array
    weights: list[Array]
    backward: list[Array]

    def to_pandas(self) -> pandas.DataFrame:
        """Give a table with the columns iteration, layer, weight_alignment."""
        import pandas

        count, layers = self.weight_alignment.shape
        return pandas.DataFrame(
            {
                "iteration": np.repeat(self.iterations, layers),
                "layer": np.tile(np.arange(1, layers + 1), count),
                "weight_alignment": self.weight_alignment.ravel(),
            }
        )

    def plot(self, ax: matplotlib.axes.Axes | None = None) -> matplotlib.axes.Axes:
        """Draw the angles over iterations, with the interval that holds 95 % of the null."""
        import matplotlib.pyplot as plt

        ax = ax or plt.gca()
        for layer, (angles, w) in enumerate(zip(self.weight_alignment.T, self.weights[1:]), 1):
            line = ax.plot(self.iterations, angles, label=f"layer {layer}")[0]
            ends = _core.null(w.size, 90.0)[2]
            ax.axhspan(ends[0], ends[1], color=line.get_color(), alpha=0.15, linewidth=0)
        ax.set_xlabel("iteration")
        ax.set_ylabel("weight alignment (degrees)")
        ax.legend()
        return ax


def isolate(
    layers: Sequence[int] = (20, 100, 20),
    *,
    activity: str = "held",
    error: str = "held",
    cross: str = "none",
    hold: float | str = 1,
    dt: str | None = None,
    delay: float | str = 0,
    trace: float | str | None = None,
    leak: float | str | None = None,
    activation: str = "relu",
    batch: int = 100,
    iterations: int = 1500,
    eta: float = 4e-4,
    w_std: float = 1.0,
    b_std: float = 1.0,
    wn: str | float | None = None,
    record_every: int = 10,
    seed: int = 1,
    repeat: int = 0,
) -> Isolation:
    """Apply the update rule again and again to signals that know no loss.

    Parameters
    ----------
    layers
        Units per layer, inputs first.
    activity, error, cross, hold, dt
        As in :func:`signals`.
    delay
        The error meets the activity of so long before: iterations, or with ``dt`` a time.
    trace
        Time constant of the trace of an activity, an average over the past, that the error meets.
    leak
        Time constant of the units, whose pre-activations are averages over the past.
    activation
        ``"relu"``, ``"linear"``, ``"tanh"``, ...
    batch
        Samples per iteration.
    iterations
        Updates.
    eta
        Learning rate.
    w_std, b_std
        Standard deviations of ``W`` at the start, and of ``B``.
    wn
        Weight normalisation: the norm that every neuron's input weights are kept at, or a text as
        the command line takes it.
    record_every
        Updates from one measurement to the next.
    seed, repeat
        Which random numbers.

    Returns
    -------
    Isolation
        Angles in time, and weights at the end. Ctrl-C ends it with ``KeyboardInterrupt``.

    Examples
    --------
    >>> run = isolate([20, 100, 20], activity="ar1:0.9", error="ar1:0.8", activation="linear")
    >>> run.plot()                                                      # doctest: +SKIP
    """
    norm = None if wn is None else str(wn)
    if record_every < 1:
        raise ValueError(f"record_every={record_every}: expected 1 or more")
    at, angles, weights, backward = _core.isolate(
        list(layers),
        signal_texts(activity, error, cross, hold, dt),
        time_texts(delay, trace, leak),
        activation,
        (batch, iterations, record_every),
        (eta, w_std, b_std),
        norm,
        (seed, repeat),
    )
    measured = np.array(angles, dtype=np.float64).reshape(len(at), len(backward))
    return Isolation(np.array(at, dtype=np.int64), measured, weights, backward)


@dataclass(frozen=True)
class Moments:
    """Exact moments of the linear rule with one hidden layer.

    Attributes
    ----------
    inner_product
        Mean of ``<W_1, B^T>``.
    inner_product_sd
        Its standard deviation over repeats.
    squared_norm
        Mean of ``||W_1||^2``.
    degrees
        Angle whose cosine is the mean inner product over the root of the mean squared norms. In
        small networks it is above the mean angle: held signals of one sample and two outputs end at
        48.5 degrees on average, where it is 63.6.
    """

    inner_product: float
    inner_product_sd: float
    squared_norm: float
    degrees: float


def moments(
    layers: Sequence[int] = (20, 100, 20),
    *,
    activity: str = "held",
    error: str = "held",
    cross: str = "none",
    hold: float | str = 1,
    dt: str | None = None,
    delay: float | str = 0,
    trace: float | str | None = None,
    leak: float | str | None = None,
    batch: int = 100,
    iterations: int = 1500,
    eta: float = 4e-4,
    w_std: float = 1.0,
    b_std: float = 1.0,
) -> Moments:
    """Predict the linear rule, averaged over weights and over jointly Gaussian signals.

    Parameters are those of :func:`isolate`. All Wick pairings of the signals are taken, so that
    nothing is left out.

    Raises
    ------
    ValueError
        If the signals are not Gaussian, or there is not exactly one hidden layer.
    """
    found = _core.moments(
        list(layers),
        signal_texts(activity, error, cross, hold, dt),
        time_texts(delay, trace, leak),
        (batch, iterations),
        (eta, w_std, b_std),
    )
    return Moments(*found)


def moments_given(
    activity: ArrayLike,
    error: ArrayLike,
    *,
    hidden: int,
    eta: float = 4e-4,
    w_std: float = 1.0,
    b_std: float = 1.0,
) -> Moments:
    """Predict the linear rule for signals that are given, averaged over weights.

    Parameters
    ----------
    activity
        ``X``, iterations x samples x n_0.
    error
        ``E``, iterations x samples x n_2.
    hidden
        Hidden units.
    eta, w_std, b_std
        As in :func:`isolate`.

    Returns
    -------
    Moments
        Means over weights, for the signals as they are.

    Raises
    ------
    ValueError
        If a signal has not three dimensions or is not finite, both differ in iterations or samples,
        a size or scale makes no sense, or the moments are too large to be numbers.
    """
    arrays: list[Any] = []
    for name, values in (("activity", activity), ("error", error)):
        array = np.asarray(values, dtype=np.float64)
        if array.ndim != 3:
            raise ValueError(f"{name} is {array.shape}: expected iterations x samples x units")
        if not np.isfinite(array).all():
            raise ValueError(f"{name} has values that are not finite")
        arrays.append(array)
    found = _core.moments_given(arrays[0], arrays[1], hidden, (eta, w_std, b_std))
    if not all(map(math.isfinite, found)):
        raise ValueError(
            "the moments are beyond the largest number: eta or the signals are too large"
        )
    return Moments(*found)
