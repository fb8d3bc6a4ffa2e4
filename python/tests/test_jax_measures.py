"""Measurements in JAX beside the formulas of the theory."""

from __future__ import annotations

import numpy as np
import pytest

jax = pytest.importorskip("jax")

import jax.numpy as jnp  # noqa: E402
import reference  # noqa: E402

import alignscope.jax as aj  # noqa: E402

SIZES = [12, 10, 8, 6]
ETA = 0.3


@pytest.fixture(autouse=True)
def double():
    with jax.enable_x64(True):
        yield


def draw():
    random = np.random.default_rng(3)
    params = [
        (random.normal(0, n**-0.5, (n, m)), random.normal(0, 0.1, m))
        for n, m in zip(SIZES, SIZES[1:])
    ]
    backward = {k: random.normal(0, 0.3, (SIZES[k + 1], SIZES[k])) for k in (1, 2)}
    return [(jnp.asarray(w), jnp.asarray(b)) for w, b in params], backward


def loss_of(carry):
    def loss(params, x, y, tap):
        h = x
        for k, (w, b) in enumerate(params):
            z = tap(h, carry(k, h, w, b))
            h = jnp.tanh(z)
        return -jax.nn.log_softmax(z)[jnp.arange(len(y)), y].mean()

    return loss


def run(updates=6):
    """States of the reference, and signals and parameters in JAX, of a run of plain descent."""
    params, backward = draw()

    def through(k, h, w, b):
        return h @ w + b if k == 0 else aj.dense(h, w, b, jnp.asarray(backward[k]))

    step = jax.jit(aj.value_grad_and_signals(loss_of(through)))
    plain = jax.jit(aj.value_grad_and_signals(loss_of(lambda k, h, w, b: h @ w + b)))
    random, found = np.random.default_rng(5), []
    for _ in range(updates):
        x, y = random.normal(size=(16, 12)), random.integers(0, 6, 16)
        _, gradient, signals = step(params, x, y)
        twin = plain(params, x, y)[2]
        weights, biases = [np.asarray(w) for w, _ in params], [np.asarray(b) for _, b in params]
        state = reference.State(
            weights, biases, backward, x, y, reference.tanh, reference.tanh_slope, ETA
        )
        found.append((state, params, signals, twin))
        params = jax.tree_util.tree_map(lambda p, g: p - ETA * g, params, gradient)
    return found, backward


def test_angles_of_weights_updates_and_error_signals():
    found, backward = run()
    for state, params, signals, twin in found:
        kernels = [w for w, _ in params]
        given = [None, *(jnp.asarray(backward[k]) for k in (1, 2))]
        angles = jax.jit(aj.weight_alignment)(kernels, given)
        assert angles[0] is None
        for k in (1, 2):
            expected = reference.angle(state.W[k], state.B[k].T)
            assert float(angles[k]) == pytest.approx(expected, rel=1e-12)
        updates, deltas = aj.update_alignment(signals, twin), aj.delta_alignment(signals, twin)
        for k in (0, 1):
            expected = reference.angle(state.update(k), state.update(k, True))
            assert float(updates[k]) == pytest.approx(expected, rel=1e-10)
            expected = reference.angle(state.delta[k], state.bp[k])
            assert float(deltas[k]) == pytest.approx(expected, rel=1e-10)
        for k, update in enumerate(aj.updates(signals)):
            np.testing.assert_allclose(update, state.update(k), atol=1e-15)


def test_decomposition():
    found, _ = run()
    states = [state for state, *_ in found]
    k, place = 5, 2
    history = jnp.stack([jnp.asarray(states[k - o].W[place - 1]) for o in range(4)])
    rule = jnp.stack([ETA * states[k - o].update(place - 1) * 0.5 for o in range(1, 4)])
    for steps in (None, rule):
        parts = jax.jit(aj.decompose)(
            history,
            states[k].L[place - 1],
            states[k].delta[place],
            states[k].b[place - 1],
            eta=ETA,
            rule_steps=steps,
        )
        np.testing.assert_allclose(parts.update, ETA * states[k].update(place), atol=1e-15)
        np.testing.assert_allclose(parts.last, reference.last(states, k, 3, place), atol=1e-15)
        for lag in (1, 2, 3):
            whole, _ = reference.terms(states, k, lag, place)
            share = 0.5 if steps is not None else 1.0
            scale = np.abs(whole).max()
            np.testing.assert_allclose(parts.terms[lag - 1], share * whole, atol=1e-12 * scale)
            rest = (1 - share) * whole
            np.testing.assert_allclose(parts.projections[lag - 1], rest, atol=1e-12 * scale)
        total = parts.terms.sum(0) + parts.projections.sum(0) + parts.last + parts.remainder
        np.testing.assert_allclose(total, parts.update, atol=1e-15)
    alone = aj.decompose(history[:1], states[k].L[1], states[k].delta[2], states[k].b[1], eta=ETA)
    assert alone.terms.shape[0] == 0 and not np.abs(alone.remainder).any()


