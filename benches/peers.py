#!/usr/bin/env python3
"""Paired comparison of the isolated rule with what a user would write in PyTorch or NumPy.

usage: peers.py PROGRAM PEER_SCRIPT [PAIRS]

PROGRAM is the release binary, PEER_SCRIPT the peer (see the README, Speed). Run with a Python that has torch and
numpy. Each pair runs a peer and alignscope in turn on the same work: 20-100-20, batch 100, fresh signals, ReLU, f32,
one weight angle per iteration, 1,500 iterations x 10 repeats. alignscope is timed as a whole process, results written;
the peer times its loop alone, without its start-up. Prints the median ratio and its range.
"""
import json, os, statistics, subprocess, sys, tempfile, time

program, peer = sys.argv[1:3]
pairs = int(sys.argv[3]) if len(sys.argv) > 3 else 7
WORK = ["20", "100", "20", "100", "1500", "10"]


def ours(threads):
    with tempfile.TemporaryDirectory() as directory:
        command = [program, "isolate", "--schedule", "white", "--precision", "f32", "--threads", str(threads),
                   "--out", os.path.join(directory, "run"), "--json"]
        start = time.perf_counter()
        out = subprocess.run(command, check=True, capture_output=True).stdout
        seconds = time.perf_counter() - start
        assert json.loads(out)["summary"][0]["n"] == 10
        return seconds


def theirs(library):
    out = subprocess.run([sys.executable, peer, library, "1", "core", *WORK], check=True, capture_output=True,
                         text=True, env={**os.environ, "REPS": "1"}).stdout
    return float(out.split(",")[4])


def report(name, ratios):
    print(f"{name:<34} {statistics.median(ratios):5.2f}x  ({min(ratios):.2f} to {max(ratios):.2f}, {len(ratios)} pairs)")


for library in ["torch", "torch_batched", "numpy"]:
    report(f"{library} / alignscope, one thread", [theirs(library) / ours(1) for _ in range(pairs)])
report("alignscope, one thread / two", [ours(1) / ours(2) for _ in range(pairs)])
