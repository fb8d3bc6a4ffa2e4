"""Records a PyTorch run for `alignscope analyze`: weights, biases, B, activities and error signals of every update.

Wrap the linear layers of a network in order (the input's first), call `before()` after the backward pass and before the
optimiser's step, and `save(path)` at the end. `feedback[l]` is the matrix that carries the error of layer l + 1 back to
layer l, of shape (units of layer l + 1, units of layer l).
"""
import numpy as np


class Recorder:
    def __init__(self, linears, feedback=None):
        self.linears, self.runs = linears, {}
        self.fixed = {f"B{l}": b for l, b in (feedback or {}).items()}
        for l, linear in enumerate(linears):
            linear.register_forward_hook(lambda m, inputs, out, l=l: self.forward(l, inputs[0], out))

    def keep(self, name, tensor):
        self.runs.setdefault(name, []).append(tensor.detach().cpu().numpy().copy())

    def forward(self, l, activity, z):
        self.last = getattr(self, "last", {}) | {l: activity}
        z.register_hook(lambda gradient: self.keep(f"delta{l + 1}", -gradient))  # towards the target

    def before(self, labels=None):
        for l, linear in enumerate(self.linears):
            self.keep(f"activity{l}", self.last[l])
            self.keep(f"W{l}", linear.weight.T)
            if linear.bias is not None:
                self.keep(f"b{l + 1}", linear.bias)
        if labels is not None:
            self.keep("labels", labels)

    def save(self, path):
        for l, linear in enumerate(self.linears):  # the last state
            self.keep(f"W{l}", linear.weight.T)
            if linear.bias is not None:
                self.keep(f"b{l + 1}", linear.bias)
        fixed = {name: b.detach().cpu().numpy() for name, b in self.fixed.items()}
        np.savez_compressed(path, **fixed, **{name: np.stack(values) for name, values in self.runs.items()})
