"""The recorder for JAX: plain networks, Flax's layout, derivatives that are set by hand."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

jax = pytest.importorskip("jax")

import jax.numpy as jnp  # noqa: E402
from conftest import check_angles, check_closes  # noqa: E402

from alignscope.jax import (  # noqa: E402
    Layers,
    Recorder,
    RecordingError,
    kernels_and_biases,
    value_grad_and_signals,
)

SIZES = (12, 10, 8, 6)


@jax.custom_vjp
def dense(x, kernel, bias, backward):
    """A dense layer whose error goes back through another matrix, n_{l+1} x n_l."""
    return x @ kernel + bias


dense.defvjp(
    lambda x, kernel, bias, b: (x @ kernel + bias, (x, b)),
    lambda kept, g: (g @ kept[1], kept[0].T @ g, g.sum(0), jnp.zeros_like(kept[1])),
)


def initial(dtype=jnp.float32):
    keys = jax.random.split(jax.random.key(0), 2 * len(SIZES))
    kernels = [
        jax.random.normal(k, s, dtype) / s[0] ** 0.5 for k, s in zip(keys, zip(SIZES, SIZES[1:]))
    ]
    backward = [
        jax.random.normal(k, s[::-1], dtype) / s[0] ** 0.5
        for k, s in zip(keys[4:], zip(SIZES, SIZES[1:]))
    ]
    biases = [jnp.full(n, 0.1, dtype) for n in SIZES[1:]]
    return list(zip(kernels, biases)), backward


def batches(count=8, samples=16):
    draw = np.random.default_rng(5)
    return [
        (draw.normal(size=(samples, 12)).astype("f4"), draw.integers(0, 6, samples))
        for _ in range(count)
    ]


def softmax_loss(z, y):
    return -jax.nn.log_softmax(z)[jnp.arange(len(y)), y].mean()


def loss_through(backward, layers, x, y, tap):
    h = x
    for (kernel, bias), b in zip(layers, backward):
        z = tap(h, dense(h, kernel, bias, b))
        h = jnp.tanh(z)
    return softmax_loss(z, y)


def plain_loss(layers, x, y, tap):
    h = x
    for kernel, bias in layers:
        z = tap(h, h @ kernel + bias)
        h = jnp.tanh(z)
    return softmax_loss(z, y)


def descend(params, gradient):
    return jax.tree_util.tree_map(lambda p, g: p - 0.05 * g, params, gradient)


@pytest.mark.parametrize("compiled", [False, True])
def test_feedback_alignment(tmp_path, analyze, compiled):
    params, backward = initial()
    step = value_grad_and_signals(partial(loss_through, backward))
    step = jax.jit(step) if compiled else step
    b = dict(enumerate(backward))
    with Recorder(tmp_path / "run") as recorder:
        for x, y in batches():
            _, gradient, signals = step(params, x, y)
            recorder.update(params, signals, labels=y, feedback=b)
            params = descend(params, gradient)
        recorder.finish(params, b)
        path = recorder.save(tmp_path / "run.npz")
    values, found = np.load(path), analyze(path)
    assert values["W0"].shape == (9, 12, 10) and "B0" not in values
    check_closes(found)
    check_angles(found, values)


def test_value_and_gradient_are_those_of_jax():
    params, _ = initial()
    x, y = batches(1)[0]
    value, gradient, signals = value_grad_and_signals(plain_loss)(params, x, y)
    plain = jax.value_and_grad(lambda p: plain_loss(p, x, y, lambda _, z: z))(params)
    assert value == plain[0]
    for a, b in zip(jax.tree_util.tree_leaves(gradient), jax.tree_util.tree_leaves(plain[1])):
        np.testing.assert_allclose(a, b, atol=1e-7)
    for k, (activity, delta) in enumerate(zip(signals.activities, signals.deltas)):
        np.testing.assert_allclose(-activity.T @ delta, gradient[k][0], atol=1e-6)


def flax_like(layers, names="Dense_{}"):
    of = {names.format(k): {"kernel": w, "bias": b} for k, (w, b) in enumerate(layers)}
    return {"params": of}


def test_the_layout_of_flax(tmp_path, analyze):
    params, _ = initial()
    params = flax_like(params)

    def loss(params, x, y, tap):
        of = params["params"]
        layers = [(of[f"Dense_{k}"]["kernel"], of[f"Dense_{k}"]["bias"]) for k in range(3)]
        return plain_loss(layers, x, y, tap)

    step = jax.jit(value_grad_and_signals(loss))
    with Recorder() as recorder:
        for x, y in batches():
            _, gradient, signals = step(params, x, y)
            recorder.update(params, signals, labels=y)
            params = descend(params, gradient)
        recorder.finish(params)
        path = recorder.save(tmp_path / "run.npz")
    check_closes(analyze(path), "forward_transposed")


def test_a_short_last_batch_and_backward_weights_that_change(tmp_path, analyze):
    params, backward = initial()
    loss = value_grad_and_signals(loss_through_given)
    data = batches(4) + [(x[:5], y[:5]) for x, y in batches(1)]
    seen = []
    with Recorder() as recorder:
        for x, y in data:
            _, gradient, signals = loss(params, backward, x, y)
            recorder.update(params, signals, labels=y, feedback=backward)
            seen.append(backward[1])
            params, backward = descend(params, gradient), [0.9 * b for b in backward]
        recorder.finish(params, backward)
        values = np.load(recorder.save(tmp_path / "run.npz"))
    np.testing.assert_array_equal(values["B1"], np.stack([*seen, backward[1]]))
    assert values["delta1"].shape == (5, 16, 10) and not values["delta1"][4, 5:].any()


def loss_through_given(params, backward, x, y, tap):
    return loss_through(backward, params, x, y, tap)


def test_bfloat16_is_stored_as_it_is(tmp_path):
    params, _ = initial(jnp.bfloat16)
    x, y = batches(1)[0]
    _, _, signals = value_grad_and_signals(plain_loss)(params, jnp.asarray(x, jnp.bfloat16), y)
    with Recorder() as recorder:
        recorder.update(params, signals, labels=y)
        values = np.load(recorder.save(tmp_path / "run.npz"))
    assert values["delta1"].dtype == np.dtype("V2")
    assert values["W1"][0].tobytes() == np.asarray(params[1][0]).tobytes()


def test_kernels_and_biases_of_every_layout():
    params, _ = initial()
    layouts = [
        params,
        flax_like(params),
        flax_like(params, "layers_{}"),
        {f"linear_{k}": {"w": w, "b": b} for k, (w, b) in enumerate(params)},
        [{"W": w, "b": b} for w, b in params],
    ]
    for layout in layouts:
        kernels, biases = kernels_and_biases(layout)
        for k, (w, b) in enumerate(params):
            assert (kernels[k] == w).all() and (biases[k] == b).all()
    many = flax_like([(jnp.full((3, 3), float(k)), jnp.zeros(3)) for k in range(12)])
    assert [float(w[0, 0]) for w in kernels_and_biases(many)[0]] == list(range(12))
    kernels, biases = kernels_and_biases([w for w, _ in params])
    assert len(kernels) == 3 and biases == [None] * 3


def test_names_that_do_not_count_are_ordered_by_shapes_or_refused():
    params, _ = initial()
    names = ("input", "hidden", "output")
    by_name = {name: {"kernel": w, "bias": b} for name, (w, b) in zip(names, params)}
    for k, kernel in enumerate(kernels_and_biases(by_name)[0]):
        assert (kernel == params[k][0]).all()
    # In square networks the alphabet, in which JAX sorts, is no order of layers.
    square = {name: {"kernel": jnp.full((3, 3), float(k))} for k, name in enumerate(names)}
    with pytest.raises(RecordingError, match="in a Layers"):
        kernels_and_biases(square)
    haiku = {"linear": {"w": jnp.zeros((3, 3))}, "linear_1": {"w": jnp.ones((3, 3))}}
    assert [float(w[0, 0]) for w in kernels_and_biases(haiku)[0]] == [0.0, 1.0]


def test_what_leaves_a_doubt_is_refused():
    params, _ = initial()
    with pytest.raises(RecordingError, match="two lists"):
        kernels_and_biases(params[::-1])
    with pytest.raises(RecordingError, match="no dense layer"):
        kernels_and_biases({"a": {"scale": jnp.ones(3), "offset": jnp.ones(3)}})
    x, y = batches(1)[0]
    with pytest.raises(RecordingError, match="never calls tap"):
        value_grad_and_signals(lambda p, x, y, tap: 0.0)(params, x, y)
    _, _, signals = value_grad_and_signals(plain_loss)(params, x, y)
    with Recorder() as recorder, pytest.raises(RecordingError, match="3 times, and there are 2"):
        recorder.update(params[:2], signals)
    with Recorder() as recorder, pytest.raises(RecordingError, match="in the order of the kernels"):
        recorder.update(Layers([w.T for w, _ in params]), signals)
