"""Records PyTorch runs for ``alignscope analyze``."""

from __future__ import annotations

import os
import warnings
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Union

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from alignscope.recording import Recording, RecordingError, classes
from alignscope.recording.values import BFLOAT16, ArrayValues, Values
from alignscope.recording.writer import Buffers
from alignscope.torch.feedback import twin

__all__ = ["Recorder", "RecordingError"]

#: Backward weights of one layer, n_{l+1} x n_l: values, or a function that gives those of now.
Feedback = Union[Tensor, NDArray[Any], Callable[[], Any]]

_DESCR = {
    torch.float16: "<f2",
    torch.bfloat16: BFLOAT16,
    torch.float32: "<f4",
    torch.float64: "<f8",
}

_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d)


class Recorder:
    """Records what trains a network: weights, biases, B, activities and error signals.

    It watches the layers' forward and backward passes. Passes without gradients, and passes that
    no error comes back from, are not recorded, so that evaluation needs no care.

    Parameters
    ----------
    layers
        A network, whose linear and convolutional layers are taken in the order in which they are
        called; or these layers themselves, the input's first. A layer has a ``weight`` of
        n_{l+1} x n_l (out x in, as in ``nn.Linear``), perhaps a ``bias``, one input, one output.
    feedback
        Matrices that carry errors back: by layer l, from 1, ``B_l`` of n_{l+1} x n_l, which takes
        the error of layer l + 1 to layer l (or n_D x n_l for direct feedback). Arrays, tensors or
        functions without arguments; what changes is recorded with every state.
    every
        Record updates 0, ``every``, 2 ``every``, ... with the states before and after each.
    path
        Directory that the recording is written to; without it :meth:`save` writes an archive.
    samples
        Samples of every recorded iteration, if the first has not the most.
    memory
        Bytes of the buffers between the run and the file system.

    Examples
    --------
    >>> recorder = Recorder(net, feedback={1: B1}, path="run")          # doctest: +SKIP
    >>> for images, labels in batches:                                  # doctest: +SKIP
    ...     loss = criterion(net(images), labels)
    ...     optimizer.zero_grad()
    ...     loss.backward()
    ...     recorder.before(labels)
    ...     optimizer.step()
    >>> recorder.close()                                                # doctest: +SKIP

    Notes
    -----
    Error signals point towards the target: they are minus the gradient of the loss as it stands.
    Where the loss is a mean over the batch, they are divided by the number of samples already.
    """

    def __init__(
        self,
        layers: nn.Module | Iterable[nn.Module],
        feedback: Mapping[int, Feedback] | Sequence[Feedback | None] | None = None,
        every: int = 1,
        path: str | os.PathLike[str] | None = None,
        *,
        samples: int | None = None,
        memory: int = 1 << 26,
    ) -> None:
        if every < 1:
            raise ValueError(f"every={every}: expected 1 or more")
        self._layers = _layers(layers)
        self._ordered = not isinstance(layers, nn.Module)
        self._feedback = _by_layer(feedback)
        self.every = every
        self._options: dict[str, Any] = {"samples": samples, "memory": memory}
        # The first of what may become several, so that a directory in use is refused at once.
        self._recording = Recording(path, **self._options)
        self._parts: list[_Part] = []
        self._called: list[_Layer] = []
        self._updates = 0
        self._after = False
        self._due = True
        self._labelled: bool | None = None
        self._closed = False
        self._steps = _StepCount()
        self._parameters = {id(p) for layer in self._layers for p in layer.module.parameters()}
        self._hooks = [self._watch(layer) for layer in self._layers]
        self._hooks += _watch_steps(self)

    # What the loop calls.

    def before(self, labels: Any = None, *, scale: float | None = None) -> None:
        """Record one update: call it after the backward pass, before the optimiser's step.

        Parameters
        ----------
        labels
            Class of every sample of the batch; of all batches one after the other where gradients
            are accumulated.
        scale
            What the loss was multiplied by, ``scaler.get_scale()`` of a ``GradScaler``: signals
            are divided by it, and an update whose gradients are not finite, which the scaler
            leaves out, is left out here.
        """
        if self._closed:
            raise RecordingError("the recorder is closed")
        self._steps.before()
        if scale is not None and not self._finite():
            self._forget()
            self._steps.left_out()
            return
        if self._due and not self._parts:
            self._begin()
        for part in self._parts:
            if self._due:
                part.add(self._updates, self._feedback, labels, scale)
            elif self._after:
                part.recording.add_next(self._updates, part.state())
        self._advance(recorded=self._due)

    def use_feedback(self, feedback: Mapping[int, Feedback]) -> None:
        """Set the backward weights, where the order of layers was not known at first.

        Parameters
        ----------
        feedback
            As in the constructor.

        Raises
        ------
        RecordingError
            If something was recorded already.
        """
        if self._parts:
            raise RecordingError("backward weights are set before the first update is recorded")
        self._feedback = _by_layer(feedback)

    def save(
        self, path: str | os.PathLike[str] | None = None, *, compress: bool = False
    ) -> list[Path]:
        """Record the last state, and write an archive if ``path`` is given.

        It may be called again at any time: the last state is then that of now.

        Parameters
        ----------
        path
            Archive, ``.npz``. Where convolutions are recorded, each separately, the names of their
            layers come before the extension.
        compress
            Whether to deflate the archive, which takes some ten times as long.

        Returns
        -------
        list of Path
            What was written, archives or directories.
        """
        if not self._begun:
            raise RecordingError(
                "nothing was recorded: call before() after each backward pass, before the step"
            )
        if not self._closed and self._steps.settled:
            for part in self._parts:
                part.recording.add_last(
                    self._updates, part.state(), feedback=part.feedback(self._feedback)
                )
        to = None if path is None else Path(path)
        return [part.save(to, compress=compress) for part in self._parts]

    def close(self) -> None:
        """Record the last state, remove all hooks, and release everything."""
        if not self._closed:
            try:
                if self._begun:
                    self.save()
            finally:
                self._remove()

    def __enter__(self) -> Recorder:
        """Give the recorder itself."""
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        """Close the recorder; after an exception without a last state, which may be half made."""
        self._remove() if kind is not None else self.close()

    @property
    def _begun(self) -> bool:
        return bool(self._parts) and all(part.recording.states > 0 for part in self._parts)

    def _remove(self) -> None:
        self._closed = True
        for hook in self._hooks:
            hook.remove()
        self._forget()
        # Those of the parts lie in the directory of the first.
        for recording in [*(part.recording for part in self._parts), self._recording]:
            recording.close()

    # What passes through the layers.

    def _watch(self, layer: _Layer) -> Any:
        this = weakref.ref(self)

        def forward(module: nn.Module, inputs: tuple[Any, ...], output: Any) -> Any:
            recorder = this()
            if recorder is None or not recorder._due or not torch.is_grad_enabled():
                return None
            if compiling():
                return outside(recorder, layer, module, inputs, output)
            return recorder._forward(layer, module, inputs, output)

        # Where a compiler makes the hook part of a graph, this much of it runs as it is.
        compiling = getattr(getattr(torch, "compiler", None), "is_compiling", lambda: False)
        outside = _outside_of_compiled_code(Recorder._forward)
        return layer.module.register_forward_hook(forward)

    def _forward(
        self, layer: _Layer, module: nn.Module, inputs: tuple[Any, ...], output: Any
    ) -> Tensor | None:
        # Not by getattr, which takes a module as long to miss as the rest of this takes.
        if module.__dict__.get("_is_replica", False):
            raise RecordingError(
                "DataParallel copies the network for every device, and each copy sees a part of "
                "the batch: record a run on one device"
            )
        if not inputs or not isinstance(inputs[0], Tensor) or not isinstance(output, Tensor):
            raise RecordingError(
                f"{layer.name} is no layer of one input and one output tensor: leave it out"
            )
        activity, made = inputs[0], None
        if output.grad_fn is None:
            # A frozen layer: its error signal is computed all the same, for the record. A copy,
            # because what follows may work in place, which a leaf does not allow.
            output = made = output.detach().requires_grad_().clone()
        seen, version = layer.arrived, activity._version
        first = None if layer.checked else (activity.detach(), output.detach().clone())
        this = weakref.ref(self)

        def backward(_: Any, gradients: tuple[Tensor | None, ...]) -> None:
            recorder = this()
            if recorder is None or recorder._closed or gradients[0] is None or twin.active:
                return
            if layer.arrived != seen:
                raise RecordingError(
                    f"{layer.name} was used twice before a backward pass, or an error came back to "
                    "it twice: layers that are shared or recurrent are not recorded, nor are two "
                    "backward passes through one forward pass; leave the layer out, or call "
                    "backward() after each forward pass"
                )
            layer.arrived += 1
            if not layer.checked and first is not None:
                layer.check(*first)
            layer.signals.append(_Signal(activity, version, gradients[0], gradients[0]._version))
            if layer not in recorder._called:
                recorder._called.append(layer)

        # Of the node rather than of the tensor, which may be changed in place afterwards.
        output.grad_fn.register_hook(backward)
        return made

    def _begin(self) -> None:
        """Settle which layers there are, in which order, and what goes into which recording."""
        several = torch.distributed.is_available() and torch.distributed.is_initialized()
        if several and torch.distributed.get_world_size() > 1:
            raise RecordingError(
                "gradients are summed over processes, and each sees a part of the batch: "
                "record a run of one process"
            )
        # Errors come back from the output to the input.
        called = self._called[::-1]
        silent = [layer for layer in self._layers if layer not in called]
        if silent and (self._ordered or not called):
            names = ", ".join(layer.name for layer in silent)
            raise RecordingError(
                f"no error signal came back to {names}: call before() after the backward pass; "
                "leave out layers that are not called, or that nothing flows back to (detached, "
                "called under no_grad, or in a network that was compiled before it was watched)"
            )
        if silent:
            names = ", ".join(layer.name for layer in silent)
            warnings.warn(f"not recorded, as no error came back: {names}", stacklevel=4)
        if self._ordered and called != self._layers:
            raise RecordingError(
                "layers are called in the order "
                f"{', '.join(layer.name for layer in called)}: give them in this order"
            )
        self._layers = called
        for place, layer in enumerate(called):
            layer.place = place
        chains = _chains(called)
        self._check_feedback(len(called))
        for chain in chains:
            name = None if len(chains) == 1 else chain[0].name
            recording = self._recording
            if name is not None:
                whole = self._recording
                recording = Recording(whole.path / name, **self._options)
            self._parts.append(_Part(name, chain, recording))

    def _check_feedback(self, depth: int) -> None:
        for place in self._feedback:
            if not 0 <= place < depth:
                raise RecordingError(
                    f"feedback[{place}]: there are layers 0 to {depth - 1}, and B_l carries the "
                    "error of layer l + 1 back to layer l"
                )

    # How updates are counted.

    def _advance(self, recorded: bool) -> None:
        self._updates += 1
        self._after = recorded
        self._due = self._updates % self.every == 0
        self._forget()

    def _forget(self) -> None:
        for layer in self._layers:
            layer.signals.clear()

    def _before_step(self, optimizer: torch.optim.Optimizer) -> None:
        """Meet a step of an optimiser, which may be one that nobody announced."""
        if not self._trains(optimizer):
            return
        if isinstance(optimizer, torch.optim.LBFGS):
            raise RecordingError(
                "LBFGS evaluates the network many times in one step, so that no step is made of "
                "one error signal: record a run of another optimiser"
            )
        if self._steps.is_unannounced(optimizer):
            if self._after:
                for part in self._parts:
                    part.recording.add_next(self._updates, part.state())
            self._advance(recorded=False)

    def _trains(self, optimizer: torch.optim.Optimizer) -> bool:
        """Whether an optimiser changes what is recorded."""
        if self._closed:
            return False
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                if id(parameter) in self._parameters:
                    return True
        return False

    def _finite(self) -> bool:
        """Whether all gradients are finite: the condition under which a GradScaler steps."""
        gradients = (p.grad for layer in self._layers for p in layer.module.parameters())
        return all(bool(torch.isfinite(g).all()) for g in gradients if g is not None)


