"""Feedback alignment in JAX: measurements as pure functions over pytrees, and a recorder.

===================================  =============================================================
:func:`weight_alignment`             angle of every kernel to its backward weights
:func:`nulls`                        what independent matrices of these sizes give
:func:`update_alignment`,            updates and error signals beside those of another pass, such as
:func:`delta_alignment`              that of backpropagation on the same batch and weights
:func:`decompose`                    an update, decomposed into what steps before have left in it
:func:`budget`                       what the alignment gained in a step was paid with
:func:`ranks`                        how many directions a matrix fills
:func:`dense`                        a dense layer whose error goes back through ``B``
:func:`value_grad_and_signals`       loss, gradient, and the error signals of every layer
:class:`Recorder`                    records runs for ``alignscope analyze``
===================================  =============================================================

Nothing here keeps state, and everything but :class:`Recorder` and :func:`nulls` can be compiled by
``jax.jit`` and mapped by ``jax.vmap``. Kernels are in x out, ``B_l`` is n_{l+1} x n_l, out x in,
and error signals point towards the target. Precision is that of the arrays: of double precision
(``jax.config.update("jax_enable_x64", True)``) results are those of the formulas to rounding.
"""

from alignscope.jax.measures import (
    Budget,
    Decomposition,
    Ranks,
    angle,
    budget,
    decompose,
    delta_alignment,
    dense,
    nulls,
    ranks,
    update_alignment,
    updates,
    weight_alignment,
)
from alignscope.jax.recorder import (
    Layers,
    Recorder,
    Signals,
    kernels_and_biases,
    value_grad_and_signals,
)
from alignscope.recording import RecordingError

__all__ = [
    "Budget",
    "Decomposition",
    "Layers",
    "Ranks",
    "Recorder",
    "RecordingError",
    "Signals",
    "angle",
    "budget",
    "decompose",
    "delta_alignment",
    "dense",
    "kernels_and_biases",
    "nulls",
    "ranks",
    "update_alignment",
    "updates",
    "value_grad_and_signals",
    "weight_alignment",
]
