"""Makes the recordings of tests/doubtful.rs with PyTorch: networks with something between weights
and activation, backward weights that change, optimisers with groups of parameters; and the angles
that NumPy makes of every state.

    python tests/data/doubtful.py tests/data/doubtful
"""

import itertools
import json
import sys

import numpy as np
import torch
from torch.optim import SGD, AdamW
from torch.optim.lr_scheduler import ExponentialLR, OneCycleLR

SIZES = (5, 8, 7, 4)
NORMS = {"batch": torch.nn.BatchNorm1d, "layer": torch.nn.LayerNorm}


class Carried(torch.autograd.Function):
    """A linear layer whose error goes back through another matrix, of the shape of its weights."""

    @staticmethod
    def forward(ctx, x, weight, bias, backward):
        ctx.save_for_backward(x, backward)
        return x @ weight.T + bias

    @staticmethod
    def backward(ctx, error):
        x, backward = ctx.saved_tensors
        return error @ backward, error.T @ x, error.sum(0), None


def angle(w, b):
    """Of W (units below x above) to B (units above x below), in degrees."""
    u, v = (m.astype("f8") / np.linalg.norm(m.astype("f8")) for m in (w, b.T))
    return float(np.degrees(2 * np.arctan2(np.linalg.norm(u - v), np.linalg.norm(u + v))))


def run(
    path,
    seed,
    iterations=12,
    samples=12,
    activation=torch.tanh,
    norm=None,
    dropout=0.0,
    change=None,
    optimiser=None,
    schedule=None,
):
    """`change(l, k, B, gradient)` are the backward weights after update k."""
    torch.manual_seed(seed)
    linears = [torch.nn.Linear(*pair) for pair in itertools.pairwise(SIZES)]
    between = [NORMS[norm](n) if norm else torch.nn.Identity() for n in SIZES[1:-1]]
    feedback = {l: torch.randn(SIZES[l + 1], SIZES[l]) / SIZES[l] ** 0.5 for l in (1, 2)}
    parameters = [p for module in linears + between for p in module.parameters()]
    step = optimiser(linears) if optimiser else SGD(parameters, lr=0.1)
    rates = schedule(step) if schedule else None
    members = {}

    def keep(name, tensor):
        members.setdefault(name, []).append(tensor.detach().numpy().copy())

    def state():
        for l, linear in enumerate(linears):
            keep(f"W{l}", linear.weight.T)
            if l < 2:
                keep(f"b{l + 1}", linear.bias)
        for l, b in feedback.items():
            keep(f"B{l}", b)

    teacher = torch.randn(SIZES[0], SIZES[-1])
    for k in range(iterations):
        state()
        x = torch.randn(samples, SIZES[0])
        labels = (x @ teacher).argmax(1)
        inputs, zs = [], []
        for l, linear in enumerate(linears):
            keep(f"activity{l}", x)
            inputs.append(x)
            if l == 0:
                z = linear(x)
            else:
                z = Carried.apply(x, linear.weight, linear.bias, feedback[l].clone())
            z.retain_grad()
            zs.append(z)
            if l < 2:
                x = torch.nn.functional.dropout(activation(between[l](z)), dropout)
        step.zero_grad()
        torch.nn.functional.cross_entropy(z, labels).backward()
        for l, z in enumerate(zs):
            keep(f"delta{l + 1}", -z.grad)
        if change:
            for l, b in feedback.items():
                feedback[l] = change(l, k, b, linears[l].weight.grad)
        step.step()
        if rates:
            rates.step()
    state()
    arrays = {name: np.stack(values) for name, values in members.items()}
    np.savez_compressed(path, **arrays)
    return {l: [angle(w, b) for w, b in zip(arrays[f"W{l}"], arrays[f"B{l}"])] for l in (1, 2)}


def kolen_pollack(l, k, b, gradient):
    return 0.999 * b - 0.1 * gradient


def turns(l, k, b, gradient):
    """Three updates through one matrix, three through another."""
    return -b.flip(0) if k % 3 == 2 else b


def groups(kind, values, **others):
    def make(linears):
        parts = zip(linears, values)
        return kind([{"params": list(of.parameters()), **value} for of, value in parts], **others)

    return make


def all_of(kind, **others):
    return lambda linears: kind([p for of in linears for p in of.parameters()], **others)


if __name__ == "__main__":
    torch.set_num_threads(1)
    where = sys.argv[1]
    relu, gelu = torch.relu, torch.nn.functional.gelu
    decays = [{"weight_decay": 0.1}, {"weight_decay": 0.1}, {"weight_decay": 0.0}]
    momenta = [{"momentum": 0.9}, {"momentum": 0.5}, {"momentum": 0.0}]
    cycle = lambda step: OneCycleLR(step, 0.3, total_steps=26)
    fall = lambda step: ExponentialLR(step, 0.9)
    runs = {
        "one-update": {"iterations": 1, "samples": 32, "norm": "batch", "dropout": 0.5},
        "turns": {"change": turns},
        "turns-gelu": {"change": turns, "activation": gelu},
        "fixed-batch-norm": {"norm": "batch"},
        "fixed-batch-norm-relu": {"norm": "batch", "activation": relu, "samples": 24},
        "fixed-layer-norm": {"norm": "layer"},
        "fixed-layer-norm-gelu": {"norm": "layer", "activation": gelu},
        "changing-batch-norm": {"norm": "batch", "change": kolen_pollack},
        "changing-layer-norm": {"norm": "layer", "change": kolen_pollack},
        "falling-rate": {"optimiser": all_of(SGD, lr=0.1, momentum=0.9), "schedule": fall},
        "falling-rate-dampened": {
            "optimiser": all_of(SGD, lr=0.1, momentum=0.9, dampening=0.1),
            "schedule": fall,
        },
        "two-updates": {"iterations": 2, "optimiser": all_of(SGD, lr=0.1, momentum=0.9)},
        "decay-by-layer": {"optimiser": groups(SGD, decays, lr=0.05)},
        "decay-by-layer-adamw": {"optimiser": groups(AdamW, decays, lr=0.01), "iterations": 25},
        "momentum-by-layer": {"optimiser": groups(SGD, momenta, lr=0.1)},
        "cycled-momentum": {
            "optimiser": all_of(SGD, lr=0.1, momentum=0.9),
            "schedule": cycle,
            "iterations": 25,
        },
        "turns-mish": {"change": turns, "activation": torch.nn.functional.mish},
    }
    angles = {
        name: run(f"{where}/{name}.npz", seed, **of) for seed, (name, of) in enumerate(runs.items())
    }
    with open(f"{where}/angles.json", "w") as file:
        json.dump(angles, file, indent=1)
        file.write("\n")
