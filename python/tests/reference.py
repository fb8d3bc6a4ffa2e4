"""Formulas of the theory in NumPy and double precision, written out: what measurements have to be.

Rows are samples, ``W_l`` is n_l x n_{l+1}, ``B_l`` n_{l+1} x n_l, error signals point towards the
target.
"""

from __future__ import annotations

import numpy as np


def angle(a, b):
    """Angle in degrees of two arrays as vectors."""
    a, b = np.ravel(a).astype(np.float64), np.ravel(b).astype(np.float64)
    a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
    return float(np.degrees(2 * np.arctan2(np.linalg.norm(a - b), np.linalg.norm(a + b))))


def tanh(z):
    return np.tanh(z)


def tanh_slope(z):
    return 1 - np.tanh(z) ** 2


def relu(z):
    return np.maximum(z, 0)


def relu_slope(z):
    return (z > 0).astype(z.dtype)


class State:
    """One update of a network of dense layers: pass, error signals, updates."""

    def __init__(self, weights, biases, backward, x, y, f, slope, eta):
        self.W, self.b, self.B, self.eta = weights, biases, backward, eta
        self.f, self.slope = f, slope
        self.L, self.Z = [x], []
        for k, (w, b) in enumerate(zip(weights, biases)):
            self.Z.append(self.L[-1] @ w + b)
            self.L.append(f(self.Z[-1]) if k + 1 < len(weights) else self.Z[-1])
        output = np.exp(self.Z[-1] - self.Z[-1].max(1, keepdims=True))
        output /= output.sum(1, keepdims=True)
        output[np.arange(len(y)), y] -= 1
        self.delta = self._carried(-output / len(y), backward)
        self.bp = self._carried(-output / len(y), {k: w.T for k, w in enumerate(weights)})

    def _carried(self, last, backward):
        """Error signals delta_1, ..., delta_D, at places 0, ..., D - 1."""
        found = [last]
        for k in range(len(self.W) - 1, 0, -1):
            found.insert(0, self.slope(self.Z[k - 1]) * (found[0] @ backward[k]))
        return found

    def update(self, k, bp=False):
        return self.L[k].T @ (self.bp if bp else self.delta)[k]


def terms(states, k, lag, layer, rule_only=False):
    """Alignment and projection term of one lag of the update of ``W_layer``, from all states."""
    now, then, later = states[k], states[k - lag], states[k - lag + 1]
    x, bias = now.L[layer - 1], now.b[layer - 1]
    zeta = x @ then.W[layer - 1] + bias
    step = later.W[layer - 1] - then.W[layer - 1]
    rule = then.eta * then.update(layer - 1)
    error = now.delta[layer]

    def term(part):
        return now.eta * (now.slope(zeta) * (x @ part)).T @ error

    return (term(rule), term(step - rule)) if rule_only else (term(step), None)


def last(states, k, lag, layer):
    now, then = states[k], states[k - lag]
    zeta = now.L[layer - 1] @ then.W[layer - 1] + now.b[layer - 1]
    return now.eta * now.f(zeta).T @ now.delta[layer]


def ranks(matrix):
    s = np.linalg.svd(matrix.astype(np.float64), compute_uv=False)
    p = s / s.sum()
    p = p[p > 0]
    return (
        (s**2).sum() ** 2 / (s**4).sum(),
        (s**2).sum() / s[0] ** 2,
        np.exp(-(p * np.log(p)).sum()),
    )
