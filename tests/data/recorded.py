"""Makes the recordings in tests/data/recorded/ with PyTorch and python/alignscope.

    PYTHONPATH=python python tests/data/recorded.py tests/data/recorded

Seven runs of one network with a convolution, feedback alignment, single precision, plain gradient
descent: what a monitor measures while they train is written by its `record`. `angles.json` has the
angles that NumPy finds in the arrays, in double precision.
"""

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn

from alignscope.torch import Monitor, convert

OUT = Path(sys.argv[1])
RUNS, UPDATES, SAMPLES = 7, 16, 6


def angle(a: np.ndarray, b: np.ndarray) -> float:
    """Angle of two arrays in degrees."""
    a, b = (x.astype(np.float64).ravel() / np.linalg.norm(x.astype(np.float64)) for x in (a, b))
    return float(np.degrees(2 * np.arctan2(np.linalg.norm(a - b), np.linalg.norm(a + b))))


def train(path: Path, seed: int) -> None:
    """Train on one batch, shown again and again."""
    torch.manual_seed(seed)
    layers = [nn.Conv2d(1, 2, 2, stride=2), nn.Tanh(), nn.Flatten()]
    layers += [nn.Linear(8, 5), nn.Tanh(), nn.Linear(5, 3)]
    net = convert(nn.Sequential(*layers), rule="fa", seed=seed)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.5)
    images, labels = torch.randn(SAMPLES, 1, 4, 4), torch.arange(SAMPLES) % 3
    monitor = Monitor(net, every=UPDATES, record=path)
    for _ in range(UPDATES):
        loss = nn.functional.cross_entropy(net(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    monitor.close()
    # Headers have room for a run that grows: 4 kB each, thirty times what is needed in the end.
    for file in path.glob("*/*.npy"):
        np.save(file, np.load(file))


def angles(path: Path) -> dict[str, list[float]]:
    """Angles of weights, updates and error signals, from the recorded arrays alone."""
    recorded = {file.stem: np.load(file).astype(np.float64) for file in path.glob("3/*.npy")}
    found = {f"weights{l}": [] for l in (1, 2)} | {"update1": [], "delta1": []}
    for l in (1, 2):
        b = recorded[f"B{l}"].T
        found[f"weights{l}"] = [angle(w, b) for w in recorded[f"W{l}"]]
    for k in range(UPDATES):
        z = recorded["activity1"][k] @ recorded["W1"][k] + recorded["b2"][k]
        bp = recorded["delta3"][k] @ recorded["W2"][k].T * (1 - np.tanh(z) ** 2)
        own = recorded["delta2"][k]
        source = recorded["activity1"][k].T
        found["delta1"].append(angle(own, bp))
        found["update1"].append(angle(source @ own, source @ bp))
    return found


shutil.rmtree(OUT, ignore_errors=True)
expected = {}
for run in range(RUNS):
    train(OUT / f"fa-{run}", seed=run)
    expected[f"fa-{run}"] = angles(OUT / f"fa-{run}")
(OUT / "angles.json").write_text(json.dumps(expected) + "\n")