@dataclass(eq=False)
class _Signal:
    """One pass through one layer: what went in, and the gradient that came back."""

    activity: Tensor
    version: int
    gradient: Tensor
    gradient_version: int


@dataclass(eq=False)
class _Layer:
    """A layer that is watched."""

    module: nn.Module
    name: str
    place: int = 0
    #: Error signals that came back so far.
    arrived: int = 0
    #: Those since the last update.
    signals: list[_Signal] = field(default_factory=list)
    #: Whether ``weight`` is out x in.
    turned: bool = True
    checked: bool = False
    is_convolution: bool = field(init=False)

    def __post_init__(self) -> None:
        self.is_convolution = isinstance(self.module, _CONVOLUTIONS)

    def weight(self) -> Tensor:
        """Weights as a matrix, out x in or, if they are not to be turned, in x out."""
        weight = _weight(self.module).detach()
        return weight.reshape(weight.shape[0], -1) if self.is_convolution else weight

    def sizes(self) -> tuple[int, int]:
        """Units below and above."""
        rows, columns = self.weight().shape
        return (columns, rows) if self.turned else (rows, columns)

    def check(self, activity: Tensor, output: Tensor) -> None:
        """Find out how the weights are stored, from what they made of the first batch."""
        self.checked = True
        if self.is_convolution or type(self.module) is nn.Linear:
            return
        weight, bias = self.weight(), getattr(self.module, "bias", None)
        bias = 0.0 if bias is None else bias.detach()
        x = activity.to(weight.dtype)

        def difference(matrix: Tensor) -> float:
            if x.shape[-1] != matrix.shape[0] or output.shape[-1] != matrix.shape[1]:
                return float("inf")
            return float((x @ matrix + bias - output).norm())

        straight, turned = difference(weight), difference(weight.T)
        if straight == turned == float("inf"):
            raise RecordingError(
                f"{self.name} takes {activity.shape[-1]} units to {output.shape[-1]}, and its "
                f"weight is {tuple(weight.shape)}: only layers whose weight maps the one to the "
                "other are recorded; leave it out"
            )
        self.turned = turned <= straight

    def activities(self, signal: _Signal) -> Tensor:
        """Give what the weights were fed, samples x units."""
        activity = signal.activity.detach()
        if signal.version != signal.activity._version:
            raise RecordingError(
                f"the input of {self.name} was changed in place after the forward pass: give each "
                "batch a tensor of its own, or call before() first"
            )
        return _patches(self.module, activity) if self.is_convolution else _rows(activity)

    def places(self, signal: _Signal) -> tuple[int, int]:
        """Count samples, and places of each: pixels of a convolution, steps of a sequence."""
        shape, units = signal.gradient.shape, self.sizes()[1]
        dimensions = (3 if isinstance(self.module, nn.Conv1d) else 4) if self.is_convolution else 2
        samples = shape[0] if len(shape) >= dimensions else 1
        return samples, signal.gradient.numel() // (samples * units) if samples else 1

    def gradients(self, signal: _Signal) -> Tensor:
        """Gradients of the loss in the pre-activations, samples x units."""
        gradient = signal.gradient.detach()
        if signal.gradient_version != signal.gradient._version:
            raise RecordingError(
                f"the gradient at {self.name} was changed in place after the backward pass"
            )
        if not self.is_convolution:
            return _rows(gradient)
        channels = gradient.dim() - (2 if isinstance(self.module, nn.Conv2d) else 1) - 1
        return _rows(gradient.movedim(channels, -1))


