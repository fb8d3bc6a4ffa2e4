#!/usr/bin/env python3
"""Paired comparison of rule and network with what a user would write in PyTorch or NumPy.

usage: peers.py PROGRAM [PAIRS]

PROGRAM is the release binary, with its examples beside it (cargo build --release --bins
--examples). What a user would write is in peers/. Run with a Python that has torch and numpy. Each
pair runs a peer and alignscope in turn on the same work, and the median ratio is printed with its
range.

The rule: batch 100, fresh signals, ReLU, f32, one weight angle per iteration; alignscope is timed
as a whole process, results written, the peer times its loop alone. The network: one epoch of 60,000
random samples, 225-500-500-50, tanh, softmax, f32; both time the epoch alone. The distance from the
time that bare products (and random numbers) take is printed beside, and so is that of the
decomposition of updates.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time

from paired import report

PEERS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "peers")
program = sys.argv[1]
pairs = int(sys.argv[2]) if len(sys.argv) > 2 else 7
# Sizes, iterations, repeats, learning rate.
WORK = {
    "20-100-20": ([20, 100, 20], 1500, 10, "4e-4"),
    "500-500-500": ([500, 500, 500], 150, 4, "1e-9"),
}
# A spec without figures: the peers draw none.
SPEC = """[[analysis]]
name = "peers"
kind = "isolate"
repeats = {repeats}
[analysis.base]
schedule = "white"
precision = "f32"
layers = {layers}
iterations = {iterations}
eta = {eta}
"""
# Units of a network's layers.
SIZES = "225,500,500,50"


def said(command, **environment):
    """Run a command that succeeds; its standard output."""
    command = [str(argument) for argument in command]
    environment = {**os.environ, **environment}
    run = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    return run.stdout


def compare(section, name, ratio):
    """Report the ratios that `ratio` measures, one a pair."""
    report(section, name, [ratio() for _ in range(pairs)])


def rule_of_ours(size, threads):
    """Time the rule in isolation in alignscope, as a whole process."""
    layers, iterations, repeats, eta = WORK[size]
    with tempfile.TemporaryDirectory() as directory:
        spec = os.path.join(directory, "peers.toml")
        with open(spec, "w") as file:
            file.write(SPEC.format(layers=layers, iterations=iterations, repeats=repeats, eta=eta))
        out = os.path.join(directory, "run")
        start = time.perf_counter()
        found = said([program, "run", spec, "--threads", threads, "--out", out, "--json"])
        seconds = time.perf_counter() - start
        assert json.loads(found)["summary"][0]["n"] == repeats
        return seconds


def rule_of_theirs(size, library):
    """Time the rule in isolation of a peer, its loop alone."""
    layers, iterations, repeats, _ = WORK[size]
    peer = [sys.executable, os.path.join(PEERS, "rule.py"), library, 1, "core"]
    return float(said([*peer, *layers, 100, iterations, repeats], REPS="1").split(",")[4])


def example(name, *arguments, **environment):
    """Run an example of alignscope; its standard output."""
    path = os.path.join(os.path.dirname(os.path.abspath(program)), "examples", name)
    if not os.path.exists(path):
        sys.exit(f"{path} is missing: cargo build --release --bins --examples")
    return said([path, *arguments], **environment)


def rule_beside_ceiling(size):
    """Time an iteration of alignscope over that of its bare products and random numbers."""
    _, iterations, repeats, _ = WORK[size]
    bare = sum(json.loads(example("limit"))[size].values())
    return rule_of_ours(size, 1) * 1e6 / (iterations * repeats) / bare


def decomposition_beside_ceiling():
    """Time the decomposition of updates over its bare products, random images."""
    text = example("remainder", 300)
    taken = float(re.search(r"([0-9.]+) s of them", text)[1])
    return taken / float(re.search(r"would take ([0-9.]+) s", text)[1])


def epoch_of_theirs(library, threads, batch):
    """Time an epoch of a peer."""
    peer = [sys.executable, os.path.join(PEERS, "network.py"), library, threads, batch]
    out = said([*peer, SIZES, "tanh", 60000], REPS="1")
    return float(out.split(" s/epoch")[0].rsplit(",", 1)[1])


def epoch_of_ours(threads, batch, *bare):
    """Time an epoch of alignscope, and its bare products if asked for."""
    return json.loads(example("epoch", threads, batch, SIZES, 60000, *bare, REPS="1"))


def epoch_beside_ceiling(batch):
    """Time an epoch of alignscope over its bare products."""
    found = epoch_of_ours(1, batch, "bare")
    return found["epoch"] / found["products"]


def compare_rules(size):
    """Report all of the rule in isolation at a size."""
    for library in ["torch", "torch_batched", "numpy"]:
        compare(
            "rule",
            f"{size}, one thread: {library} / alignscope",
            lambda library=library: rule_of_theirs(size, library) / rule_of_ours(size, 1),
        )
    compare(
        "rule",
        f"{size}: alignscope on one thread / on two",
        lambda: rule_of_ours(size, 1) / rule_of_ours(size, 2),
    )
    compare(
        "ceiling",
        f"rule {size}: alignscope / bare products and random numbers",
        lambda: rule_beside_ceiling(size),
    )


def compare_networks(batch):
    """Report all of a network in training at a size of batches."""
    works = [("torch_autograd", 1), ("torch_manual", 1), ("numpy", 1), ("torch_autograd", 2)]
    for library, threads in works:
        compare(
            "network",
            f"batch {batch}, threads {threads}: {library} / alignscope",
            lambda library=library, threads=threads: (
                epoch_of_theirs(library, threads, batch) / epoch_of_ours(threads, batch)["epoch"]
            ),
        )
    compare(
        "network",
        f"batch {batch}: alignscope on one thread / on two",
        lambda: epoch_of_ours(1, batch)["epoch"] / epoch_of_ours(2, batch)["epoch"],
    )
    compare(
        "ceiling",
        f"network, batch {batch}: alignscope / bare products",
        lambda: epoch_beside_ceiling(batch),
    )


for size in WORK:
    compare_rules(size)
compare(
    "ceiling",
    "updates of 5 layers decomposed, lags 0 to 300: alignscope / bare products",
    decomposition_beside_ceiling,
)
for batch in [1000, 100]:
    compare_networks(batch)