def test_a_plain_step_has_nothing_else_in_its_budget():
    found, backward = run()
    for (state, params, *_), (_, later, *_) in zip(found, found[1:]):
        for place in (1, 2):
            before = (*params[place - 1], params[place][0])
            after = (*later[place - 1], later[place][0])
            z, delta = state.Z[place - 1], state.delta[place]
            balance = aj.budget(before, after, z, delta, backward[place], eta=ETA)
            scale = abs(balance.alignment) + balance.quadratic + abs(balance.curvature)
            assert abs(balance.injected) < 1e-12 * scale
            gained = np.sum((after[2] - before[2]) * backward[place].T)
            assert float(balance.alignment) == pytest.approx(float(gained), rel=1e-12)
            half = [0.5 * (np.sum(w**2) + np.sum(b**2)) for w, b, _ in (before, after)]
            assert abs(float(balance.growth) - (half[1] - half[0])) < 1e-12 * half[0]


def test_ranks():
    random = np.random.default_rng(1)
    for matrix in (random.normal(size=(9, 5)), np.outer(np.arange(1, 5), np.ones(3)), np.eye(4)):
        expected = reference.ranks(matrix)
        np.testing.assert_allclose(jax.jit(aj.ranks)(matrix), expected, rtol=1e-7)
    assert all(np.isnan(value) for value in aj.ranks(np.zeros((2, 3))))


def test_angles_that_do_not_exist_and_those_of_trees():
    a = {"x": np.array([[1.0, 0.0]]), "y": [np.array([2.0])]}
    assert float(aj.angle(a, a)) < 1e-6
    assert float(aj.angle(a, jax.tree_util.tree_map(lambda v: -v, a))) == pytest.approx(180)
    for scale in (1e200, 1e-200):
        big = np.array([scale, 0.0])
        assert float(aj.angle(big, np.array([1.0, 1.0]))) == pytest.approx(45)
    assert np.isnan(aj.angle(np.zeros(2), np.ones(2)))
    assert np.isnan(aj.angle(np.array([np.nan, 1]), np.ones(2)))
    with pytest.raises(ValueError, match="shapes must be equal"):
        aj.angle(np.zeros(2), np.zeros(3))
    kernel = np.random.default_rng(2).normal(size=(3, 3, 4, 5))
    assert float(aj.weight_alignment([kernel], [kernel])[0]) < 1e-6


def test_nulls():
    null = aj.nulls({"a": np.zeros((50, 50)), "b": np.zeros((3, 3, 2, 2))})
    assert null["a"].sd == pytest.approx(1.146, abs=1e-3) and null["b"].entries == 36
    assert null["a"].p_value(90 - 1.96 * null["a"].sd) == pytest.approx(0.05, abs=1e-3)


def test_error_goes_back_through_b_and_b_learns_nothing():
    random = np.random.default_rng(1)
    x, w, b = random.normal(size=(2, 3, 4)), random.normal(size=(4, 5)), random.normal(size=5)
    backward = random.normal(size=(5, 4))

    def loss(x, w, b, backward):
        return (aj.dense(x, w, b, backward) ** 2).sum()

    by_x, by_w, by_b, by_backward = jax.grad(loss, (0, 1, 2, 3))(x, w, b, backward)
    error = 2 * (x @ w + b)
    np.testing.assert_allclose(by_x, error @ backward, rtol=1e-12)
    np.testing.assert_allclose(by_w, np.einsum("abi,abj->ij", x, error), rtol=1e-12)
    np.testing.assert_allclose(by_b, error.sum((0, 1)), rtol=1e-12)
    assert not np.abs(by_backward).any()