@dataclass(eq=False)
class _Part:
    """Layers whose activities follow from each other, and the recording of these."""

    name: str | None
    layers: list[_Layer]
    recording: Recording
    #: Shapes and types of the last update, if the next may be recorded the short way.
    signature: list[Any] | None = None
    #: Backward weights as they were then, by layer.
    fixed: dict[int, Any] = field(default_factory=dict)

    def add(
        self, number: int, feedback: dict[int, Feedback], labels: Any, scale: float | None
    ) -> None:
        """Record one update."""
        tensors = None if scale is not None else self._plain(labels)
        signature = None if tensors is None else [(t.shape, t.dtype) for t in tensors]
        if tensors is not None and signature == self.signature and self._is_fixed(feedback):
            given = tensors
            if self.recording.repeat(number, lambda buffers: self._fill(buffers, given)):
                return
        self.recording.add(
            number,
            self.state(),
            feedback=self.feedback(feedback),
            signals=self.signals(scale or 1.0),
            labels=None if labels is None else self.labels(labels),
        )
        self.signature = signature
        if signature is not None:
            now = {layer.place: _now(feedback.get(layer.place)) for layer in self.layers}
            self.fixed = {
                place: matrix.detach().clone() if isinstance(matrix, Tensor) else np.array(matrix)
                for place, matrix in now.items()
                if matrix is not None
            }

    def _plain(self, labels: Any) -> list[Tensor] | None:
        """Tensors of an update of plain linear layers and one pass; ``None`` of others.

        Their numbers of dimensions tell which of them there are, and :meth:`_names` in which order.
        """
        found: list[Tensor] = []
        for layer in self.layers:
            if len(layer.signals) != 1 or layer.is_convolution:
                return None
            (signal,), module = layer.signals, layer.module
            activity, gradient = signal.activity, signal.gradient
            unchanged = signal.version == activity._version
            if activity.dim() != 2 or not unchanged or signal.gradient_version != gradient._version:
                return None
            found.append(_weight(module))
            bias = getattr(module, "bias", None)
            if bias is not None:
                if not isinstance(bias, Tensor) or bias.dim() != 1:
                    return None
                found.append(bias)
            found += (activity, gradient)
        if labels is not None:
            if not isinstance(labels, Tensor) or labels.dim() != 1:
                return None
            found.append(labels)
        return found

    def _names(self) -> list[str]:
        """Members of the tensors of :meth:`_plain`, if all are there."""
        names: list[str] = []
        for place in (layer.place for layer in self.layers):
            names += (f"W{place}", f"b{place + 1}", f"activity{place}", f"delta{place + 1}")
        return [*names, "labels"]

    def _is_fixed(self, feedback: dict[int, Feedback]) -> bool:
        """Whether backward weights are what they were."""
        for place, before in self.fixed.items():
            now = _now(feedback.get(place))
            if isinstance(before, Tensor) and isinstance(now, Tensor):
                if now.shape != before.shape or not torch.equal(now, before):
                    return False
            elif not np.array_equal(np.asarray(now), before):
                return False
        return True

    def _fill(self, buffers: Buffers, tensors: list[Tensor]) -> None:
        """Copy an update whose signature is known."""
        if buffers.views is None:
            # Biases and labels may be missing, and are then missing in all updates.
            buffers.views = [
                (_as_tensor(buffers[name]), name.startswith("delta"))
                for name in self._names()
                if name in buffers
            ]
        with torch.no_grad():
            for tensor, (view, negative) in zip(tensors, buffers.views):
                if negative:
                    _copy(tensor, -1.0, view)
                else:
                    view.copy_(tensor)

    def save(self, path: Path | None, *, compress: bool) -> Path:
        if path is not None and self.name is not None:
            path = path.with_name(f"{path.stem}.{self.name}{path.suffix}")
        return self.recording.save(path, compress=compress)

    def state(self) -> dict[str, Values]:
        state: dict[str, Values] = {}
        for layer in self.layers:
            name = f"W{layer.place}"
            state[name] = _TensorValues(name, layer.weight(), turned=layer.turned)
            bias = getattr(layer.module, "bias", None)
            if isinstance(bias, Tensor):
                name = f"b{layer.place + 1}"
                state[name] = _TensorValues(name, bias.detach().reshape(-1))
        return state

    def feedback(self, given: dict[int, Feedback]) -> dict[str, Values]:
        found: dict[str, Values] = {}
        for layer in self.layers:
            # B_0 would carry an error to the input.
            if layer.place > 0 and layer.place in given:
                found[f"B{layer.place}"] = _feedback(layer, given[layer.place])
        return found

    def signals(self, scale: float) -> dict[str, list[Values]]:
        passes = {layer.name: len(layer.signals) for layer in self.layers}
        if len(set(passes.values())) > 1 or not all(passes.values()):
            told = ", ".join(f"{count} to {name}" for name, count in passes.items())
            raise RecordingError(
                f"error signals since the last update: {told}; expected as many for each: call "
                "before() once per update, after the backward pass, and leave out layers that "
                "are not always called"
            )
        signals: dict[str, list[Values]] = {}
        for layer in self.layers:
            activity, delta = f"activity{layer.place}", f"delta{layer.place + 1}"
            signals[activity] = [
                _TensorValues(activity, layer.activities(s)) for s in layer.signals
            ]
            signals[delta] = [
                _TensorValues(delta, layer.gradients(s), factor=-1.0 / scale) for s in layer.signals
            ]
        return signals

    def labels(self, labels: Any) -> list[Values] | None:
        """Classes of the samples, repeated where a sample has several places."""
        if isinstance(labels, (list, tuple)) and any(isinstance(v, Tensor) for v in labels):
            labels = torch.cat([torch.as_tensor(v) for v in labels])
        if isinstance(labels, Tensor):
            labels = labels.detach().cpu().numpy()
        labels = np.asarray(labels)
        layer = self.layers[0]
        batches = [layer.places(signal) for signal in layer.signals]
        rows = sum(samples * places for samples, places in batches)
        # Labels of every place of a sequence stand in the order of the places.
        if labels.ndim > 1 and labels.size == rows > labels.shape[0]:
            labels = labels.reshape(-1)
        found = classes(labels)
        if found is None:
            return None
        if found.size != rows:
            samples = sum(samples for samples, _ in batches)
            if found.size != samples:
                raise RecordingError(
                    f"{found.size} labels for {samples} samples: expected one for each; where "
                    "gradients are accumulated, those of all batches, as a list"
                )
            found = np.repeat(found, np.concatenate([[p] * n for n, p in batches]).astype(int))
        return [ArrayValues("labels", found)]


