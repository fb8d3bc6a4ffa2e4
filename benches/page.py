#!/usr/bin/env python3
"""Writes the benchmark page.

usage: page.py PEERS PAGE [PAIRS]

PEERS is the directory of peer_rule.py and peer_mlp.py, PAGE the Markdown to write (docs/benchmarks.md). Run from the root of
the project, with a Python that has torch and numpy, on an idle machine, after `cargo build --release --bins --examples`.
Instructions are counted where valgrind is installed.
"""
import json, os, platform, re, shutil, subprocess, sys, tempfile

peers, page = sys.argv[1:3]
pairs = sys.argv[3] if len(sys.argv) > 3 else "7"
here = os.path.dirname(os.path.abspath(__file__))
program = os.path.join("target", "release", "alignscope")
rows_file = tempfile.NamedTemporaryFile(suffix=".json", delete=False).name

# Fixed work on one thread, whose instructions are the same in every run of one binary.
COUNTED = {
    "rule in isolation, 20-100-20, batch 100, f32, 300 updates":
        "isolate --schedule white --precision f32 --iterations 300 --repeats 1",
    "network on the digits, 64-50-50-50, 2 epochs": "train --epochs 2 --repeats 1",
    "the same with alignment terms at lags 1 to 8":
        "train --epochs 2 --repeats 1 --record-every 20 --quantities terms --lags 1,2,3,4,5,6,7,8",
    "exact moments, 300 iterations": "theory moments --activity ar1:0.9 --error ar1:0.9",
}


def instructions(arguments):
    with tempfile.TemporaryDirectory() as directory:
        measured = [program, *arguments.split()]
        if not arguments.startswith("theory"):
            measured += ["--threads", "1", "--out", os.path.join(directory, "run")]
        command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *measured]
        run = subprocess.run(command, capture_output=True, text=True, check=True)
        return int(re.search(r"Collected : (\d+)", run.stderr).group(1))


environment = {**os.environ, "BENCH_ROWS": rows_file}
scripts = [["peers.py", program, peers, pairs], ["peers_spectra.py", os.path.join("target", "release", "examples", "spectra")]]
for script, *arguments in scripts:
    subprocess.run([sys.executable, os.path.join(here, script), *arguments], env=environment, check=True)
with open(rows_file) as file:
    rows = [json.loads(line) for line in file]
os.remove(rows_file)

cpu = platform.processor() or platform.machine()
if os.path.exists("/proc/cpuinfo"):
    with open("/proc/cpuinfo") as file:
        cpu = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), cpu)
text = f"""# Benchmarks
Made by one command, on {cpu}, {os.cpu_count()} cores:

    python benches/page.py PEERS docs/benchmarks.md {pairs}

Each number is the median of ratios of times taken in turn, one of a peer and one of alignscope, with the interval that covers
the median with at least 95 % (order statistics of the pairs; the whole range, 94 %, where there are five). The rule is timed as a whole
process, results written, and the peers by their loops alone. Absolute times differ between machines and hours, and are not given.
"""
TITLES = {
    "rule": "The rule in isolation (more is better)",
    "network": "A network in training, time of an epoch (more is better)",
    "spectra": "Decompositions of matrices, one thread (more is better)",
    "ceiling": "Distance from the ceiling: bare matrix products, and random numbers where they are drawn (1 is the ceiling)",
}
for section, title in TITLES.items():
    text += f"\n## {title}\n| work | ratio | interval of the median | pairs |\n|---|---|---|---|\n"
    for row in (row for row in rows if row["section"] == section):
        text += f"| {row['name']} | {row['median']:.2f} | {row['low']:.2f} to {row['high']:.2f} | {row['pairs']} |\n"
if shutil.which("valgrind"):
    text += "\n## Instructions (for regressions: the same whatever else the machine does)\n| command | millions |\n|---|---|\n"
    for name, arguments in COUNTED.items():
        text += f"| {name}: `{arguments}` | {instructions(arguments) / 1e6:.1f} |\n"
with open(page, "w") as file:
    file.write(text)
