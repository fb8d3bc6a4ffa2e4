"""Records tiny networks trained with the optimisers of PyTorch, for the tests of `analyze`.

    python tests/data/optimisers.py [DIRECTORY] [--sizes 3,4,3,2] [--batch 2] [--updates 9] [--seed 1] [--split]

Writes float32.npz and float64.npz, whose members are those of all cells on top of each other, and cells.txt with the names
of these in order; with --split one archive for every cell, as `analyze` reads them. A cell is OPTIMISER-RATES-DECAY, such
as `nesterov-stepped-decay`, or one of those beyond the grid below.
"""

import argparse
import math
import pathlib

import numpy as np
import torch

RATE = {"sgd": 0.1, "momentum": 0.05, "nesterov": 0.05, "adam": 0.02, "adamw": 0.02}
DECAY = {"sgd": 0.05, "momentum": 0.05, "nesterov": 0.05, "adam": 0.05, "adamw": 0.5}
LAYER_FACTORS = (1.0, 0.4, 2.5)


def network(sizes, dtype, generator):
    """Weights of n_l x n_{l+1} and biases, as leaves."""
    pairs = list(zip(sizes, sizes[1:]))
    weights = [torch.randn(a, b, generator=generator, dtype=dtype) * 1.2 / math.sqrt(a) for a, b in pairs]
    biases = [torch.randn(b, generator=generator, dtype=dtype) * 0.1 for _, b in pairs]
    return [w.requires_grad_() for w in weights], [b.requires_grad_() for b in biases]


def run(sizes, batch, updates, seed, dtype, optimiser, schedule=None, skip=0, before=None, after=None):
    """Members of one recorded run: `optimiser` makes one of (weights, biases), `schedule` one of that."""
    generator = torch.Generator().manual_seed(seed)
    weights, biases = network(sizes, dtype, generator)
    optimiser = optimiser(weights, biases)
    scheduler = schedule(optimiser) if schedule else None
    runs = {}

    def keep(name, tensor):
        runs.setdefault(name, []).append(tensor.detach().numpy().copy())

    for k in range(skip + updates):
        x = torch.randn(batch, sizes[0], generator=generator, dtype=dtype)
        y = torch.randn(batch, sizes[-1], generator=generator, dtype=dtype)
        activity, activities, signals = x, [], []
        for l, (w, b) in enumerate(zip(weights, biases)):
            activities.append(activity)
            z = activity @ w + b
            z.retain_grad()
            signals.append(z)
            activity = torch.tanh(z) if l + 1 < len(weights) else z
        optimiser.zero_grad()
        (0.5 * (activity - y).square().sum()).backward()
        if before:
            before(weights, biases)
        if k >= skip:
            for l, w in enumerate(weights):
                keep(f"W{l}", w)
                keep(f"activity{l}", activities[l])
                keep(f"delta{l + 1}", -signals[l].grad)
        optimiser.step()
        if after:
            after(weights)
        if scheduler:
            scheduler.step()
    for l, w in enumerate(weights):
        keep(f"W{l}", w)
    return {name: np.stack(values) for name, values in runs.items()}


def groups(weights, biases, rate):
    return [
        {"params": [w, b], "lr": rate * factor} for w, b, factor in zip(weights, biases, LAYER_FACTORS, strict=True)
    ]


def optimiser_of(kind, by_layer, decay):
    options = {
        "sgd": dict(),
        "momentum": dict(momentum=0.9),
        "nesterov": dict(momentum=0.9, nesterov=True),
        "adam": dict(betas=(0.8, 0.95)),
        "adamw": dict(betas=(0.9, 0.99)),
    }[kind]
    of = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}.get(kind, torch.optim.SGD)
    options |= {"weight_decay": DECAY[kind] if decay else 0.0}

    def make(weights, biases):
        params = groups(weights, biases, RATE[kind]) if by_layer else weights + biases
        return of(params, lr=RATE[kind], **options)

    return make


def stepped(optimiser, size=4):
    return torch.optim.lr_scheduler.StepLR(optimiser, step_size=size, gamma=0.25)


def cosine(optimiser):
    return torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, T_max=16)


def warmup(optimiser):
    """From a rate of 0."""
    return torch.optim.lr_scheduler.LambdaLR(optimiser, lambda k: min(1.0, k / 5))


def sgd(**options):
    return lambda weights, biases: torch.optim.SGD(weights + biases, **options)


def by_layer(of, rate, **options):
    return lambda weights, biases: of(groups(weights, biases, rate), lr=rate, **options)


class Formula(torch.optim.Optimizer):
    """A rule of steps that torch.optim has not: `rule(parameter, state, options)` changes the parameter in place."""

    def __init__(self, rule, params, **options):
        super().__init__(params, options)
        self.rule = rule

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                self.rule(p, self.state[p], group)


def formula(rule, **options):
    return lambda weights, biases: Formula(rule, weights + biases, **options)


def velocity(p, state, o):
    """Momentum as in Keras: the velocity holds the rate."""
    v = state.setdefault("v", torch.zeros_like(p))
    v.mul_(o["momentum"]).sub_(o["lr"] * p.grad)
    p.add_(o["momentum"] * v - o["lr"] * p.grad if o["nesterov"] else v)


def sgdw(p, state, o):
    """Momentum with decoupled weight decay (Loshchilov and Hutter)."""
    v = state.setdefault("v", torch.zeros_like(p))
    v.mul_(o["momentum"]).add_(p.grad)
    p.mul_(1 - o["lr"] * o["weight_decay"]).sub_(o["lr"] * v)