class _StepCount:
    """Whether every step of an optimiser was announced, as far as optimisers can be watched."""

    def __init__(self) -> None:
        self._announced = 0
        self._steps: dict[int, int] = {}
        self._unannounced = 0
        self._ever = False
        self._due = False

    @property
    def settled(self) -> bool:
        """Whether no update is announced that was not made, as far as is known."""
        return not (self._ever and self._due)

    def made(self) -> None:
        """Take note of a step that an optimiser has made."""
        self._due = False

    def before(self) -> None:
        self._due = True
        if self._ever and self._announced and not self._steps:
            self._refuse()
        self._announced = 1 if self._steps else self._announced + 1
        self._steps.clear()
        self._unannounced = 0

    def left_out(self) -> None:
        self._announced, self._due = 0, False

    def is_unannounced(self, optimizer: torch.optim.Optimizer) -> bool:
        """Count a step. Several optimisers may make one update, each for its own parameters."""
        if self._announced > 1:
            self._refuse()
        self._ever = True
        count = self._steps[id(optimizer)] = self._steps.get(id(optimizer), 0) + 1
        more = count - self._announced > self._unannounced
        self._unannounced += more
        return more

    @staticmethod
    def _refuse() -> None:
        raise RecordingError(
            "before() was called twice without a step between: call it once per update, right "
            "before the optimiser's step, also where gradients are accumulated; with a GradScaler "
            "pass scale=scaler.get_scale()"
        )


