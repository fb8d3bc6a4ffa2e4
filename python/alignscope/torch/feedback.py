"""Layers that carry errors back through other weights than their own, and the rules of these.

A layer maps ``x`` to ``z = x W + b``. Backpropagation carries the error of ``z`` back by ``W^T``;
here it goes through backward weights ``B``, kept in the layout of ``layer.weight``: out x in for a
linear layer, out x in x kernel for a convolution. Weights and biases learn from the same products
as ever.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar, Union, cast

import torch
from torch import Tensor, nn

from alignscope.torch.numbers import wide

__all__ = ["RULES", "Feedback", "Rule", "convert", "set_targets"]

#: Draws backward weights in place, as ``torch.nn.init.xavier_uniform_`` does.
Init = Callable[[Tensor], Any]

Model = TypeVar("Model", bound=nn.Module)


class twin:  # noqa: N801
    """Whether the backward pass under way is that of the twin, in which errors go back by ``W``.

    One for the process: the backward pass of a GPU runs in threads of its own.
    """

    active: ClassVar[bool] = False


# Rules. --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Rule:
    """What becomes of backward weights. This one holds them fixed: feedback alignment.

    Attributes
    ----------
    argument
        The number after the name and a colon, where the rule has one.
    init
        How backward weights are drawn; by default from a normal distribution.
    """

    argument: float = 0.0
    init: Init | None = None

    #: Whether errors come straight from the output, rather than from the layer above.
    direct: ClassVar[bool] = False
    #: What the argument is, and its value where none is given; ``None`` if the rule has none.
    takes: ClassVar[tuple[str, float | None] | None] = None
    #: Whether ``B`` is the same in all updates.
    fixed: ClassVar[bool] = True

    def check(self) -> None:
        """Refuse an argument that is none.

        Raises
        ------
        ValueError
            If so.
        """

    def begin(self, layer: Feedback, drawn: Tensor) -> None:
        """Give ``layer`` what it keeps of the matrix ``drawn`` for it."""
        layer.register_buffer("backward_weight", drawn)

    def prepare(self, layer: Feedback) -> None:
        """Learn or draw, before a pass in training."""

    def now(self, layer: Feedback) -> Tensor:
        """Backward weights as they are now; with a graph only if they are to have a gradient."""
        return _tensor(layer, "backward_weight").detach()


class _Backpropagation(Rule):
    """``B = W``: backpropagation, to the last bit."""

    fixed = False

    def begin(self, layer: Feedback, drawn: Tensor) -> None:
        pass

    def now(self, layer: Feedback) -> Tensor:
        return _weight(layer).detach()


class _Direct(Rule):
    """``E_l = delta_D B_l``, from the output to every layer (Nokland 2016)."""

    direct = True


class _Targets(_Direct):
    """``E_l = y B_l``, with the target ``y`` in place of the error: DRTP (Frenkel et al. 2021)."""


class _SignUniform(Rule):
    """``B = s sign(W)``, ``s`` the root mean square of the drawn matrix (Liao et al. 2016)."""

    fixed = False

    def begin(self, layer: Feedback, drawn: Tensor) -> None:
        layer.register_buffer("backward_scale", drawn.square().mean().sqrt())

    def now(self, layer: Feedback) -> Tensor:
        return _tensor(layer, "backward_scale") * torch.sign(_weight(layer).detach())


class _SignFixed(Rule):
    """``B = |M| o sign(W)``, ``M`` drawn once (Liao et al. 2016; Moskovitz et al. 2018)."""

    fixed = False

    def begin(self, layer: Feedback, drawn: Tensor) -> None:
        layer.register_buffer("backward_magnitude", drawn.abs())

    def now(self, layer: Feedback) -> Tensor:
        return _tensor(layer, "backward_magnitude") * torch.sign(_weight(layer).detach())


class _SignBatch(_SignFixed):
    """``B = |M| o sign(W)``, ``M`` drawn for every pass in training."""

    def begin(self, layer: Feedback, drawn: Tensor) -> None:
        super().begin(layer, drawn)
        layer.register_buffer("backward_scale", drawn.square().mean().sqrt())

    def prepare(self, layer: Feedback) -> None:
        magnitude = _tensor(layer, "backward_magnitude")
        drawn = torch.empty_like(magnitude)
        if self.init is None:
            drawn = torch.randn_like(magnitude) * _tensor(layer, "backward_scale")
        else:
            self.init(drawn)
        # Another tensor: passes before may still need theirs.
        layer.backward_magnitude = drawn.abs()


class _KolenPollack(Rule):
    """``B`` learns by the steps of ``W`` (Kolen & Pollack 1994; Akrout et al. 2019).

    ``B`` is a parameter whose gradient is that of ``W``. An optimiser that treats both alike, with
    whatever momentum, shrinks their difference by its weight decay alone.
    """

    fixed = False

    def begin(self, layer: Feedback, drawn: Tensor) -> None:
        layer.register_parameter("backward_weight", nn.Parameter(drawn))

    def now(self, layer: Feedback) -> Tensor:
        return _tensor(layer, "backward_weight")


class _Mirror(Rule):
    """``B <- (1 - r) B + r y^T x / 32``, ``y`` what ``W`` makes of noise (Akrout et al. 2019).

    The noise ``x`` is 32 standard normal samples of what one unit or filter sees, and ``y`` is what
    they give less its mean, before any activation: ``B`` tends to ``31/32 W``.
    """

    takes = ("the rate at which backward weights learn, 0 to 1", None)
    fixed = False
    samples: ClassVar[int] = 32

    def check(self) -> None:
        if not 0.0 <= self.argument <= 1.0:
            raise ValueError(f"mirror:{self.argument}: expected a rate from 0 to 1")

    def prepare(self, layer: Feedback) -> None:
        weight = _weight(layer).detach()
        rows = weight.reshape(weight.shape[0], -1)
        before = _tensor(layer, "backward_weight")
        x = torch.randn(self.samples, rows.shape[1], dtype=rows.dtype, device=rows.device)
        y = x @ rows.T
        learnt = ((y - y.mean(0)).T @ x / self.samples).reshape(before.shape)
        layer.backward_weight = torch.lerp(before, learnt, self.argument)


class _LowRank(Rule):
    """``B`` fixed, of the rank given: a product of two normal matrices."""

    takes = ("the rank of B, 1 or more", None)

    def check(self) -> None:
        if self.argument < 1 or self.argument != int(self.argument):
            raise ValueError(f"low-rank:{self.argument}: expected a whole number of 1 or more")

    def begin(self, layer: Feedback, drawn: Tensor) -> None:
        rows = drawn.reshape(drawn.shape[0], -1)
        rank = int(self.argument)
        if rank > min(rows.shape):
            raise ValueError(
                f"low-rank:{rank}: backward weights of {rows.shape[0]} x {rows.shape[1]} have a "
                f"rank of at most {min(rows.shape)}"
            )
        scale = drawn.square().mean().sqrt() / math.sqrt(rank)
        parts = torch.randn(rank, sum(rows.shape), dtype=torch.float64).to(rows.dtype)
        parts = parts.to(rows.device)
        left, right = parts[:, : rows.shape[0]], parts[:, rows.shape[0] :]
        super().begin(layer, (scale * (left.T @ right)).reshape(drawn.shape))


class _Product(Rule):
    """``B = R^T Q``, ``R`` fixed, ``Q`` learnt: product feedback alignment (Ji-An & Benna 2024).

    ``R`` is (c n) x n with entries of variance 1 / (c n), n the units above, c the argument. ``Q``
    is a parameter whose gradient is ``R`` times that of ``W``: the difference of ``Q`` and ``R W``
    shrinks by weight decay alone, and ``R^T R`` is near the identity. No weight of ``Q`` or ``R``
    is the twin of one of ``W``.
    """

    takes = ("units that errors pass through, for each unit above", 4.0)
    fixed = False

    def check(self) -> None:
        if self.argument <= 0:
            raise ValueError(f"product:{self.argument}: expected a positive number")

    def begin(self, layer: Feedback, drawn: Tensor) -> None:
        above = drawn.shape[0]
        through = max(1, round(self.argument * above))
        mixing = torch.randn(through, above, dtype=torch.float64) / math.sqrt(through)
        layer.register_buffer("backward_mixing", mixing.to(drawn.dtype).to(drawn.device))
        # Drawn anew, of the size that B is to have: R^T does not change norms much.
        shape = (through, *drawn.shape[1:])
        size = drawn.square().mean().sqrt()
        start = torch.randn(shape, dtype=torch.float64).to(drawn.dtype).to(drawn.device) * size
        layer.register_parameter("backward_weight", nn.Parameter(start))

    def now(self, layer: Feedback) -> Tensor:
        learnt, mixing = _tensor(layer, "backward_weight"), _tensor(layer, "backward_mixing")
        product = mixing.T @ learnt.reshape(learnt.shape[0], -1)
        return product.reshape(mixing.shape[1], *learnt.shape[1:])


#: Rules by name. Those of the command line are the same there, but for two: the channels of its
#: ``low-rank`` learn, and its ``mirror`` sends noise through the activation too. It has no
#: ``product``.
RULES: dict[str, type[Rule]] = {
    "fa": Rule,
    "bp": _Backpropagation,
    "dfa": _Direct,
    "sign-uniform": _SignUniform,
    "sign-batch": _SignBatch,
    "sign-fixed": _SignFixed,
    "kolen-pollack": _KolenPollack,
    "mirror": _Mirror,
    "low-rank": _LowRank,
    "drtp": _Targets,
    "product": _Product,
}

_ALIASES = {
    "bp-trw": "fa",
    "bp-taw": "fa",
    "usf": "sign-uniform",
    "brsf": "sign-batch",
    "frsf": "sign-fixed",
    "kp": "kolen-pollack",
    "wm": "mirror",
    "pfa": "product",
}


def _rule(text: str, init: Init | None) -> Rule:
    name, colon, given = text.partition(":")
    kind = RULES.get(_ALIASES.get(name, name))
    if kind is None:
        known = ", ".join([*RULES, *_ALIASES])
        raise ValueError(f"rule={text!r}: expected one of {known}")
    if kind.takes is None:
        if colon:
            raise ValueError(f"rule={text!r}: {name} takes no number")
        return kind(init=init)
    what, default = kind.takes
    if not colon and default is None:
        raise ValueError(f"rule={text!r}: expected {name}:X, X being {what}")
    try:
        argument = float(given) if colon else cast(float, default)
    except ValueError:
        raise ValueError(f"rule={text!r}: {given!r} is no number; expected {what}") from None
    rule = kind(argument, init)
    rule.check()
    return rule


# Layers. -------------------------------------------------------------------------------------


class Feedback:
    """What layers have in common that carry errors back through ``B``: see :func:`convert`."""

    # Set by :func:`convert`.
    rule: Rule
    _bus: _Bus | None
    _is_output: bool
    backward_weight: Tensor
    backward_magnitude: Tensor
    #: Those of ``torch.nn.Module``, which every such layer is.
    register_buffer: Callable[..., None]
    register_parameter: Callable[..., None]

    def feedback(self) -> Tensor:
        """Backward weights as they are now.

        Returns
        -------
        Tensor
            ``B`` in the layout of ``weight``, or with the units of the output in the place of those
            of the layer, where errors come straight from there. A copy where it is computed.
        """
        return self.rule.now(self).detach()

    def is_direct(self) -> bool:
        """Whether errors come straight from the output."""
        return self._bus is not None

    def is_output(self) -> bool:
        """Whether this is the layer that the output comes from."""
        return self._is_output

    def _carry(self, x: Tensor, places: Places | None) -> Tensor:
        """Output of the layer, whose backward pass goes through ``B``."""
        module = cast(nn.Module, self)
        weight, bias = _weight(self), cast(Union[Tensor, None], module.bias)
        if module.training and torch.is_grad_enabled():
            with torch.no_grad():
                self.rule.prepare(self)
        backward = self.rule.now(self)
        lower = _autocast(x)
        if lower is not None:
            x, weight, backward = x.to(lower), weight.to(lower), backward.to(lower)
            bias = None if bias is None else bias.to(lower)
        direct = self._bus is not None
        function = _LinearFunction if places is None else _ConvolutionFunction
        z: Tensor = function.apply(x, weight, bias, None if direct else backward, places)
        if self._bus is None or not torch.is_grad_enabled():
            return z
        return self._bus.pass_on(self, x, backward, z, places)


def is_backpropagation(layer: Feedback) -> bool:
    """Whether errors go back by the forward weights."""
    return isinstance(layer.rule, _Backpropagation)


class FeedbackLinear(Feedback, nn.Linear):
    """``torch.nn.Linear`` whose error goes back through ``B``."""

    def forward(self, input: Tensor) -> Tensor:
        """Map ``input``, ... x in, to ... x out."""
        return self._carry(input, None)


class _FeedbackConvolution(Feedback):
    """What convolutions in one and two dimensions share."""

    def forward(self, input: Tensor) -> Tensor:
        """Map ``input``, samples x in x places, to samples x out x places."""
        module = cast(Union[nn.Conv1d, nn.Conv2d], self)
        spatial = len(module.kernel_size)
        unbatched = input.dim() == spatial + 1
        x = input.unsqueeze(0) if unbatched else input
        x, padding = padded(module, x)
        places = Places(module.stride, padding, module.dilation, module.groups)
        z = self._carry(x, places)
        return z.squeeze(0) if unbatched else z


class FeedbackConv1d(_FeedbackConvolution, nn.Conv1d):
    """``torch.nn.Conv1d`` whose error goes back through ``B``."""


class FeedbackConv2d(_FeedbackConvolution, nn.Conv2d):
    """``torch.nn.Conv2d`` whose error goes back through ``B``."""


_KINDS: dict[type[nn.Module], type[nn.Module]] = {
    nn.Linear: FeedbackLinear,
    nn.Conv1d: FeedbackConv1d,
    nn.Conv2d: FeedbackConv2d,
}
_BACK = {new: old for old, new in _KINDS.items()}


@dataclass(frozen=True)
class Places:
    """Where a convolution puts its kernel."""

    stride: tuple[int, ...]
    padding: tuple[int, ...]
    dilation: tuple[int, ...]
    groups: int


def padded(module: nn.Conv1d | nn.Conv2d, x: Tensor) -> tuple[Tensor, tuple[int, ...]]:
    """Pad the input of a convolution where that is not by zeros, as many on both sides.

    Returns
    -------
    x : Tensor
        Input, padded where the convolution itself cannot.
    padding : tuple of int
        Zeros that the convolution adds on both sides.
    """
    if module.padding_mode != "zeros" or isinstance(module.padding, str):
        mode = "constant" if module.padding_mode == "zeros" else module.padding_mode
        x = nn.functional.pad(x, module._reversed_padding_repeated_twice, mode)
        return x, (0,) * len(module.kernel_size)
    return x, tuple(module.padding)


def convolve(x: Tensor, weight: Tensor, bias: Tensor | None, places: Places) -> Tensor:
    """Convolution in one or two dimensions."""
    function = nn.functional.conv1d if weight.dim() == 3 else nn.functional.conv2d
    return function(
        x,
        weight,
        bias,
        places.stride,
        places.padding,
        places.dilation,
        places.groups,
    )


def convolution_backward(
    error: Tensor, x: Tensor, weight: Tensor, places: Places, wanted: list[bool]
) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
    """Gradients in input (by ``weight``), weight and bias of a convolution."""
    found: tuple[Tensor | None, Tensor | None, Tensor | None]
    found = torch.ops.aten.convolution_backward(
        error,
        x,
        weight,
        [weight.shape[0]],
        list(places.stride),
        list(places.padding),
        list(places.dilation),
        False,
        [0] * len(places.stride),
        places.groups,
        wanted,
    )
    return found


class _LinearFunction(torch.autograd.Function):
    """``x W + b``, with the error carried back by ``B``; by nothing where ``B`` is ``None``."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        backward: Tensor | None,
        places: None,
    ) -> Tensor:
        ctx.save_for_backward(x, weight, backward)
        return nn.functional.linear(x, weight, bias)

    @staticmethod
    def backward(ctx: Any, *errors: Any) -> tuple[Tensor | None, ...]:
        (error,) = errors
        x, weight, backward = ctx.saved_tensors
        back = weight if twin.active else backward
        by_x = by_weight = by_bias = None
        if ctx.needs_input_grad[0] and back is not None:
            by_x = error @ back
        if twin.active:
            # Of the twin errors alone are asked for.
            return by_x, None, None, None, None
        rows = error.reshape(-1, error.shape[-1])
        if ctx.needs_input_grad[1] or ctx.needs_input_grad[3]:
            by_weight = rows.T @ x.reshape(-1, x.shape[-1])
        if ctx.needs_input_grad[2]:
            by_bias = rows.sum(0)
        return (
            by_x,
            by_weight if ctx.needs_input_grad[1] else None,
            by_bias,
            by_weight if ctx.needs_input_grad[3] else None,
            None,
        )


