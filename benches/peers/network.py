"""An epoch of a network trained with fixed random backward weights, as a user would write it.

usage: network.py LIBRARY THREADS BATCH SIZES ACTIVATION SAMPLES

LIBRARY is `numpy`, `torch_manual` (the backward pass written out), `torch_autograd` (a function
with a backward pass of its own), or `torch_bp` (backpropagation, for comparison). SIZES are the
units of all layers, such as 225,500,500,50, ACTIVATION is `tanh` or `relu`. The data are random,
the last layer is a softmax with cross-entropy, the mini-batches are gathered from shuffled
samples, all in single precision. The last line ends with the seconds of an epoch, the median of
as many as the environment variable REPS says (3 unless told), and the arithmetic per second.
TIMER=cpu takes processor time, for comparisons on one thread of a busy machine.
"""

import itertools
import os
import sys
import time

os.environ["OMP_NUM_THREADS"] = sys.argv[2]
os.environ["OPENBLAS_NUM_THREADS"] = sys.argv[2]
os.environ["MKL_NUM_THREADS"] = sys.argv[2]

import numpy as np

LIBRARY, THREADS, BATCH = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
SIZES = [int(size) for size in sys.argv[4].split(",")]
TANH = {"tanh": True, "relu": False}[sys.argv[5]]
SAMPLES = int(sys.argv[6])
LAYERS = len(SIZES) - 1
ETA = 0.01

random = np.random.default_rng(0)


def normal(*shape):
    """Draw standard normals in single precision."""
    return random.standard_normal(shape, dtype=np.float32)


inputs = normal(SAMPLES, SIZES[0])
labels = random.integers(0, SIZES[-1], SAMPLES)
pairs = list(itertools.pairwise(SIZES))
forward = [normal(below, above) / np.float32(below**0.5) for below, above in pairs]
backward = [normal(above, below) / np.float32(below**0.5) for below, above in pairs]


def epoch_numpy(samples):
    """Train for an epoch in NumPy."""
    order = random.permutation(samples)
    for start in range(0, samples - BATCH + 1, BATCH):
        chosen = order[start : start + BATCH]
        activity = [inputs[chosen]]
        for layer in range(LAYERS):
            z = activity[-1] @ forward[layer]
            if layer < LAYERS - 1:
                z = np.tanh(z) if TANH else np.maximum(z, 0)
            activity.append(z)
        z = activity[-1]
        exponential = np.exp(z - z.max(1, keepdims=True))
        delta = exponential / exponential.sum(1, keepdims=True)
        delta[np.arange(BATCH), labels[chosen]] -= 1
        delta *= np.float32(1 / BATCH)
        for layer in reversed(range(LAYERS)):
            below = activity[layer]
            gradient = below.T @ delta
            if layer > 0:
                delta = (delta @ backward[layer]) * (1 - below * below if TANH else below > 0)
            forward[layer] -= np.float32(ETA) * gradient


def torch_manual():
    """Return an epoch in PyTorch, the backward pass written out."""
    torch.set_grad_enabled(False)

    def epoch(samples):
        order = torch.randperm(samples)
        for start in range(0, samples - BATCH + 1, BATCH):
            chosen = order[start : start + BATCH]
            activity = [x[chosen]]
            batch_labels = y[chosen]
            for layer in range(LAYERS):
                z = activity[-1] @ w[layer]
                if layer < LAYERS - 1:
                    z = z.tanh_() if TANH else z.relu_()
                activity.append(z)
            delta = torch.softmax(activity[-1], 1)
            delta[torch.arange(BATCH), batch_labels] -= 1
            delta /= BATCH
            for layer in reversed(range(LAYERS)):
                below = activity[layer]
                gradient = below.t() @ delta
                if layer > 0:
                    delta = delta @ b[layer]
                    delta *= 1 - below * below if TANH else below > 0
                w[layer].sub_(gradient, alpha=ETA)

    return epoch


def torch_autograd(with_backward_weights):
    """Return an epoch that PyTorch differentiates, with fixed backward weights or without."""

    class Product(torch.autograd.Function):
        """A product whose error goes back through weights of its own."""

        @staticmethod
        def forward(context, x, w, b):
            """Multiply, and keep what the way back needs."""
            context.save_for_backward(x, b)
            return x @ w

        @staticmethod
        def backward(context, delta):
            """Pass the error through `b`."""
            x, b = context.saved_tensors
            passed = delta @ b if context.needs_input_grad[0] else None
            return passed, x.t() @ delta, None

    parameters = [torch.nn.Parameter(matrix) for matrix in w]
    optimiser = torch.optim.SGD(parameters, lr=ETA)
    activation = torch.tanh if TANH else torch.relu

    def epoch(samples):
        order = torch.randperm(samples)
        for start in range(0, samples - BATCH + 1, BATCH):
            chosen = order[start : start + BATCH]
            a = x[chosen]
            for layer, parameter in enumerate(parameters):
                if with_backward_weights:
                    a = Product.apply(a, parameter, b[layer])
                else:
                    a = a @ parameter
                if layer < LAYERS - 1:
                    a = activation(a)
            loss = torch.nn.functional.cross_entropy(a, y[chosen])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()

    return epoch


if LIBRARY == "numpy":
    epoch = epoch_numpy
else:
    import torch

    torch.set_num_threads(THREADS)
    torch.manual_seed(0)
    x, y = torch.from_numpy(inputs), torch.from_numpy(labels)
    w, b = [[torch.from_numpy(matrix) for matrix in all_] for all_ in (forward, backward)]
    epoch = {
        "torch_manual": torch_manual,
        "torch_autograd": lambda: torch_autograd(True),
        "torch_bp": lambda: torch_autograd(False),
    }[LIBRARY]()

clock = time.process_time if os.environ.get("TIMER") == "cpu" else time.perf_counter
epoch(min(SAMPLES, 5 * BATCH))  # Warms up.
times = []
for _ in range(int(os.environ.get("REPS", "3"))):
    start = clock()
    epoch(SAMPLES)
    times.append(clock() - start)
median = sorted(times)[len(times) // 2]
# Forward and update of every layer, and the way back of all but the first: 2 operations a product.
products = [below * above for below, above in pairs]
rate = SAMPLES * 2 * (2 * sum(products) + sum(products[1:])) / median / 1e9
name = f"{LIBRARY},{sys.argv[5]},{'-'.join(map(str, SIZES))},b{BATCH},{THREADS}"
print(f"{name},{median:.3f} s/epoch,{rate:.1f} GFLOP/s", flush=True)
