#!/usr/bin/env python3
"""Paired comparison of the decompositions with NumPy's (LAPACK), one thread each.

usage: peers_spectra.py PROGRAM [ROUNDS]

PROGRAM is the release binary of the example (cargo build --release --example spectra). Run with a Python that has NumPy. In
every round NumPy and alignscope decompose a random matrix of each size in turn, both in processes that already run and
with one thread. Prints the median of the ratios with its interval.
"""
import os

for name in ["OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"]:
    os.environ[name] = "1"
import json, subprocess, sys, time

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
    start = time.perf_counter()
    work(matrix)
    return (time.perf_counter() - start) * 1e3


for size in [50, 200, 1000]:
    ours = subprocess.Popen([program, str(size)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)

    def round_of_ours():
        ours.stdin.write("\n")
        ours.stdin.flush()
        return json.loads(ours.stdout.readline())

    random = np.random.default_rng(1)
    pairs = {name: [] for name in THEIRS}
    # The first round warms up.
    for number in range(rounds + 1):
        matrix = random.standard_normal((size, size))
        found = round_of_ours()
        for name, work in THEIRS.items():
            if number > 0:
                pairs[name].append((milliseconds(work, matrix), found[name]))
            else:
                work(matrix)
    ours.stdin.close()
    ours.wait()
    for name, times in pairs.items():
        report("spectra", f"{size} x {size}, {name}: NumPy / alignscope", [numpy / alignscope for numpy, alignscope in times])
