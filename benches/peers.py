#!/usr/bin/env python3
"""Paired comparison of the isolated rule and of a network in training with what a user would write in PyTorch or NumPy.

usage: peers.py PROGRAM PEERS [PAIRS]

PROGRAM is the release binary, with its examples beside it (cargo build --release --bins --examples), PEERS the directory of
peer_rule.py and peer_mlp.py. Run with a Python that has torch and numpy. Each pair runs a peer and alignscope in turn on
the same work, and the median ratio is printed with its range.

The rule: batch 100, fresh signals, ReLU, f32, one weight angle per iteration; alignscope is timed as a whole process,
results written, the peer times its loop alone. The network: one epoch of 60,000 random samples, 225-500-500-50, tanh,
softmax, f32; both time the epoch alone. The distance from the time that bare products (and random numbers) take is
printed beside, and so is that of the decomposition of updates.
"""
import json, os, re, subprocess, sys, tempfile, time

from paired import report

program, peers = sys.argv[1:3]
peer = os.path.join(peers, "peer_rule.py")
pairs = int(sys.argv[3]) if len(sys.argv) > 3 else 7
# sizes, iterations, repeats, learning rate
WORK = {"20-100-20": ([20, 100, 20], 1500, 10, "4e-4"), "500-500-500": ([500, 500, 500], 150, 4, "1e-9")}


def ours(size, threads):
    layers, iterations, repeats, eta = WORK[size]
    with tempfile.TemporaryDirectory() as directory:
        # A spec without figures: the peers draw none.
        spec = os.path.join(directory, "peers.toml")
        with open(spec, "w") as file:
            file.write(f"""[[analysis]]
name = "peers"
kind = "isolate"
repeats = {repeats}
[analysis.base]
schedule = "white"
precision = "f32"
layers = {layers}
iterations = {iterations}
eta = {eta}
""")
        command = [program, "run", spec, "--threads", str(threads), "--out", os.path.join(directory, "run"), "--json"]
        start = time.perf_counter()
        out = subprocess.run(command, check=True, capture_output=True).stdout
        seconds = time.perf_counter() - start
        assert json.loads(out)["summary"][0]["n"] == repeats
        return seconds


def theirs(size, library):
    layers, iterations, repeats, _ = WORK[size]
    work = [*map(str, layers), "100", str(iterations), str(repeats)]
    out = subprocess.run([sys.executable, peer, library, "1", "core", *work], check=True, capture_output=True,
                         text=True, env={**os.environ, "REPS": "1"}).stdout
    return float(out.split(",")[4])


def example_text(name, *args, **environment):
    path = os.path.join(os.path.dirname(os.path.abspath(program)), "examples", name)
    if not os.path.exists(path):
        sys.exit(f"{path} is missing: cargo build --release --bins --examples")
    run = subprocess.run([path, *map(str, args)], check=True, capture_output=True, text=True, env={**os.environ, **environment})
    return run.stdout


def example(name, *args, **environment):
    return json.loads(example_text(name, *args, **environment))


def limit(size):
    return sum(example("limit")[size].values())


for size, (_, iterations, repeats, _) in WORK.items():
    for library in ["torch", "torch_batched", "numpy"]:
        report("rule", f"{size}, one thread: {library} / alignscope", [theirs(size, library) / ours(size, 1) for _ in range(pairs)])
    report("rule", f"{size}: alignscope on one thread / on two", [ours(size, 1) / ours(size, 2) for _ in range(pairs)])
    per_iteration = lambda: ours(size, 1) * 1e6 / (iterations * repeats)
    report("ceiling", f"rule {size}: alignscope / bare products and random numbers", [per_iteration() / limit(size) for _ in range(pairs)])



def decomposition():
    """Time of the decomposition of updates over that of its bare products, random images."""
    text = example_text("remainder", 300)
    return float(re.search(r"([0-9.]+) s of them", text)[1]) / float(re.search(r"would take ([0-9.]+) s", text)[1])


report("ceiling", "updates of 5 layers decomposed, lags 0 to 300: alignscope / bare products", [decomposition() for _ in range(pairs)])

DIMS = "225,500,500,50"


def network(library, threads, batch):
    command = [sys.executable, os.path.join(peers, "peer_mlp.py"), library, str(threads), str(batch), DIMS, "tanh", "60000"]
    out = subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ, "REPS": "1"}).stdout
    return float(out.split(" s/epoch")[0].rsplit(",", 1)[1])


def epoch(threads, batch, *bare):
    return example("epoch", threads, batch, DIMS, 60000, *bare, REPS="1")


for batch in [1000, 100]:
    for library, threads in [("torch_autograd", 1), ("torch_manual", 1), ("numpy", 1), ("torch_autograd", 2)]:
        ratios = [network(library, threads, batch) / epoch(threads, batch)["epoch"] for _ in range(pairs)]
        report("network", f"batch {batch}, threads {threads}: {library} / alignscope", ratios)
    ratios = [epoch(1, batch)["epoch"] / epoch(2, batch)["epoch"] for _ in range(pairs)]
    report("network", f"batch {batch}: alignscope on one thread / on two", ratios)
    runs = [epoch(1, batch, "bare") for _ in range(pairs)]
    report("ceiling", f"network, batch {batch}: alignscope / bare products", [run["epoch"] / run["products"] for run in runs])
