#!/usr/bin/env python3
"""Paired comparison of the decompositions with NumPy's (LAPACK), one thread each.

usage: peers_spectra.py PROGRAM [ROUNDS]

PROGRAM is the release binary of the example (cargo build --release --example spectra). Run with a
Python that has NumPy. In every round NumPy and alignscope decompose a random matrix of each size in
turn, both in processes that already run and with one thread. Prints the median of the ratios with
its interval.
"""

import json
import os
import subprocess
import sys
import time

os.environ["OMP_NUM_THREADS"] = "1"
os.environ["OPENBLAS_NUM_THREADS"] = "1"
os.environ["MKL_NUM_THREADS"] = "1"

import numpy as np

from paired import report

program = sys.argv[1]
rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 11
THEIRS = {
    "singular values": lambda a: np.linalg.svd(a, compute_uv=False),
    "singular vectors too": lambda a: np.linalg.svd(a, full_matrices=False),
    "eigenvalues": np.linalg.eigvals,
    "eigenvalues, symmetric": np.linalg.eigvalsh,
}


def milliseconds(work, matrix):
    """Time a decomposition by NumPy."""
    start = time.perf_counter()
    work(matrix)
    return (time.perf_counter() - start) * 1e3


def ask(process):
    """Have alignscope decompose a matrix; milliseconds by decomposition."""
    process.stdin.write("\n")
    process.stdin.flush()
    return json.loads(process.stdout.readline())


for size in [50, 200, 1000]:
    pipe = subprocess.PIPE
    ours = subprocess.Popen([program, str(size)], stdin=pipe, stdout=pipe, text=True, bufsize=1)
    random = np.random.default_rng(1)
    pairs = {name: [] for name in THEIRS}
    # The first round warms up.
    for number in range(rounds + 1):
        matrix = random.standard_normal((size, size))
        found = ask(ours)
        for name, work in THEIRS.items():
            if number > 0:
                pairs[name].append((milliseconds(work, matrix), found[name]))
            else:
                work(matrix)
    ours.stdin.close()
    ours.wait()
    for name, times in pairs.items():
        ratios = [numpy / alignscope for numpy, alignscope in times]
        report("spectra", f"{size} x {size}, {name}: NumPy / alignscope", ratios)
