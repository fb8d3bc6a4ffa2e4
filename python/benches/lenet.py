"""Test error of BioTorch's LeNet under a rule, over seeds.

    python benches/lenet.py --data-dir DATA --data mnist --rule fa --rate 0.001 --epochs 100

As BioTorch's benchmark: images of 32 x 32, batches of 64, momentum 0.9, weight decay 0.001, Xavier
draws of forward and backward weights, the rate divided by 10 after half and three quarters of the
epochs. DATA/mnist and DATA/fashion-mnist hold the files train-images-idx3-ubyte and so on, perhaps
with .gz.
"""

from __future__ import annotations

import argparse
import gzip
import statistics
from pathlib import Path

import numpy as np
import torch
from torch import nn

from alignscope.torch import convert, set_targets

#: Mean and standard deviation of the pixels.
MOMENTS = {"mnist": (0.1307, 0.3081), "fashion-mnist": (0.2859, 0.3530)}

#: 97.5th percentile of Student's t, by degrees of freedom from 1.
STUDENT = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262]


def array(folder, name):
    plain = folder / name
    if plain.exists():
        data = plain.read_bytes()
    else:
        data = gzip.decompress((folder / f"{name}.gz").read_bytes())
    sizes = [int.from_bytes(data[4 + 4 * i : 8 + 4 * i], "big") for i in range(data[3])]
    values = np.frombuffer(data, np.uint8, offset=4 + 4 * data[3]).reshape(sizes)
    return torch.from_numpy(values.copy())


def load(folder, name):
    mean, sd = MOMENTS[name]
    found = []
    for part in ("train", "t10k"):
        images = array(folder / name, f"{part}-images-idx3-ubyte").float()[:, None] / 255
        images = nn.functional.interpolate(images, size=(32, 32), mode="bilinear")
        labels = array(folder / name, f"{part}-labels-idx1-ubyte").long()
        found += [(images - mean) / sd, labels]
    return found


def network(rule, seed):
    torch.manual_seed(seed)
    net = nn.Sequential(
        nn.Conv2d(1, 6, 5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 120, 5),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(120, 84),
        nn.ReLU(),
        nn.Linear(84, 10),
    )
    for layer in net:
        if isinstance(layer, (nn.Linear, nn.Conv2d)):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
    return convert(net, rule, init=nn.init.xavier_uniform_, seed=seed)


def error(net, images, labels):
    with torch.no_grad():
        wrong = [
            (net(x).argmax(1) != y).sum() for x, y in zip(images.split(1000), labels.split(1000))
        ]
    return 100 * float(sum(wrong)) / len(labels)


def train(data, rule, rate, epochs, seed):
    """Errors on the test set after every epoch."""
    images, labels, test_images, test_labels = data
    net = network(rule, seed)
    optimizer = torch.optim.SGD(net.parameters(), rate, momentum=0.9, weight_decay=1e-3)
    milestones = [round(epochs * 0.5), round(epochs * 0.75)]
    scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, milestones, 0.1)
    errors = []
    for _ in range(epochs):
        for batch in torch.randperm(len(labels)).split(64):
            if rule == "drtp":
                set_targets(net, labels[batch])
            optimizer.zero_grad()
            nn.functional.cross_entropy(net(images[batch]), labels[batch]).backward()
            optimizer.step()
        scheduler.step()
        errors.append(error(net, test_images, test_labels))
    return errors


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--data", choices=MOMENTS, default="mnist")
    parser.add_argument("--rule", default="fa")
    parser.add_argument("--rate", type=float, default=0.003)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--seeds", type=int, default=5, help="at most 10")
    arguments = parser.parse_args()
    data = load(arguments.data_dir, arguments.data)
    last = []
    for seed in range(arguments.seeds):
        errors = train(data, arguments.rule, arguments.rate, arguments.epochs, seed)
        last.append(errors[-1])
        print(f"seed {seed}: last {errors[-1]:.2f} %, best {min(errors):.2f} %", flush=True)
    if len(last) > 1:
        mean = statistics.mean(last)
        half = STUDENT[len(last) - 2] * statistics.stdev(last) / len(last) ** 0.5
        print(f"last: {mean:.2f} [{mean - half:.2f}, {mean + half:.2f}] %")


if __name__ == "__main__":
    main()