class _TensorValues:
    """Values of a tensor on their way into a recording."""

    def __init__(
        self, name: str, tensor: Tensor, *, turned: bool = False, factor: float = 1.0
    ) -> None:
        self.name, self.turned, self._factor = name, turned, factor
        if abs(factor) != 1.0:
            # Half precision would lose what the loss was scaled for.
            tensor = tensor.to(torch.promote_types(tensor.dtype, torch.float32))
        self._tensor, self.shape = tensor, tuple(tensor.shape)
        descr = _DESCR.get(tensor.dtype)
        if descr is None:
            raise RecordingError(f"{name} is of type {tensor.dtype}: expected real numbers")
        self.descr = descr

    def copy_to(self, buffer: NDArray[Any]) -> None:
        """Copy the values, each times the factor, from whatever device they are on."""
        _copy(self._tensor, self._factor, _as_tensor(buffer))


def _as_tensor(buffer: NDArray[Any]) -> Tensor:
    """Give a tensor of the same memory."""
    if buffer.dtype == np.uint16:
        return torch.from_numpy(buffer.view(np.int16)).view(torch.bfloat16)
    return torch.from_numpy(buffer)


def _copy(tensor: Tensor, factor: float, out: Tensor) -> None:
    if factor == 1.0:
        out.copy_(tensor)
    elif tensor.device != out.device or tensor.dtype != out.dtype:
        out.copy_(tensor * factor)
    elif factor == -1.0:
        torch.neg(tensor, out=out)
    else:
        torch.mul(tensor, factor, out=out)


