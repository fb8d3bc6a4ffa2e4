"""Makes the recordings in tests/data/recorder/ with PyTorch and JAX, and python/alignscope.

    PYTHONPATH=python python tests/data/recorder.py tests/data/recorder

Networks of 6-5-4-3 units, feedback alignment, single precision, learning rate 0.05.
"""

import json
import shutil
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import torch

from alignscope.jax import Recorder as JaxRecorder
from alignscope.jax import value_grad_and_signals
from alignscope.torch import Recorder

SIZES = [(6, 5), (5, 4), (4, 3)]
OUT = Path(sys.argv[1])


class Function(torch.autograd.Function):
    """A linear map whose error goes back through another matrix."""

    @staticmethod
    def forward(ctx, x, weight, bias, backward):
        ctx.save_for_backward(x, backward)
        return torch.nn.functional.linear(x, weight, bias)

    @staticmethod
    def backward(ctx, gradient):
        x, backward = ctx.saved_tensors
        return gradient @ backward, gradient.T @ x, gradient.sum(0), None


class Feedback(torch.nn.Linear):
    """A linear layer with feedback alignment."""

    def __init__(self, below, above):
        super().__init__(below, above)
        self.register_buffer("B", torch.randn(above, below) / below**0.5)

    def forward(self, x):
        return Function.apply(x, self.weight, self.bias, self.B)


def from_torch(every, path, updates=12, samples=8, short=5):
    """A loop with short last batches, evaluation between updates, and perhaps thinning."""
    torch.manual_seed(1)
    first, second, third = (Feedback(*sizes) for sizes in SIZES)
    net = torch.nn.Sequential(first, torch.nn.Tanh(), second, torch.nn.Tanh(), third)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.05)
    recorder = Recorder(net, {1: second.B, 2: third.B}, every=every, path=path)
    for k in range(updates):
        count = short if k % 4 == 3 else samples
        x, y = torch.randn(count, 6), torch.randint(0, 3, (count,))
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(net(x), y).backward()
        recorder.before(y)
        optimizer.step()
        with torch.no_grad():
            net(x[:2])
    return recorder


def from_jax(updates=6, samples=8):
    """Feedback alignment by derivatives that are set by hand."""

    @jax.custom_vjp
    def dense(x, kernel, bias, backward):
        return x @ kernel + bias

    dense.defvjp(
        lambda x, kernel, bias, b: (x @ kernel + bias, (x, b)),
        lambda kept, g: (g @ kept[1], kept[0].T @ g, g.sum(0), jnp.zeros_like(kept[1])),
    )
    draw = np.random.default_rng(2)
    normal = lambda *shape: jnp.asarray(draw.normal(size=shape) / shape[0] ** 0.5, "float32")
    params = [(normal(*s), jnp.zeros(s[1])) for s in SIZES]
    b = [normal(*s[::-1]) for s in SIZES]

    def loss(params, x, y, tap):
        h = x
        for (kernel, bias), back in zip(params, b):
            z = tap(h, dense(h, kernel, bias, back))
            h = jnp.tanh(z)
        return -jax.nn.log_softmax(z)[jnp.arange(len(y)), y].mean()

    step = jax.jit(value_grad_and_signals(loss))
    recorder = JaxRecorder()
    for _ in range(updates):
        x, y = draw.normal(size=(samples, 6)).astype("f4"), draw.integers(0, 3, samples)
        _, gradient, signals = step(params, x, y)
        recorder.update(params, signals, labels=y, feedback=b)
        params = jax.tree.map(lambda p, g: p - 0.05 * g, params, gradient)
    recorder.finish(params, b)
    return recorder


def angles(members):
    """Angles of W_l to B_l^T in degrees, in double precision."""
    found = {}
    for layer in (1, 2):
        b = members[f"B{layer}"].astype(np.float64).T.ravel()
        b /= np.linalg.norm(b)
        found[layer] = []
        for w in members[f"W{layer}"].astype(np.float64):
            w = w.ravel() / np.linalg.norm(w)
            degrees = 2 * np.arctan2(np.linalg.norm(w - b), np.linalg.norm(w + b))
            found[layer].append(float(np.degrees(degrees)))
    return found


if __name__ == "__main__":
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    expected = {}
    with from_torch(1, OUT / "run") as whole:
        whole.save(OUT / "run.npz", compress=True)
    with from_torch(5, None) as thinned:
        thinned.save(OUT / "every-5.npz", compress=True)
    with from_jax() as recorder:
        recorder.save(OUT / "jax.npz", compress=True)
    for name in ("run", "every-5", "jax"):
        expected[name] = angles(np.load(OUT / f"{name}.npz"))
    (OUT / "angles.json").write_text(json.dumps(expected))
    # The archive holds what the directory does.
    (OUT / "run.npz").unlink()
