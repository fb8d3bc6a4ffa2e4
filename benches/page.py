#!/usr/bin/env python3
"""Writes the benchmark page.

usage: page.py [PAIRS]

Writes docs/benchmarks.md, from PAIRS (7) timings of each peer in benches/peers/ and of alignscope,
in turn. Run with a Python that has torch and numpy, on an idle machine, after
`cargo build --release --bins --examples`. Instructions are counted where valgrind is installed.
"""

import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile

pairs = sys.argv[1] if len(sys.argv) > 1 else "7"
here = os.path.dirname(os.path.abspath(__file__))
root = os.path.dirname(here)
release = os.path.join(os.environ.get("CARGO_TARGET_DIR", os.path.join(root, "target")), "release")
program = os.path.join(release, "alignscope")

# Fixed work on one thread, whose instructions are the same in every run of one binary.
COUNTED = {
    "rule in isolation, 20-100-20, batch 100, f32, 300 updates": (
        "isolate --schedule white --precision f32 --iterations 300 --repeats 1"
    ),
    "network on the digits, 64-50-50-50, 2 epochs": "train --epochs 2 --repeats 1",
    "the same with alignment terms at lags 1 to 8": (
        "train --epochs 2 --repeats 1 --record-every 20 --quantities terms --lags 1,2,3,4,5,6,7,8"
    ),
    "exact moments, 300 iterations, and the bound drawn beside them": (
        "theory moments --activity ar1:0.9 --error ar1:0.9"
    ),
}
TITLES = {
    "rule": "The rule in isolation (more is better)",
    "network": "A network in training, time of an epoch (more is better)",
    "spectra": "Decompositions of matrices, one thread (more is better)",
    "ceiling": (
        "Distance from the ceiling: bare matrix products, "
        "and random numbers where they are drawn (1 is the ceiling)"
    ),
}


def instructions(arguments):
    """Count the instructions of a command."""
    with tempfile.TemporaryDirectory() as directory:
        measured = [program, *arguments.split()]
        if not arguments.startswith("theory"):
            measured += ["--threads", "1", "--out", os.path.join(directory, "run")]
        command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *measured]
        run = subprocess.run(command, capture_output=True, text=True, check=True)
        return int(re.search(r"Collected : (\d+)", run.stderr).group(1))


def measured():
    """Compare with all peers; a row per comparison."""
    with tempfile.TemporaryDirectory() as directory:
        rows = os.path.join(directory, "rows.json")
        environment = {**os.environ, "BENCH_ROWS": rows}
        spectra = os.path.join(release, "examples", "spectra")
        for script in [["peers.py", program, pairs], ["peers_spectra.py", spectra]]:
            command = [sys.executable, os.path.join(here, script[0]), *script[1:]]
            subprocess.run(command, env=environment, check=True)
        with open(rows) as file:
            return [json.loads(line) for line in file]


def processor():
    """Name the processor."""
    if os.path.exists("/proc/cpuinfo"):
        with open("/proc/cpuinfo") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.split(":")[1].strip()
    return platform.processor() or platform.machine()


rows = measured()
text = f"""# Benchmarks
Made by one command, on {processor()}, {os.cpu_count()} cores:

    python benches/page.py {pairs}

It needs `cargo build --release --bins --examples` and a Python with NumPy and PyTorch. What is compared with is in
`benches/peers/`: what a user would write instead, in place where that is natural, in single precision, with the threads set.
Each number is the median of ratios of times taken in turn, one of a peer and one of alignscope, with the interval that covers
the median with at least 95 % (order statistics of the pairs; the whole range, 94 %, where there are five). The rule is timed
as a whole process, results written, and the peers by their loops alone; `torch_batched` runs all repeats in one batched product,
the others one repeat after the other. Absolute times differ between machines and hours, and are not given.
"""  # noqa: E501
for section, title in TITLES.items():
    text += f"\n## {title}\n| work | ratio | interval of the median | pairs |\n|---|---|---|---|\n"
    for row in rows:
        if row["section"] == section:
            covers = f"{row['low']:.2f} to {row['high']:.2f}"
            text += f"| {row['name']} | {row['median']:.2f} | {covers} | {row['pairs']} |\n"
if shutil.which("valgrind"):
    text += "\n## Instructions (for regressions: the same whatever else the machine does)\n"
    text += "| command | millions |\n|---|---|\n"
    for name, arguments in COUNTED.items():
        text += f"| {name}: `{arguments}` | {instructions(arguments) / 1e6:.1f} |\n"
with open(os.path.join(root, "docs", "benchmarks.md"), "w") as file:
    file.write(text)
