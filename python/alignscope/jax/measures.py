"""Measurements of alignment as pure functions over arrays and pytrees."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from alignscope.jax.recorder import Signals
from alignscope.null import WeightNull

__all__ = [
    "Budget",
    "Decomposition",
    "Ranks",
    "angle",
    "budget",
    "decompose",
    "delta_alignment",
    "dense",
    "nulls",
    "ranks",
    "update_alignment",
    "updates",
    "weight_alignment",
]

Array = Any


def angle(a: Any, b: Any) -> Array:
    """Angle between two pytrees of equal structure and shapes, as flat vectors.

    Returns
    -------
    array
        Degrees, a scalar; accurate also near 0 and 180 (Kahan 2006). Not a number if one is zero or
        not finite: such an angle does not exist.

    Raises
    ------
    ValueError
        If the shapes differ.
    """
    first, second = jax.tree_util.tree_leaves(a), jax.tree_util.tree_leaves(b)
    if [jnp.shape(x) for x in first] != [jnp.shape(x) for x in second]:
        raise ValueError(
            f"arrays of {[jnp.shape(x) for x in first]} and {[jnp.shape(x) for x in second]} have "
            "no angle: shapes must be equal"
        )
    u, v = (jnp.concatenate([jnp.ravel(x) for x in leaves]) for leaves in (first, second))
    u, v = _unit(u), _unit(v)
    half = jnp.arctan2(jnp.linalg.norm(u - v), jnp.linalg.norm(u + v))
    return jnp.degrees(2.0 * half)


def _unit(u: Array) -> Array:
    # By the largest entry first, so that squares stay within range.
    u = u / jnp.max(jnp.abs(u))
    return u / jnp.linalg.norm(u)


def weight_alignment(kernels: Any, backward: Any) -> Any:
    """Angle of every kernel to its backward weights.

    Parameters
    ----------
    kernels
        A pytree of ``W_l``: matrices of n_l x n_{l+1}, or kernels of convolutions in any layout.
    backward
        A pytree of the same structure: ``B_l`` of n_{l+1} x n_l, of a convolution in the layout of
        its kernel. ``None`` in the place of layers that have none.

    Returns
    -------
    pytree
        Degrees; ``None`` where there is no ``B``. :func:`nulls` has what independent matrices give.
    """
    return jax.tree_util.tree_map(
        lambda b, w: None if b is None else angle(w, jnp.transpose(b) if jnp.ndim(b) == 2 else b),
        backward,
        kernels,
        is_leaf=lambda b: b is None,
    )


def nulls(kernels: Any) -> Any:
    """Distribution of the angle of every kernel to an independent isotropic matrix.

    Parameters
    ----------
    kernels
        A pytree of arrays, of which only the shapes matter.

    Returns
    -------
    pytree of WeightNull
        With ``sd``, ``z(degrees)`` and ``p_value(degrees)``.
    """
    return jax.tree_util.tree_map(lambda w: WeightNull(int(np.prod(jnp.shape(w)))), kernels)


# Updates. ------------------------------------------------------------------------------------


@jax.custom_vjp
def dense(x: Array, kernel: Array, bias: Array, backward: Array) -> Array:
    """Dense layer ``x W + b`` whose error goes back through ``B`` instead of ``W^T``.

    Parameters
    ----------
    x
        ... x n_l.
    kernel
        ``W``, n_l x n_{l+1}.
    bias
        n_{l+1}.
    backward
        ``B``, n_{l+1} x n_l; its derivative is zero.

    Returns
    -------
    array
        ... x n_{l+1}.
    """
    return x @ kernel + bias


def _dense_forward(x: Array, kernel: Array, bias: Array, backward: Array) -> tuple[Array, Any]:
    return dense(x, kernel, bias, backward), (x, backward)


def _dense_backward(kept: Any, error: Array) -> tuple[Array, Array, Array, Array]:
    x, backward = kept
    rows, errors = x.reshape(-1, x.shape[-1]), error.reshape(-1, error.shape[-1])
    return error @ backward, rows.T @ errors, errors.sum(0), jnp.zeros_like(backward)


dense.defvjp(_dense_forward, _dense_backward)


def updates(signals: Signals) -> list[Array]:
    """``L_l^T delta_{l+1}`` of every layer, n_l x n_{l+1}: minus the gradient.

    Parameters
    ----------
    signals
        Of :func:`value_grad_and_signals`; samples may have several dimensions.
    """
    return [_product(a, d) for a, d in zip(signals.activities, signals.deltas)]


def _product(activity: Array, delta: Array) -> Array:
    rows = activity.reshape(-1, activity.shape[-1])
    return rows.T @ delta.reshape(-1, delta.shape[-1])


def update_alignment(signals: Signals, twin: Signals) -> list[Array]:
    """Angle between updates of two passes over the same batch, layer by layer.

    Parameters
    ----------
    signals
        Of the rule.
    twin
        Of backpropagation with the same weights and samples: the signals of the same loss, whose
        layers carry errors back by the transposed kernels.

    Returns
    -------
    list of array
        Degrees by layer ``l`` of ``W_l``, but for the last, whose updates are equal.
    """
    return [angle(a, b) for a, b in zip(updates(signals)[:-1], updates(twin)[:-1])]


def delta_alignment(signals: Signals, twin: Signals) -> list[Array]:
    """Angle between error signals of two passes, likewise.

    Returns
    -------
    list of array
        Degrees by layer ``l``, of the units that ``W_l`` leads to, but for the last.
    """
    return [angle(a, b) for a, b in zip(signals.deltas[:-1], twin.deltas[:-1])]


# Decomposition. ------------------------------------------------------------------------------


class Decomposition(NamedTuple):
    """An update of ``W_l``, n_l x n_{l+1}, and the parts that add up to it.

    Attributes
    ----------
    update
        ``eta L_l^T delta_{l+1}``.
    terms
        ``T^o`` of lags 1 to h, h x n_l x n_{l+1}.
    projections
        ``N^o``, the same; zeros where no steps of the rule were given.
    last
        The update under the weights below of h updates before.
    remainder
        What is left: the curvature of the activation.
    """

    update: Array
    terms: Array
    projections: Array
    last: Array
    remainder: Array


def decompose(
    history: Array,
    activity: Array,
    delta: Array,
    bias: Array = 0.0,
    *,
    between: Callable[[Array], Array] = jnp.tanh,
    eta: float | Array = 1.0,
    rule_steps: Array | None = None,
) -> Decomposition:
    """Decompose the update of ``W_l`` by lag: which steps of the layer below it owes what to.

    With ``zeta^o = L_{l-1}(k) W_{l-1}(k-o) + b_l(k)`` the alignment term of lag ``o`` is
    ``eta [f'(zeta^o) o (zeta^{o-1} - zeta^o)]^T delta_{l+1}(k)`` (RahmanSetayesh et al. 2024).

    Parameters
    ----------
    history
        ``W_{l-1}`` now, one update before, ..., h updates before: (h + 1) x n_{l-1} x n_l.
    activity
        ``L_{l-1}`` of this update, samples x n_{l-1}.
    delta
        ``delta_{l+1}`` of this update, samples x n_{l+1}.
    bias
        ``b_l``, n_l.
    between
        What makes the input of ``W_l`` of the pre-activations of layer l: the activation, or any
        function of samples x n_l that JAX can differentiate.
    eta
        What the update ``L_l^T delta_{l+1}`` is multiplied by.
    rule_steps
        The rule's own steps of ``W_{l-1}`` of lags 1 to h, h x n_{l-1} x n_l; what the steps are
        beside these (momentum, decay, normalisation) makes the projection terms.

    Returns
    -------
    Decomposition
    """
    history = jnp.asarray(history)

    def made(weights: Array) -> Array:
        return activity @ weights + bias

    def term(older: Array, step: Array) -> Array:
        _, along = jax.jvp(between, (made(older),), (activity @ step,))
        return eta * _product(along, delta)

    steps = history[:-1] - history[1:]
    rule = steps if rule_steps is None else jnp.asarray(rule_steps)
    update = eta * _product(between(made(history[0])), delta)
    last = eta * _product(between(made(history[-1])), delta)
    if len(steps) == 0:
        none = jnp.zeros((0, *update.shape), update.dtype)
        return Decomposition(update, none, none, last, update - last)
    terms = jax.vmap(term)(history[1:], rule)
    projections = jnp.zeros_like(terms)
    if rule_steps is not None:
        projections = jax.vmap(term)(history[1:], steps - rule)
    remainder = update - last - terms.sum(0) - projections.sum(0)
    return Decomposition(update, terms, projections, last, remainder)


# Budget. -------------------------------------------------------------------------------------


class Budget(NamedTuple):
    """What the alignment of ``W_l`` gained in one step, and what it was paid with.

    Attributes
    ----------
    alignment
        Change of ``<W_l, B_l^T>``.
    growth
        Change of half the squared norm of ``W_{l-1}`` and ``b_l``.
    quadratic
        Half the squared norm of their step.
    curvature
        ``eta sum (f'(z) z - f(z)) o E``; 0 for linear, ReLU and leaky ReLU.
    injected
        The rest; 0 to rounding for plain gradient descent (after Robertson & Koyejo 2024).
    """

    alignment: Array
    growth: Array
    quadratic: Array
    curvature: Array
    injected: Array


def budget(
    before: Sequence[Array],
    after: Sequence[Array],
    z: Array,
    delta: Array,
    backward: Array,
    *,
    between: Callable[[Array], Array] = jnp.tanh,
    eta: float | Array = 1.0,
) -> Budget:
    """Balance of one step: alignment grows only as norms below grow, but for curvature.

    Parameters
    ----------
    before, after
        ``W_{l-1}`` (n_{l-1} x n_l), ``b_l`` (n_l, or zeros), ``W_l`` (n_l x n_{l+1}), on both sides
        of the step.
    z
        Pre-activations of layer l before it, samples x n_l.
    delta
        ``delta_{l+1}``, samples x n_{l+1}.
    backward
        ``B_l``, n_{l+1} x n_l.
    between, eta
        As in :func:`decompose`.

    Returns
    -------
    Budget
    """
    steps = [new - old for old, new in zip(before, after)]
    quadratic = 0.5 * sum(jnp.vdot(step, step) for step in steps[:2])
    # 1/2 |W + dW|^2 - 1/2 |W|^2, without the difference of two large numbers.
    growth = sum(jnp.vdot(old, step) for old, step in zip(before[:2], steps)) + quadratic
    alignment = jnp.vdot(steps[2], jnp.transpose(backward))
    value, along = jax.jvp(between, (z,), (z,))
    curvature = eta * jnp.sum((along - value) * (delta @ backward))
    injected = growth - alignment - quadratic - curvature
    return Budget(alignment, growth, quadratic, curvature, injected)


# Ranks. --------------------------------------------------------------------------------------


class Ranks(NamedTuple):
    """How many directions a matrix fills, in three ways; not a number for a matrix of zeros.

    Attributes
    ----------
    participation
        ``(sum s^2)^2 / sum s^4`` of its singular values.
    stable
        ``sum s^2 / max s^2``.
    effective
        Exponential of the entropy of ``s / sum s`` (Roy & Vetterli 2007).
    """

    participation: Array
    stable: Array
    effective: Array


def ranks(matrix: Array) -> Ranks:
    """Count the directions that a matrix fills: of activities, error signals, updates.

    Parameters
    ----------
    matrix
        Rows x columns; dimensions before the last one are taken as rows.
    """
    rows = jnp.asarray(matrix)
    singular = jnp.linalg.svd(rows.reshape(-1, rows.shape[-1]), compute_uv=False)
    singular = singular / jnp.max(singular)
    squares = singular**2
    parts = singular / singular.sum()
    # Of parts that are no numbers the entropy is none.
    logs = jnp.log(jnp.where(parts == 0.0, 1.0, parts))
    entropy = -jnp.sum(parts * logs)
    return Ranks(squares.sum() ** 2 / (squares**2).sum(), squares.sum(), jnp.exp(entropy))