def _layers(layers: nn.Module | Iterable[nn.Module]) -> list[_Layer]:
    """Layers to be watched, of those that are given or of a network."""
    parallel = (nn.DataParallel, nn.parallel.DistributedDataParallel)
    if isinstance(layers, parallel):
        raise RecordingError(
            f"{type(layers).__name__} gives each device a part of the batch: record a run on one "
            "device, without it"
        )
    if isinstance(layers, nn.Module):
        # A compiled network holds the one that was compiled.
        layers = getattr(layers, "_orig_mod", layers)
        found = [_Layer(m, name or "layer") for name, m in layers.named_modules() if _is_layer(m)]
        if not found:
            raise RecordingError("the network has no linear or convolutional layers to be recorded")
        return found
    modules = list(layers)
    if not modules:
        raise ValueError("no layers are given")
    found = []
    for place, module in enumerate(modules):
        weight = getattr(module, "weight", None)
        if not isinstance(module, nn.Module) or not isinstance(weight, Tensor):
            raise RecordingError(f"layer {place}, {type(module).__name__}, has no weight")
        if any(module is other.module for other in found):
            raise RecordingError(f"layer {place} is given twice: shared layers are not recorded")
        found.append(_Layer(module, f"layer{place}"))
    for layer in found:
        _check_kind(layer)
    return found


