"""Trains a tiny network with the optimisers of PyTorch in double precision, for the tests of `train --optimizer`.

    python tests/data/optimizer_steps.py [FILE]

Writes optimizer-steps.npz: images, labels, weights and biases at the start, and of every cell of CELLS those after the
updates of AT. The loss is half the squared error of tanh units to one-hot targets, summed over batches of five images in
their order. `torch.optim.Muon` orthogonalises in bfloat16; here its own code does so in double precision, as `torch.bfloat16`
is `torch.float64` while it runs. Biases beside Muon are AdamW's.
"""

import itertools
import pathlib
import sys

import numpy as np
import torch

SIZES, IMAGES, BATCH, AT = (6, 9, 4), 15, 5, (1, 2, 3, 24)
ADAM = {"betas": (0.8, 0.95), "eps": 1e-6}


def muon(scale):
    # Its weights are those of PyTorch, n_out x n_in, which its scales tell from their transposes.
    return lambda w, b: [
        torch.optim.Muon(w, lr=0.02, momentum=0.9, weight_decay=0.1, adjust_lr_fn=scale),
        torch.optim.AdamW(b, lr=0.02, weight_decay=0.1, **ADAM),
    ]


CELLS = {
    "momentum": lambda w, b: [torch.optim.SGD(w + b, lr=0.05, momentum=0.9, weight_decay=0.01)],
    "nesterov": lambda w, b: [torch.optim.SGD(w + b, lr=0.02, momentum=0.9, weight_decay=0.01, nesterov=True)],
    "adam": lambda w, b: [torch.optim.Adam(w + b, lr=0.02, weight_decay=0.01, **ADAM)],
    "adamw": lambda w, b: [torch.optim.AdamW(w + b, lr=0.02, weight_decay=0.1, **ADAM)],
    "muon-original": muon("original"),
    "muon-match-rms": muon("match_rms_adamw"),
}


def states(optimisers, start, images, labels):
    """Weights and biases after the updates of AT, one after the other."""
    weights = [w.T.clone().requires_grad_() for w in start[:2]]
    biases = [b.clone().requires_grad_() for b in start[2:]]
    optimisers, found = optimisers(weights, biases), []
    for k in range(max(AT)):
        rows = slice(k % 3 * BATCH, (k % 3 + 1) * BATCH)
        activity = images[rows]
        for w, b in zip(weights, biases):
            activity = torch.tanh(activity @ w.T + b)
        target = torch.nn.functional.one_hot(labels[rows], SIZES[-1]).double()
        for optimiser in optimisers:
            optimiser.zero_grad()
        (0.5 * (activity - target).square().sum()).backward()
        half, torch.bfloat16 = torch.bfloat16, torch.float64
        for optimiser in optimisers:
            optimiser.step()
        torch.bfloat16 = half
        if k + 1 in AT:
            found.append(torch.cat([v.detach().reshape(-1) for v in [w.T for w in weights] + biases]))
    return torch.stack(found)


def main():
    here = pathlib.Path(__file__).parent
    path = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else here / "optimizer-steps.npz"
    torch.set_default_dtype(torch.float64)
    generator = torch.Generator().manual_seed(1)
    pairs = list(itertools.pairwise(SIZES))
    start = [torch.randn(a, b, generator=generator) / a**0.5 for a, b in pairs]
    start += [0.1 * torch.randn(b, generator=generator) for _, b in pairs]
    images = torch.rand(IMAGES, SIZES[0], generator=generator)
    labels = torch.randint(SIZES[-1], (IMAGES,), generator=generator)
    members = {"images": images, "labels": labels.double(), "at": torch.tensor(AT).double()}
    members |= {name: value for name, value in zip(("W0", "W1", "b1", "b2"), start)}
    members |= {cell: states(make, start, images, labels) for cell, make in CELLS.items()}
    np.savez(path, **{name: value.detach().numpy() for name, value in members.items()})


if __name__ == "__main__":
    main()
