"""What it costs to measure while a network trains: thread time of measured steps beside plain ones.

    OMP_NUM_THREADS=1 python benches/monitor.py

784-512-512-10 with ReLU, batches of 128. Within one run, steps that are measured are compared with
those that are not, at the lower tenth and the median of many rounds, as others may use the machine.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import torch
from torch import nn

from alignscope.torch import Monitor, convert

CASES = {
    "weights": {"quantities": ["weights"]},
    "weights, updates": {"quantities": ["weights", "updates"]},
    "default": {},
    "default, updates_every=3": {"updates_every": 3},
    "budget": {"quantities": ["budget"]},
    "terms of lag 1": {"quantities": ["terms"], "lags": [1]},
    "terms of lags 1 to 8": {"quantities": ["terms"], "lags": range(1, 9)},
    "ranks": {"quantities": ["ranks"], "ranks_every": 1},
}


def network():
    torch.manual_seed(0)
    sizes = [784, 512, 512, 10]
    layers = [m for n, k in zip(sizes, sizes[1:]) for m in (nn.Linear(n, k), nn.ReLU())]
    return convert(nn.Sequential(*layers[:-1]), "fa", seed=1)


def measure(every, rounds, **options):
    """Milliseconds of each step of a round, in which everything is measured once."""
    steps = every * options.get("updates_every", 1)
    net = network()
    x, y = torch.randn(128, 784), torch.randint(0, 10, (128,))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
    found = []
    with Monitor(net, every=every, **options) as monitor:
        for step in range((rounds + 3) * steps):
            start = time.thread_time()
            optimizer.zero_grad()
            nn.functional.cross_entropy(net(x), y).backward()
            optimizer.step()
            found.append(1e3 * (time.thread_time() - start))
            if step % every == 0:
                held = monitor.bytes
    return np.array(found[3 * steps :]).reshape(rounds, steps), held


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--every", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=80)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    for name, options in CASES.items():
        steps, held = measure(arguments.every, arguments.rounds, **options)
        told = []
        for level in (10, 50):
            of_step = np.percentile(steps, level, axis=0)
            # States are kept before a measurement, and budgets closed after it.
            plain = np.median(of_step[2:-1])
            extra = np.sum(of_step - plain)
            told.append(f"{100 * extra / (len(of_step) * plain):.1f} % of {plain:.1f} ms")
        print(f"{name:22s} {' to '.join(told)}, {held / 1e6:.1f} MB of weights before", flush=True)


if __name__ == "__main__":
    main()
