"""Layers that are watched: what passes through them, and the products that their updates are of."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Union, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from alignscope.torch.between import Between
from alignscope.torch.feedback import (
    Feedback,
    Places,
    convolution_backward,
    convolve,
    is_backpropagation,
    padded,
    twin,
)
from alignscope.torch.recorder import _patches

if TYPE_CHECKING:
    from torch.autograd.graph import GradientEdge

#: Backward weights of one layer, in the layout of its weight, or a function that gives them.
Given = Union[Tensor, NDArray[Any], Callable[[], Any]]


@dataclass(eq=False)
class Pass:
    """One forward pass.

    Attributes
    ----------
    head
        The layer that an error came back to first: the output.
    twinned
        Whether the twin's errors were carried back from there.
    """

    head: weakref.ref[Call] | None = None
    twinned: bool = False


@dataclass(eq=False)
class Layer:
    """A linear layer or a convolution that is watched."""

    module: nn.Module
    name: str
    place: int
    #: Backward weights that were given for it.
    given: Given | None = None
    #: Calls that an error came back to since the last update.
    calls: list[Call] = field(default_factory=list)
    #: Root mean square of its input at the start.
    start: float | None = None
    #: Squared norm of its backward weights, with what tells whether they are still the same.
    known: tuple[int, int, float] | None = None

    @property
    def is_convolution(self) -> bool:
        """Whether it is a convolution."""
        return isinstance(self.module, (nn.Conv1d, nn.Conv2d))

    def weight(self) -> Tensor:
        """Forward weights, as they are stored."""
        return cast(Tensor, self.module.weight).detach()

    def bias(self) -> Tensor | None:
        """Biases, if there are any."""
        bias = self.module.bias
        return bias.detach() if isinstance(bias, Tensor) else None

    def gradient(self) -> Tensor | None:
        """Gradient that the optimiser is going to see, if there is one."""
        weight = self.module.weight
        return weight.grad if isinstance(weight, nn.Parameter) else None

    def has_feedback(self) -> bool:
        """Whether errors go back by other weights than ``W``."""
        if self.given is not None:
            return True
        return isinstance(self.module, Feedback) and not is_backpropagation(self.module)

    def is_fixed(self) -> bool:
        """Whether it is sure that backward weights stay the same tensor with the same values."""
        return isinstance(self.module, Feedback) and self.given is None and self.module.rule.fixed

    def backward(self) -> Tensor | None:
        """Backward weights as they are now, if they have the shape of ``W`` and carry its error."""
        found: Any = None
        if self.given is not None:
            found = self.given() if callable(self.given) else self.given
            found = (
                found.detach() if isinstance(found, Tensor) else torch.from_numpy(np.asarray(found))
            )
        elif isinstance(self.module, Feedback) and self.has_feedback():
            if self.module.is_direct() and not self.module.is_output():
                return None
            found = self.module.feedback()
        if found is None:
            return None
        weight = self.weight()
        if found.numel() != weight.numel() or found.shape[0] != weight.shape[0]:
            raise ValueError(
                f"feedback of {self.name} is {tuple(found.shape)}: expected {tuple(weight.shape)}, "
                "as its weight is stored"
            )
        return cast(Tensor, found.reshape(weight.shape))

    # Products.

    def _placed(self, x: Tensor) -> tuple[Tensor, Places]:
        module = cast(Union[nn.Conv1d, nn.Conv2d], self.module)
        if x.dim() == len(module.kernel_size) + 1:
            x = x.unsqueeze(0)
        x, padding = padded(module, x)
        return x, Places(module.stride, padding, module.dilation, module.groups)

    def apply(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        """Give what the layer makes of ``x`` with these weights."""
        if not self.is_convolution:
            return nn.functional.linear(x, weight, bias)
        unbatched = x.dim() == weight.dim() - 1
        x, places = self._placed(x)
        z = convolve(x, weight, bias, places)
        return z.squeeze(0) if unbatched else z

    def product(self, x: Tensor, error: Tensor) -> Tensor:
        """``L^T delta`` in the layout of ``weight``: what the update is of."""
        if not self.is_convolution:
            return _rows(error).T @ _rows(x)
        x, places = self._placed(x)
        error = error.reshape(x.shape[0], *error.shape[-(x.dim() - 1) :])
        found = convolution_backward(
            error, x, self.weight().to(x.dtype), places, [False, True, False]
        )[1]
        return cast(Tensor, found)

    def carried(self, error: Tensor, weight: Tensor, x: Tensor) -> Tensor:
        """Error at the input: ``error`` carried back by ``weight``."""
        weight = weight.to(error.dtype)
        if not self.is_convolution:
            return error @ weight
        module = cast(Union[nn.Conv1d, nn.Conv2d], self.module)
        if module.padding_mode == "zeros" and not isinstance(module.padding, str):
            placed, places = self._placed(x.to(error.dtype))
            error = error.reshape(placed.shape[0], *error.shape[-(placed.dim() - 1) :])
            found = convolution_backward(error, placed, weight, places, [True, False, False])[0]
            return cast(Tensor, found).reshape(x.shape)
        with torch.enable_grad():
            leaf = x.detach().to(error.dtype).requires_grad_()
            z = self.apply(leaf, weight, None)
            return torch.autograd.grad(z, leaf, error.reshape(z.shape))[0]

    def rows(self, x: Tensor) -> Tensor:
        """Give what the weights meet: samples (of all places) x inputs."""
        return _patches(self.module, x) if self.is_convolution else _rows(x)

    def error_rows(self, error: Tensor) -> Tensor:
        """Error signals: samples (of all places) x units or channels."""
        if not self.is_convolution:
            return _rows(error)
        spatial = len(cast(Union[nn.Conv1d, nn.Conv2d], self.module).kernel_size)
        return _rows(error.movedim(error.dim() - spatial - 1, -1))


@dataclass(eq=False)
class Call:
    """A layer in one forward pass, and what came back to it."""

    layer: Layer
    x: Tensor
    #: The function that makes ``x`` of the output of an earlier layer, or why it is not known.
    between: Between | str
    #: Calls before this one in the same pass, with where their outputs are in the graph.
    before: list[tuple[Call, GradientEdge]]
    whole: Pass
    #: Whether the error that arrives at ``x`` is wanted.
    arrives: bool = True
    #: Error signal of the output, towards the target.
    error: Tensor | None = None
    #: That of backpropagation.
    bp: Tensor | None = None
    #: Error that arrives at ``x``, from all that it goes to.
    arriving: Tensor | None = None
    #: Output as it was made, and how often it had been changed in place by then.
    z: Tensor | None = None
    z_version: int = 0
    scale: float = 1.0
    edge: GradientEdge | None = None
    version: int = 0

    def __post_init__(self) -> None:
        """Watch what comes back to the input."""
        if self.x.requires_grad:
            # Of the graph before the layer: nothing here may lead to the layer's own node, whose
            # hook leads here, as such a circle is never collected.
            self.edge = edge_of(self.x)
        if self.x.requires_grad and self.arrives:
            this = weakref.ref(self)

            def arrived(gradient: Tensor) -> None:
                call = this()
                if call is not None and not twin.active:
                    call.arriving = gradient.detach()

            self.x.register_hook(arrived)  # type: ignore[no-untyped-call]
        self.x = self.x.detach()
        self.version = self.x._version

    @property
    def base(self) -> Call | None:
        """The call whose output ``x`` is made of."""
        return cast(Call, self.between.layer) if isinstance(self.between, Between) else None

    def output(self) -> Tensor:
        """Output, made again where something has changed it in place since."""
        if self.z is not None and self.z._version == self.z_version:
            return self.z
        bias = self.layer.bias()
        bias = None if bias is None else bias.to(self.x.dtype)
        return self.layer.apply(self.x, self.layer.weight().to(self.x.dtype), bias)

    def receive(self, gradient: Tensor, scale: float, with_twin: bool) -> None:
        """Take in what came back; of the first of a pass, carry it back as the twin does."""
        self.scale = scale
        self.error = gradient.detach().neg()
        if scale != 1.0:
            self.error = self.error / scale
        self.layer.calls.append(self)
        if self.whole.head is None:
            self.whole.head = weakref.ref(self)
            calls = [self, *(call for call, _ in self.before)]
            told = [isinstance(c.layer.module, Feedback) and c.layer.has_feedback() for c in calls]
            if with_twin and any(told) and self.edge is not None and self.before:
                self._twin(gradient)

    def _twin(self, gradient: Tensor) -> None:
        assert self.edge is not None
        weight = self.layer.weight()
        error = self.layer.carried(gradient.detach(), weight, self.x).to(self.x.dtype)
        twin.active = True
        try:
            found = torch.autograd.grad(
                (self.edge,),
                tuple(edge for _, edge in self.before),
                (error,),
                retain_graph=True,
                allow_unused=True,
            )
        finally:
            twin.active = False
        for (call, _), back in zip(self.before, found):
            call.bp = None if back is None else back.neg() / self.scale
        self.whole.twinned = True

    def error_by_backward(self, backward: Tensor | None) -> Tensor | None:
        """Error that arrives at ``x`` from this layer alone, towards the target."""
        if backward is None or self.error is None:
            return None
        return self.layer.carried(self.error, backward, self.x)


def edge_of(tensor: Tensor) -> GradientEdge:
    """Where a tensor is in the graph, whatever may become of it in place."""
    # Here, as PyTorch before 2.1, with which runs can be recorded, has none.
    from torch.autograd.graph import get_gradient_edge

    return get_gradient_edge(tensor)


def _rows(tensor: Tensor) -> Tensor:
    return tensor.reshape(-1, tensor.shape[-1])


def watched(model: nn.Module, feedback: Mapping[Any, Given]) -> list[Layer]:
    """Layers of a network that can be watched, in the order in which they are registered.

    Raises
    ------
    ValueError
        If there are none, or backward weights are given for something else.
    """
    if isinstance(model, nn.DataParallel):
        raise ValueError(
            "DataParallel copies the network for every device, and each copy sees a part of the "
            "batch: measure on one device, without it"
        )
    layers: list[Layer] = []
    for name, module in model.named_modules():
        if not isinstance(module, (nn.Linear, nn.Conv1d, nn.Conv2d)):
            continue
        if isinstance(module, (nn.Conv1d, nn.Conv2d)) and module.groups != 1:
            continue
        layers.append(Layer(module, name or "layer", len(layers)))
    if not layers:
        raise ValueError(
            "the network has no Linear, Conv1d or Conv2d (of one group) that could be watched"
        )
    names = {layer.name: layer for layer in layers}
    for key, given in feedback.items():
        layer = names.get(key) if isinstance(key, str) else None
        if isinstance(key, int) and 0 <= key < len(layers):
            layer = layers[key]
        if layer is None:
            raise ValueError(
                f"feedback[{key!r}]: expected the number or name of a layer; there are "
                f"{', '.join(f'{n.place}: {n.name}' for n in layers)}"
            )
        layer.given = given
    return layers
