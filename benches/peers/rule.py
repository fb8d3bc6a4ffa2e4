"""The rule in isolation, as a user would write it in NumPy or PyTorch; prints the seconds it takes.

usage: rule.py LIBRARY THREADS MODE INPUTS HIDDEN OUTPUTS SAMPLES ITERATIONS REPEATS

LIBRARY is `numpy`, `torch`, or `torch_batched` (all repeats in one batched product). Signals are
redrawn at each iteration, the hidden units are ReLU, all is in single precision. MODE `core`
measures the angle of weights at each iteration, `full` three angles of updates besides. The last
line is LIBRARY,MODE,SIZES/SAMPLES,THREADS,SECONDS,MICROSECONDS per iteration, the median of the
timed runs: as many as the environment variable REPS says, 3 unless told. TIMER=cpu takes processor
time, for comparisons on one thread of a busy machine.
"""

import os
import sys
import time

os.environ["OMP_NUM_THREADS"] = sys.argv[2]
os.environ["OPENBLAS_NUM_THREADS"] = sys.argv[2]
os.environ["MKL_NUM_THREADS"] = sys.argv[2]

import numpy as np

LIBRARY, THREADS, MODE = sys.argv[1:4]
INPUTS, HIDDEN, OUTPUTS, SAMPLES, ITERATIONS, REPEATS = map(int, sys.argv[4:10])
ETA = 4e-4


def run_numpy(iterations, seed):
    """Run one repeat in NumPy; the last angle."""
    random = np.random.default_rng(seed)

    def normal(*shape):
        return random.standard_normal(shape, dtype=np.float32)

    def angle(a, b):
        return np.degrees(np.arccos((a * b).sum() / np.linalg.norm(a) / np.linalg.norm(b)))

    w0, w1, b = normal(INPUTS, HIDDEN), normal(HIDDEN, OUTPUTS), normal(OUTPUTS, HIDDEN)
    transposed = np.ascontiguousarray(b.T)
    angles = []
    for _ in range(iterations):
        x, error = normal(SAMPLES, INPUTS), normal(SAMPLES, OUTPUTS)
        z = x @ w0
        active = z >= 0
        activity = z * active
        dw1 = ETA * (activity.T @ error)
        dw0 = ETA * (x.T @ ((error @ b) * active))
        w0 += dw0
        w1 += dw1
        angles.append(angle(w1, transposed))
        if MODE == "full":
            of_bp = x.T @ ((error @ w1.T) * active)
            angles += [angle(of_bp, dw0), angle(dw1, transposed), angle(dw1, w1)]
    return angles[-1]


def run_torch(iterations, seed):
    """Run one repeat in PyTorch; the last angle."""

    def angle(a, b):
        return torch.rad2deg(torch.acos((a * b).sum() / (a.norm() * b.norm()))).item()

    torch.manual_seed(seed)
    w0, w1 = torch.randn(INPUTS, HIDDEN), torch.randn(HIDDEN, OUTPUTS)
    b = torch.randn(OUTPUTS, HIDDEN)
    angles = []
    for _ in range(iterations):
        x, error = torch.randn(SAMPLES, INPUTS), torch.randn(SAMPLES, OUTPUTS)
        z = x @ w0
        active = z >= 0
        activity = z * active
        dw1 = ETA * (activity.t() @ error)
        dw0 = ETA * (x.t() @ ((error @ b) * active))
        w0 += dw0
        w1 += dw1
        angles.append(angle(w1, b.t()))
        if MODE == "full":
            of_bp = x.t() @ ((error @ w1.t()) * active)
            angles += [angle(of_bp, dw0), angle(dw1, b.t()), angle(dw1, w1)]
    return angles[-1]


def run_torch_batched(iterations):
    """Run all repeats at once in PyTorch; their last angles."""

    def angle(a, b):
        cosine = (a * b).sum((1, 2)) / (a.norm(dim=(1, 2)) * b.norm(dim=(1, 2)))
        return torch.rad2deg(torch.acos(cosine))

    w0, w1 = torch.randn(REPEATS, INPUTS, HIDDEN), torch.randn(REPEATS, HIDDEN, OUTPUTS)
    b = torch.randn(REPEATS, OUTPUTS, HIDDEN)
    transposed = b.transpose(1, 2)
    angles = []
    for _ in range(iterations):
        x, error = torch.randn(REPEATS, SAMPLES, INPUTS), torch.randn(REPEATS, SAMPLES, OUTPUTS)
        z = torch.bmm(x, w0)
        active = z >= 0
        activity = z * active
        dw1 = ETA * torch.bmm(activity.transpose(1, 2), error)
        dw0 = ETA * torch.bmm(x.transpose(1, 2), torch.bmm(error, b) * active)
        w0 += dw0
        w1 += dw1
        angles.append(angle(w1, transposed))
        if MODE == "full":
            of_bp = torch.bmm(x.transpose(1, 2), torch.bmm(error, w1.transpose(1, 2)) * active)
            angles += [angle(of_bp, dw0), angle(dw1, transposed), angle(dw1, w1)]
    return torch.stack(angles)[-1].tolist()


def seconds(iterations):
    """Time all repeats."""
    clock = time.process_time if os.environ.get("TIMER") == "cpu" else time.perf_counter
    start = clock()
    if LIBRARY == "torch_batched":
        run_torch_batched(iterations)
    else:
        for seed in range(REPEATS):
            {"numpy": run_numpy, "torch": run_torch}[LIBRARY](iterations, seed)
    return clock() - start


if LIBRARY != "numpy":
    import torch

    torch.set_num_threads(int(THREADS))
    torch.set_grad_enabled(False)
seconds(max(5, ITERATIONS // 20))  # Warms up.
times = sorted(seconds(ITERATIONS) for _ in range(int(os.environ.get("REPS", "3"))))
median = times[len(times) // 2]
sizes = f"{INPUTS}-{HIDDEN}-{OUTPUTS}/{SAMPLES}"
each = median / (ITERATIONS * REPEATS) * 1e6
print(f"{LIBRARY},{MODE},{sizes},{THREADS},{median:.4f},{each:.2f}us/iter", flush=True)
