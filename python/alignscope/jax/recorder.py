"""Records JAX runs for ``alignscope analyze``.

A loss that passes every pre-activation through a function ``tap`` gives its error signals:

>>> def loss(params, x, y, tap):                                        # doctest: +SKIP
...     h = x
...     for k, (kernel, bias) in enumerate(params):
...         z = tap(h, h @ kernel + bias)
...         h = jnp.tanh(z)
...     return cross_entropy(z, y)
>>> step = jax.jit(value_grad_and_signals(loss))                        # doctest: +SKIP
>>> with Recorder("run") as recorder:                                   # doctest: +SKIP
...     for x, y in batches:
...         value, grads, signals = step(params, x, y)
...         recorder.update(params, signals, labels=y, feedback={1: B1})
...         params = jax.tree.map(lambda p, g: p - eta * g, params, grads)
...     recorder.finish(params)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from alignscope.recording import Recording, RecordingError

__all__ = [
    "Layers",
    "Recorder",
    "RecordingError",
    "Signals",
    "kernels_and_biases",
    "value_grad_and_signals",
]

Array = Any


class Signals(NamedTuple):
    """What passed through the layers in one update.

    Attributes
    ----------
    activities
        ``L_l``, samples x n_l: what each kernel was fed, the input first.
    deltas
        ``delta_{l+1}``, samples x n_{l+1}: minus the gradient of the loss in the pre-activations.
    """

    activities: tuple[Array, ...]
    deltas: tuple[Array, ...]


def value_grad_and_signals(
    loss: Callable[..., Array],
) -> Callable[..., tuple[Array, Any, Signals]]:
    """Make a function that gives a loss, its gradient in the parameters, and error signals.

    Each pre-activation gets a perturbation of zeros, in which the loss is differentiated beside
    the parameters: one forward and one backward pass. Derivatives that are set by hand
    (``jax.custom_vjp``), as of feedback alignment, are those that are recorded.

    Parameters
    ----------
    loss
        ``loss(params, *batch, tap)``, a scalar. It calls ``z = tap(activity, z)`` for each layer
        in order, with what the kernel is fed and the pre-activation it makes of it, and goes on
        with the ``z`` that it gets back. ``tap`` is the last argument.

    Returns
    -------
    callable
        ``f(params, *batch) -> (value, gradient, Signals)``. It can be compiled by ``jax.jit``.
    """

    def with_signals(params: Any, *batch: Any) -> tuple[Array, Any, Signals]:
        def shapes(params: Any, *batch: Any) -> list[Array]:
            made: list[Array] = []

            def tap(_: Array, z: Array) -> Array:
                made.append(z)
                return z

            loss(params, *batch, tap)
            return made

        zeros = [jnp.zeros(z.shape, z.dtype) for z in jax.eval_shape(shapes, params, *batch)]
        if not zeros:
            raise RecordingError("the loss never calls tap: let z = tap(activity, z) in each layer")

        def perturbed(params: Any, zeros: list[Array]) -> tuple[Array, tuple[Array, ...]]:
            activities: list[Array] = []

            def tap(activity: Array, z: Array) -> Array:
                activities.append(activity)
                return z + zeros[len(activities) - 1]

            return loss(params, *batch, tap), tuple(activities)

        both = jax.value_and_grad(perturbed, argnums=(0, 1), has_aux=True)
        (value, activities), (gradient, errors) = both(params, zeros)
        return value, gradient, Signals(activities, tuple(-error for error in errors))

    return with_signals


def kernels_and_biases(params: Any) -> tuple[list[Array], list[Array | None]]:
    """Find the kernels and biases of a network of dense layers, the input's first.

    Parameters
    ----------
    params
        Any pytree: a list of ``(kernel, bias)``, Flax's ``{"params": {"Dense_0": {"kernel": ...,
        "bias": ...}}}``, Haiku's ``{"linear": {"w": ..., "b": ...}}``. Kernels have two
        dimensions, n_l x n_{l+1}; biases have one, and stand beside their kernel. Names that
        differ in numbers are ordered as people count, ``Dense_2`` before ``Dense_10``; others, such
        as ``hidden`` and ``output``, by the one order in which the kernels follow each other.

    Returns
    -------
    kernels : list of array, n_l x n_{l+1}
    biases : list of array or None, n_{l+1}

    Raises
    ------
    RecordingError
        If that leaves any doubt; give :meth:`Recorder.update` lists of your own then.
    """
    groups: dict[tuple[Any, ...], dict[int, list[Array]]] = {}
    for path, leaf in jax.tree_util.tree_flatten_with_path(params)[0]:
        dimensions = np.ndim(leaf)
        keys = tuple(_natural(jax.tree_util.keystr((key,))) for key in path)
        # A list of bare matrices has no group: each is one.
        whole = len(path) == 1 and dimensions == 2
        group = groups.setdefault(keys if whole else keys[:-1], {})
        group.setdefault(dimensions, []).append(leaf)
    dense: dict[tuple[Any, ...], tuple[Array, Array | None]] = {}
    for key in sorted(groups):
        found = groups[key]
        if set(found) - {1, 2} or len(found.get(2, ())) != 1 or len(found.get(1, ())) > 1:
            told = {d: len(leaves) for d, leaves in found.items()}
            raise RecordingError(
                f"parameters {key} are no dense layer of one kernel and at most one bias (arrays "
                f"by dimensions: {told}): give the kernels and biases as two lists, in a Layers"
            )
        dense[key] = found[2][0], found.get(1, [None])[0]
    order = _order({key: np.shape(kernel) for key, (kernel, _) in dense.items()})
    return [dense[key][0] for key in order], [dense[key][1] for key in order]


def _order(shapes: dict[tuple[Any, ...], tuple[int, ...]]) -> list[tuple[Any, ...]]:
    """Order layers, the input's first: as their names count, or as only one order fits.

    Names that do not count, such as ``hidden`` and ``output``, have an order in no dictionary: JAX
    sorts them by the alphabet.
    """

    def fit(order: Sequence[tuple[Any, ...]]) -> bool:
        pairs = zip(order, order[1:])
        return all(shapes[below][1] == shapes[above][0] for below, above in pairs)

    counted = sorted(shapes)
    # Letters alone: Haiku counts linear, linear_1, linear_2, ...
    letters = {
        tuple(re.sub("[^A-Za-z]", "", "".join(text for _, text in part)) for part in key)
        for key in counted
    }
    if len(letters) <= 1:
        if not fit(counted):
            told = " and ".join(str(shapes[key]) for key in counted)
            raise RecordingError(
                f"kernels of {told} do not follow each other: give the kernels and biases as two "
                "lists, the input's first, in a Layers"
            )
        return counted
    orders: list[list[tuple[Any, ...]]] = [[key] for key in counted]
    for _ in counted[1:]:
        longer = ([*o, key] for o in orders for key in counted if key not in o)
        orders = [o for o in longer if fit(o[-2:])]
        if len(orders) > 1000:
            break
    if len(orders) != 1:
        names = ", ".join("".join(f"{t or n}" for part in key for n, t in part) for key in counted)
        raise RecordingError(
            f"the order of the layers {names} is given neither by numbers in their names nor by "
            "the shapes of their kernels: give the kernels and biases as two lists, the input's "
            "first, in a Layers"
        )
    return orders[0]


class Layers(NamedTuple):
    """Kernels and biases, the input's first, where :func:`kernels_and_biases` cannot find them.

    Attributes
    ----------
    kernels
        n_l x n_{l+1} each.
    biases
        n_{l+1} numbers each, or ``None``.
    """

    kernels: Sequence[Array]
    biases: Sequence[Array | None] | None = None


class Recorder:
    """Records what trains a network: weights, biases, B, activities and error signals.

    Parameters
    ----------
    path
        Directory that the recording is written to; without it :meth:`save` writes an archive.
    every
        Record updates 0, ``every``, 2 ``every``, ... with the states before and after each.
    samples
        Samples of every recorded iteration, if the first has not the most. Fewer are filled up
        with rows of zeros.
    memory
        Bytes of the buffers between the run and the file system.
    """

    def __init__(
        self,
        path: Any = None,
        *,
        every: int = 1,
        samples: int | None = None,
        memory: int = 1 << 26,
    ) -> None:
        self.recording = Recording(path, every=every, samples=samples, memory=memory)

    def update(
        self,
        params: Any,
        signals: Signals,
        *,
        labels: Array = None,
        feedback: Mapping[int, Array] | Sequence[Array] | None = None,
    ) -> None:
        """Record one update, with the parameters before it.

        Parameters
        ----------
        params
            What :func:`kernels_and_biases` takes, or two lists (kernels, biases) in a
            :class:`Layers`.
        signals
            What :func:`value_grad_and_signals` gave for these parameters.
        labels
            Class of every sample.
        feedback
            ``B_l`` by layer l, from 1: n_{l+1} x n_l, as of now. A ``B`` in the kernel's layout
            (in x out) is to be transposed.
        """
        kernels, biases = _layers(params)
        if len(kernels) != len(signals.activities):
            raise RecordingError(
                f"tap was called {len(signals.activities)} times, and there are {len(kernels)} "
                "kernels: call it once in each layer"
            )
        rows = [_rows(a) for a in signals.activities]
        errors = [_rows(d) for d in signals.deltas]
        for k, (kernel, activity, error) in enumerate(zip(kernels, rows, errors)):
            if (activity.shape[1], error.shape[1]) != np.shape(kernel):
                raise RecordingError(
                    f"tap call {k} was of {activity.shape[1]} to {error.shape[1]} units, and "
                    f"kernel {k} is {np.shape(kernel)}: call tap(activity, z) in "
                    "the order of the kernels"
                )
        self.recording.update(kernels, biases, rows, errors, labels, feedback)

    def finish(
        self,
        params: Any,
        feedback: Mapping[int, Array] | Sequence[Array] | None = None,
    ) -> None:
        """Record the parameters after the last update."""
        kernels, biases = _layers(params)
        self.recording.finish(kernels, biases, feedback)

    def save(self, path: Any = None, *, compress: bool = False) -> Any:
        """Bring everything to disk; make an archive, ``.npz``, if ``path`` is given.

        Returns
        -------
        Path
            The archive, or the directory.
        """
        return self.recording.save(path, compress=compress)

    def close(self) -> None:
        """Write what is left and release everything."""
        self.recording.close()

    def __enter__(self) -> Recorder:
        """Give the recorder itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the recorder."""
        self.close()


def _layers(params: Any) -> tuple[Sequence[Array], Sequence[Array | None]]:
    if isinstance(params, Layers):
        return params.kernels, params.biases or [None] * len(params.kernels)
    return kernels_and_biases(params)


def _rows(array: Array) -> np.ndarray[Any, Any]:
    values = np.asarray(array)
    return values.reshape(-1, values.shape[-1])


def _natural(key: str) -> tuple[tuple[int, str], ...]:
    """Sort key in which numbers count as numbers."""
    parts = re.split(r"(\d+)", key)
    return tuple((int(p), "") if p.isdigit() else (-1, p) for p in parts if p)