class _ConvolutionFunction(torch.autograd.Function):
    """A convolution, with the error carried back by ``B``; by nothing where ``B`` is ``None``."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        backward: Tensor | None,
        places: Places,
    ) -> Tensor:
        ctx.save_for_backward(x, weight, backward)
        ctx.places = places
        return convolve(x, weight, bias, places)

    @staticmethod
    def backward(ctx: Any, *errors: Any) -> tuple[Tensor | None, ...]:
        (error,) = errors
        x, weight, backward = ctx.saved_tensors
        back = weight if twin.active else backward
        weights = (ctx.needs_input_grad[1] or ctx.needs_input_grad[3]) and not twin.active
        biases = ctx.needs_input_grad[2] and not twin.active
        wanted = [ctx.needs_input_grad[0] and back is not None, weights, biases]
        by_x, by_weight, by_bias = convolution_backward(
            error, x, weight if back is None else back, ctx.places, wanted
        )
        return (
            by_x,
            by_weight if ctx.needs_input_grad[1] else None,
            by_bias,
            by_weight if ctx.needs_input_grad[3] else None,
            None,
        )


# Errors that come straight from the output. --------------------------------------------------


class _Bus:
    """What the layers of a network under direct feedback tell the output in a forward pass."""

    def __init__(self, by_targets: bool, reduction: str) -> None:
        self.by_targets, self.reduction = by_targets, reduction
        #: Input, ``B`` and geometry of every layer of the pass, and the shape of its output.
        self.taps: list[tuple[Tensor, Tensor, Places | None, tuple[int, ...]]] = []
        self.targets: Tensor | None = None

    def clear(self) -> None:
        self.taps.clear()

    def pass_on(
        self, layer: Feedback, x: Tensor, backward: Tensor, z: Tensor, places: Places | None
    ) -> Tensor:
        """Take note of a layer; at the output, connect all of them with it."""
        if x.requires_grad:
            if places is None and x.dim() != 2:
                raise RuntimeError(
                    f"the input of a linear layer has {x.dim()} dimensions: direct feedback goes "
                    "to samples x units; flatten it, or leave the layer out by layers="
                )
            self.taps.append((x, backward, places, tuple(z.shape)))
        if not layer._is_output:
            return z
        taps, self.taps = self.taps, []
        targets = self._targets(z) if self.by_targets else None
        kinds = tuple((places, shape) for _, _, places, shape in taps)
        inputs, matrices = [tap[0] for tap in taps], [tap[1] for tap in taps]
        out: Tensor = _DirectFunction.apply(z, targets, kinds, *inputs, *matrices)
        return out

    def _targets(self, z: Tensor) -> Tensor:
        targets = self.targets
        if targets is None:
            raise RuntimeError(
                "DRTP carries targets to the layers: call set_targets(model, labels) before each "
                "forward pass in training"
            )
        if targets.dim() == 1:
            targets = nn.functional.one_hot(targets.long(), z.shape[-1])
        if targets.shape != z.shape:
            raise RuntimeError(
                f"targets of {tuple(targets.shape)} for an output of {tuple(z.shape)}: call "
                "set_targets(model, labels) with those of this batch before each forward pass"
            )
        targets = targets.to(device=z.device, dtype=z.dtype)
        return targets / z.shape[0] if self.reduction == "mean" else targets


class _DirectFunction(torch.autograd.Function):
    """The output, whose error, or the target, goes to the input of every layer by its ``B``."""

    @staticmethod
    def forward(
        ctx: Any,
        z: Tensor,
        targets: Tensor | None,
        kinds: tuple[tuple[Places | None, tuple[int, ...]], ...],
        *tensors: Tensor,
    ) -> Tensor:
        ctx.kinds = kinds
        ctx.save_for_backward(targets, *tensors)
        # A copy, as views may not be changed in place afterwards.
        return z.clone()

    @staticmethod
    def backward(ctx: Any, *errors: Any) -> tuple[Tensor | None, ...]:
        (error,) = errors
        count = len(ctx.kinds)
        nothing: tuple[None, ...] = (None,) * (2 + 2 * count)
        if twin.active:
            return (error, *nothing)
        targets, *tensors = ctx.saved_tensors
        sent = error if targets is None else -targets
        found: list[Tensor | None] = []
        for (places, shape), x, backward in zip(ctx.kinds, tensors[:count], tensors[count:]):
            if places is None:
                found.append(sent @ backward)
                continue
            everywhere = sent.reshape(*sent.shape, *[1] * (len(shape) - 2))
            everywhere = everywhere.expand(*sent.shape, *shape[2:])
            found.append(
                convolution_backward(everywhere, x, backward, places, [True, False, False])[0]
            )
        return (error, None, None, *found, *(None,) * count)


def set_targets(model: nn.Module, targets: Tensor) -> None:
    """Tell a network under DRTP the targets of the batch to come.

    Parameters
    ----------
    model
        What :func:`convert` was given with ``rule="drtp"``.
    targets
        Classes, samples; or targets, samples x outputs.

    Raises
    ------
    ValueError
        If no layer of the network is under DRTP.

    Notes
    -----
    A forward pass with gradients raises ``RuntimeError`` if no targets were given before, or their
    shape is not that of the output.
    """
    buses = {id(m._bus): m._bus for m in model.modules() if isinstance(m, Feedback) and m._bus}
    told = [bus for bus in buses.values() if bus.by_targets]
    if not told:
        raise ValueError('no layer learns from targets: convert(model, rule="drtp") first')
    for bus in told:
        bus.targets = targets.detach()


# Conversion. ---------------------------------------------------------------------------------


def convert(
    model: Model,
    rule: str = "fa",
    *,
    layers: Collection[str] | None = None,
    output: str | None = None,
    std: float | None = None,
    init: Init | None = None,
    seed: int | None = None,
    reduction: str = "mean",
) -> Model:
    """Have linear layers and convolutions carry errors back by a rule other than backpropagation.

    Layers stay the objects that they are, with the same parameters: optimisers, hooks and
    references remain valid. Call it before the optimiser is made where ``B`` is a parameter
    (``kolen-pollack``, ``product``), and after the model was moved to its device or before.

    Parameters
    ----------
    model
        The network, which is changed in place. ``Linear``, ``Conv1d`` and ``Conv2d`` are converted;
        others are left as they are, with a warning if they have weights.
    rule
        ``fa`` (or ``bp-trw``), ``dfa``, ``sign-uniform`` (``usf``), ``sign-batch`` (``brsf``),
        ``sign-fixed`` (``frsf``), ``kolen-pollack`` (``kp``), ``mirror:RATE`` (``wm:RATE``),
        ``low-rank:RANK``, ``drtp``, ``product`` or ``product:UNITS`` (``pfa``; as many units that
        errors pass through for each unit above, 4 by default), ``bp``.
    layers
        Names of the layers to be converted, as in ``model.named_modules()``; by default all.
    output
        Name of the output layer, for rules that carry its error to all others; by default the last
        one that is converted.
    std
        Standard deviation of the normal distribution that ``B`` is drawn from; by default the root
        mean square of the layer's forward weights, or one over the root of the number of outputs
        where errors come straight from these.
    init
        Draws ``B`` in place instead, such as ``torch.nn.init.xavier_uniform_``.
    seed
        Seed of the draw of ``B``, which is then the same on every device; by default PyTorch's
        generator is used as it stands.
    reduction
        Of DRTP: ``"mean"`` if the loss is a mean over the batch, ``"sum"`` if it is a sum.

    Returns
    -------
    Module
        ``model``.

    Raises
    ------
    ValueError
        If a name or number is none that is known, or no layer can be converted.

    Examples
    --------
    >>> net = nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 10))
    >>> net = convert(net, rule="fa")
    >>> net[2].feedback().shape
    torch.Size([10, 512])

    Notes
    -----
    The first layer has a ``B`` too, which carries nothing unless the input asks for a gradient.
    With ``dfa`` and ``drtp``, ``B`` of a convolution has the outputs in the place of its own
    channels, and the error of an output goes to all places alike. A forward pass with gradients
    raises ``RuntimeError`` if the input of a linear layer is not samples x units, and under
    ``drtp`` if :func:`set_targets` was not called, or with targets of another shape.
    """
    made = _rule(rule, init)
    if reduction not in ("mean", "sum"):
        raise ValueError(f"reduction={reduction!r}: expected 'mean' or 'sum'")
    chosen = _chosen(model, layers)
    names = list(chosen)
    if output is not None and output not in chosen:
        raise ValueError(f"output={output!r}: expected one of {', '.join(names)}")
    last = chosen[output or names[-1]]
    outputs = cast(Tensor, last.weight).shape[0]
    bus = _Bus(isinstance(made, _Targets), reduction) if made.direct else None
    generator = torch.Generator()
    if seed is not None:
        generator.manual_seed(seed)
    else:
        generator.manual_seed(int(torch.randint(2**62, (1,))))
    state = torch.get_rng_state()
    for module in chosen.values():
        layer = _swapped(module)
        layer.rule, layer._bus, layer._is_output = made, bus, module is last
        with torch.no_grad():
            # What rules draw beside B follows from the same seed.
            torch.manual_seed(int(torch.randint(2**62, (1,), generator=generator)))
            made.begin(layer, _drawn(module, made, outputs, std, init))
    torch.set_rng_state(state)
    if bus is not None:
        # A pass that failed half way leaves taps behind.
        model.register_forward_pre_hook(_Clear(bus))
    return model


class _Clear:
    """Forgets layers of a forward pass that never reached the output."""

    def __init__(self, bus: _Bus) -> None:
        self.bus = bus

    def __call__(self, module: nn.Module, inputs: Any) -> None:
        self.bus.clear()


def _chosen(model: nn.Module, layers: Collection[str] | None) -> dict[str, nn.Module]:
    found: dict[str, nn.Module] = {}
    left: list[str] = []
    for name, module in model.named_modules():
        if type(module) in _KINDS or type(module) in _BACK:
            if layers is None or name in layers:
                found[name] = module
        elif any(p.dim() > 1 for p in module.parameters(recurse=False)):
            left.append(f"{name} ({type(module).__name__})")
    unknown = sorted(set(layers or ()) - set(found))
    if unknown:
        raise ValueError(
            f"layers: {', '.join(unknown)}: no linear layer or convolution of this name; there are "
            f"{', '.join(_chosen(model, None))}"
        )
    if not found:
        raise ValueError(
            "the network has no Linear, Conv1d or Conv2d; parametrized ones are to be converted "
            "before they are parametrized"
        )
    if left and layers is None:
        warnings.warn(
            f"left as they are, so that errors go back by their own weights: {', '.join(left)}",
            stacklevel=3,
        )
    return found


def _swapped(module: nn.Module) -> Feedback:
    """Give the same object as a layer of the kind that carries errors back through ``B``."""
    module.__class__ = _KINDS.get(type(module), type(module))
    for name in ("backward_weight", "backward_magnitude", "backward_scale", "backward_mixing"):
        # Those of a rule before.
        module._parameters.pop(name, None)
        module._buffers.pop(name, None)
    return cast(Feedback, module)


def _drawn(
    module: nn.Module, rule: Rule, outputs: int, std: float | None, init: Init | None
) -> Tensor:
    weight = _weight(cast(Feedback, module)).detach()
    shape = (outputs if rule.direct else weight.shape[0], *weight.shape[1:])
    # In double precision and on the processor, so that a seed gives the same B everywhere.
    drawn = torch.empty(shape, dtype=torch.float64)
    if init is not None:
        init(drawn)
    else:
        if std is None:
            std = outputs**-0.5 if rule.direct else float(wide(weight).square().mean().sqrt())
        drawn.normal_(0.0, std)
    return drawn.to(weight.dtype).to(weight.device)


def _weight(layer: Feedback) -> Tensor:
    return cast(Tensor, cast(nn.Module, layer).weight)


def _tensor(layer: Feedback, name: str) -> Tensor:
    return cast(Tensor, getattr(layer, name))


def _autocast(x: Tensor) -> torch.dtype | None:
    """Type that autocast has products computed in here, if it is on."""
    kind = x.device.type
    if x.dtype == torch.float64 or not torch.is_autocast_enabled(kind):
        return None
    return torch.get_autocast_dtype(kind)
