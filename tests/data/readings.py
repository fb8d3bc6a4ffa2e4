"""Makes the recordings of tests/readings.rs with PyTorch: networks of 6-6-6-6 units, whose matrices are all square, so that no
shape tells which way they are stored; and the angles that NumPy makes of them in double precision.

    python tests/data/readings.py tests/data
"""
import json
import sys

import numpy as np
import torch

UNITS, SAMPLES, ITERATIONS, ETA = 6, 7, 10, 0.05


class Carried(torch.autograd.Function):
    """A linear layer whose error goes back through another matrix, of the shape of `Linear.weight`."""

    @staticmethod
    def forward(ctx, x, weight, bias, backward):
        ctx.save_for_backward(x, backward)
        return x @ weight.T + bias

    @staticmethod
    def backward(ctx, error):
        x, backward = ctx.saved_tensors
        return error @ backward, error.T @ x, error.sum(0), None


def angle(w, b):
    """Of a weight matrix as it is in torch (units above x units below) to B of that shape, in degrees."""
    u, v = (m.astype("f8").ravel() / np.linalg.norm(m.astype("f8")) for m in (w, b))
    return float(np.degrees(2 * np.arctan2(np.linalg.norm(u - v), np.linalg.norm(u + v))))


def run(path, rule, activation, optimiser, seed, states_of_b=False):
    torch.manual_seed(seed)
    linears = [torch.nn.Linear(UNITS, UNITS) for _ in range(3)]
    feedback = {l: torch.randn(UNITS, UNITS) / UNITS**0.5 for l in (1, 2)}
    parameters = [p for linear in linears for p in linear.parameters()]
    step = optimiser(parameters)
    members, last = {}, {}
    keep = lambda name, tensor: members.setdefault(name, []).append(tensor.detach().numpy().copy())

    def state():
        for l, linear in enumerate(linears):
            keep(f"W{l}", linear.weight)
            keep(f"b{l + 1}", linear.bias)
        for l, b in feedback.items():
            keep(f"B{l}", b)

    centres = torch.randn(UNITS, UNITS)
    for _ in range(ITERATIONS):
        state()
        labels = torch.randint(UNITS, (SAMPLES,))
        x = centres[labels] + 0.3 * torch.randn(SAMPLES, UNITS)
        zs = []
        for l, linear in enumerate(linears):
            last[l] = x
            keep(f"activity{l}", x)
            if l == 0 or rule == "dfa-without-derivative":
                z = torch.nn.functional.linear(x.detach(), linear.weight, linear.bias)
            else:
                z = Carried.apply(x, linear.weight, linear.bias, feedback[l])
            z.retain_grad()
            zs.append(z)
            x = activation(z)
        keep("labels", labels)
        step.zero_grad()
        torch.nn.functional.cross_entropy(zs[-1], labels, reduction="sum").backward()
        deltas = [-z.grad if z.grad is not None else None for z in zs]
        if rule == "dfa-without-derivative":
            # The error of the output, straight to every layer, and no derivative on the way.
            for l in (1, 2):
                deltas[l - 1] = deltas[2] @ feedback[l]
                linears[l - 1].weight.grad = -deltas[l - 1].T @ last[l - 1].detach()
                linears[l - 1].bias.grad = -deltas[l - 1].sum(0)
        for l, delta in enumerate(deltas):
            keep(f"delta{l + 1}", delta)
        if rule == "kolen-pollack":
            for l, b in feedback.items():
                feedback[l] = 0.98 * b + ETA * deltas[l].T @ last[l].detach()
        step.step()
    state()
    arrays = {name: np.stack(values) for name, values in members.items()}
    angles = {l: [angle(w, b) for w, b in zip(arrays[f"W{l}"], arrays[f"B{l}"])] for l in (1, 2)}
    if not states_of_b:
        arrays |= {f"B{l}": arrays[f"B{l}"][-1] for l in (1, 2)}
    np.savez_compressed(path, **arrays)
    return angles


if __name__ == "__main__":
    torch.set_num_threads(1)
    where = sys.argv[1]
    sgd = lambda parameters: torch.optim.SGD(parameters, lr=ETA)
    decay = lambda parameters: torch.optim.SGD(parameters, lr=ETA, weight_decay=0.02 / ETA)
    adam = lambda parameters: torch.optim.Adam(parameters, lr=0.01)
    functional = torch.nn.functional
    runs = {
        "square-fa": ("fa", torch.tanh, sgd, 1, False),
        "square-fa-gelu-adam": ("fa", functional.gelu, adam, 2, False),
        "square-dfa-without-derivative": ("dfa-without-derivative", torch.tanh, sgd, 3, False),
        "square-kp": ("kolen-pollack", torch.tanh, decay, 4, True),
        "square-kp-mish-last": ("kolen-pollack", functional.mish, decay, 5, False),
    }
    angles = {name: run(f"{where}/{name}.npz", *of) for name, of in runs.items()}
    with open(f"{where}/readings-angles.json", "w") as file:
        json.dump(angles, file, indent=1)
        file.write("\n")