def _is_layer(module: nn.Module) -> bool:
    """Whether a module of a network has weights that map its input to its output."""
    if isinstance(module, _CONVOLUTIONS):
        return True
    weight = getattr(module, "weight", None)
    lookup = (nn.Embedding, nn.EmbeddingBag)
    return isinstance(weight, Tensor) and weight.dim() == 2 and not isinstance(module, lookup)


def _weight(module: nn.Module) -> Tensor:
    weight = module.weight
    assert isinstance(weight, Tensor)
    return weight


def _check_kind(layer: _Layer) -> None:
    module = layer.module
    if isinstance(module, _CONVOLUTIONS):
        if module.groups != 1:
            raise RecordingError(f"{layer.name} is a convolution in groups: leave it out")
    elif _weight(module).dim() != 2:
        raise RecordingError(
            f"{layer.name}, {type(module).__name__}, has a weight of {_weight(module).dim()} "
            "dimensions: linear layers and convolutions in one and two dimensions are recorded"
        )


def _chains(layers: list[_Layer]) -> list[list[_Layer]]:
    """Layers that go into one recording: linear ones of which each feeds the next."""
    chains: list[list[_Layer]] = []
    for layer in layers:
        _check_kind(layer)
        last = chains[-1][-1] if chains else None
        follows = last is not None and not (last.is_convolution or layer.is_convolution)
        if last is not None and follows and last.sizes()[1] == layer.sizes()[0]:
            chains[-1].append(layer)
        else:
            chains.append([layer])
    return chains