def normalised(p, state, o):
    """A gradient of norm 1 for every parameter, as in LARS without its trust."""
    p.sub_(o["lr"] * p.grad / p.grad.norm() * (1 + p.norm()))


def sign(p, state, o):
    p.sub_(o["lr"] * p.grad.sign())


def clip(weights, biases):
    """Every gradient entry clipped."""
    torch.nn.utils.clip_grad_value_(weights + biases, 0.3)


def clip_norm(weights, biases):
    torch.nn.utils.clip_grad_norm_(weights + biases, 0.5)


def jitter(seed):
    generator = torch.Generator().manual_seed(seed)

    def after(weights):
        with torch.no_grad():
            for w in weights:
                w.add_(1e-3 * torch.randn(w.shape, generator=generator, dtype=w.dtype))

    return after


def grid():
    for kind in RATE:
        for rates in ("constant", "stepped", "layers"):
            for decay in (False, True):
                name = f"{kind}-{rates}-{'decay' if decay else 'plain'}"
                yield name, dict(
                    optimiser=optimiser_of(kind, rates == "layers", decay),
                    schedule=stepped if rates == "stepped" else None,
                )


def beyond():
    """Cells beyond the grid: combinations, forms of other frameworks, recordings that begin later, and what is no recipe."""
    m = dict(lr=0.05, momentum=0.9)
    adam = torch.optim.Adam
    yield "dampening", dict(optimiser=sgd(**m, dampening=0.4))
    yield "dampening-stepped-decay", dict(optimiser=sgd(**m, dampening=0.4, weight_decay=0.05), schedule=stepped)
    yield "sgdw", dict(optimiser=formula(sgdw, **m, weight_decay=0.4), schedule=stepped)
    yield "cosine-momentum-decay", dict(optimiser=sgd(**m, weight_decay=0.05), schedule=cosine)
    yield "warmup-nesterov", dict(optimiser=sgd(**m, nesterov=True), schedule=warmup)
    yield "velocity-stepped", dict(optimiser=formula(velocity, **m, nesterov=False), schedule=stepped)
    yield "velocity-nesterov-stepped", dict(optimiser=formula(velocity, **m, nesterov=True), schedule=stepped)
    yield "momentum-later", dict(optimiser=sgd(**m), skip=5)
    yield "nesterov-stepped-decay-later", dict(
        optimiser=sgd(**m, nesterov=True, weight_decay=0.05), schedule=lambda o: stepped(o, 9), skip=5
    )
    yield "layers-stepped", dict(optimiser=by_layer(torch.optim.SGD, 0.1), schedule=stepped)
    yield "layers-cosine-momentum-decay", dict(
        optimiser=by_layer(torch.optim.SGD, 0.05, momentum=0.9, weight_decay=0.05), schedule=cosine
    )
    yield "adam-layers-cosine", dict(optimiser=by_layer(adam, 0.02), schedule=cosine)
    yield "adam-later", dict(optimiser=lambda w, b: adam(w + b, lr=0.02, betas=(0.8, 0.95)), skip=5)
    yield "amsgrad", dict(optimiser=lambda w, b: adam(w + b, lr=0.02, betas=(0.8, 0.7), amsgrad=True))
    yield "rmsprop", dict(optimiser=lambda w, b: torch.optim.RMSprop(w + b, lr=0.01, alpha=0.9))
    yield "adagrad", dict(optimiser=lambda w, b: torch.optim.Adagrad(w + b, lr=0.05))
    yield "frozen", dict(optimiser=lambda w, b: torch.optim.SGD(w[1:] + b, lr=0.05, momentum=0.9))
    yield "clipped", dict(optimiser=sgd(**m), before=clip)
    yield "clipped-norm", dict(optimiser=sgd(lr=0.1), before=clip_norm)
    yield "normalised", dict(optimiser=formula(normalised, lr=0.05))
    yield "sign", dict(optimiser=formula(sign, lr=0.01))
    yield "noise", dict(optimiser=sgd(lr=0.05), after=jitter(5))
    yield "nadam", dict(optimiser=lambda w, b: torch.optim.NAdam(w + b, lr=0.02))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("directory", nargs="?", default=pathlib.Path(__file__).parent / "optimisers", type=pathlib.Path)
    parser.add_argument("--sizes", default="3,4,3,2")
    parser.add_argument("--batch", default=2, type=int)
    parser.add_argument("--updates", default=9, type=int)
    parser.add_argument("--seed", default=1, type=int)
    parser.add_argument("--split", action="store_true")
    options = parser.parse_args()
    sizes = [int(n) for n in options.sizes.split(",")]
    shared = dict(sizes=sizes, batch=options.batch, updates=options.updates, seed=options.seed)
    options.directory.mkdir(exist_ok=True, parents=True)
    cells = dict([*grid(), *beyond()])
    for precision in ("float32", "float64"):
        found = {name: run(dtype=getattr(torch, precision), **(shared | cell)) for name, cell in cells.items()}
        if options.split:
            for name, members in found.items():
                np.savez_compressed(options.directory / f"{name}-{precision}.npz", **members)
        else:
            stacked = {member: np.stack([of[member] for of in found.values()]) for member in found["noise"]}
            np.savez_compressed(options.directory / f"{precision}.npz", **stacked)
    if not options.split:
        (options.directory / "cells.txt").write_text("".join(f"{name}\n" for name in cells))


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