def _by_layer(
    feedback: Mapping[int, Feedback] | Sequence[Feedback | None] | None,
) -> dict[int, Feedback]:
    entries = feedback.items() if isinstance(feedback, Mapping) else enumerate(feedback or ())
    found = {}
    for place, matrix in entries:
        if not isinstance(place, int):
            raise ValueError(f"feedback[{place!r}]: expected the number of a layer")
        if matrix is not None:
            found[place] = matrix
    return found


def _now(given: Feedback | None) -> Any:
    """Backward weights as they are now."""
    return given() if callable(given) and not isinstance(given, Tensor) else given


def _feedback(layer: _Layer, given: Feedback) -> Values:
    """Backward weights of one layer as they are now."""
    name = f"B{layer.place}"
    matrix = _now(given)
    values: Values
    if isinstance(matrix, Tensor):
        matrix = matrix.detach()
        values = _TensorValues(name, matrix.reshape(matrix.shape[0], -1))
    else:
        matrix = np.asarray(matrix)
        values = ArrayValues(name, matrix.reshape(matrix.shape[0], -1))
    below, above = layer.sizes()
    if len(matrix.shape) < 2 or values.shape[1] != below:
        raise RecordingError(
            f"feedback[{layer.place}] is {tuple(matrix.shape)}: expected {above} x {below}, units "
            f"of layer {layer.place + 1} by units of layer {layer.place}"
            + ("; give its transpose" if values.shape == (below, above) else "")
        )
    return values


def _rows(tensor: Tensor) -> Tensor:
    """All but the last dimension as one."""
    return tensor.reshape(-1, tensor.shape[-1])


def _patches(module: nn.Module, activity: Tensor) -> Tensor:
    """Give what a convolution's weights meet at each place: (samples x places) x inputs."""
    assert isinstance(module, _CONVOLUTIONS)
    flat = isinstance(module, nn.Conv1d)
    if activity.dim() == (2 if flat else 3):
        activity = activity.unsqueeze(0)
    mode = "constant" if module.padding_mode == "zeros" else module.padding_mode
    padded = nn.functional.pad(activity, module._reversed_padding_repeated_twice, mode)
    kernel, dilation, stride = module.kernel_size, module.dilation, module.stride
    if flat:
        padded = padded.unsqueeze(2)
        kernel, dilation, stride = (1, *kernel), (1, *dilation), (1, *stride)
    unfolded = nn.functional.unfold(padded, kernel, dilation=dilation, stride=stride)
    return _rows(unfolded.transpose(1, 2))


def _outside_of_compiled_code(hook: Callable[..., Any]) -> Callable[..., Any]:
    """Have a hook run as it is where a compiler would make it part of a graph."""
    compiler = getattr(torch, "compiler", None)
    disable = getattr(compiler, "disable", None)
    return disable(hook) if disable is not None else hook


def _watch_steps(recorder: Recorder) -> list[Any]:
    """Watch the steps of all optimisers, if this version of PyTorch lets one."""
    try:
        from torch.optim.optimizer import (
            register_optimizer_step_post_hook,
            register_optimizer_step_pre_hook,
        )
    except ImportError:  # before PyTorch 2
        return []
    this = weakref.ref(recorder)

    def before_step(optimizer: torch.optim.Optimizer, *_: Any) -> None:
        recorder = this()
        if recorder is not None:
            recorder._before_step(optimizer)

    def after_step(optimizer: torch.optim.Optimizer, *_: Any) -> None:
        recorder = this()
        if recorder is not None and recorder._trains(optimizer):
            recorder._steps.made()

    return [
        register_optimizer_step_pre_hook(before_step),
        register_optimizer_step_post_hook(after_step),
    ]
