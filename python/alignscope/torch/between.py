"""What lies between the output of one layer and the input of the next: found in a pass, run again.

An activation, a pooling, a normalisation, or whatever a network does there: the calls that PyTorch
sees in one forward pass are kept, and those that lead from a layer to the next are run again on
other values.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd import forward_ad
from torch.overrides import TorchFunctionMode

#: Functions that draw, so that they do not do the same again.
_RANDOM = ("dropout", "bernoulli", "rrelu", "rand", "normal", "multinomial", "gumbel")


#: Operators that work in place; functions that do end in an underscore or are told to.
_IN_PLACE = ("__iadd__", "__isub__", "__imul__", "__itruediv__", "__ipow__", "__setitem__")


@dataclass
class _Step:
    """One call."""

    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    outputs: tuple[Tensor, ...]
    #: How often every tensor that went in had been changed in place before.
    versions: dict[int, int]
    #: Of a call that works in place, what it worked on as it was before.
    before: Tensor | None


@dataclass
class _Output:
    """The output of a layer, at this place among the calls."""

    layer: Any
    output: Tensor


class Tape(TorchFunctionMode):
    """Keeps the calls of one forward pass."""

    def __init__(self) -> None:
        super().__init__()
        self._steps: list[_Step | _Output] = []

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Call, and take note."""
        kwargs = kwargs or {}
        versions = {id(t): t._version for t in _tensors((args, kwargs))}
        before: Tensor | None = None
        if _works_in_place(func, kwargs) and args and isinstance(args[0], Tensor):
            before = args[0].detach().clone()
        result = func(*args, **kwargs)
        outputs = tuple(_tensors(args[:1] if before is not None else result))
        if outputs:
            self._steps.append(_Step(func, args, kwargs, outputs, versions, before))
        return result

    def note(self, layer: Any, output: Tensor) -> None:
        """Take note that ``output`` is what ``layer`` has made."""
        self._steps.append(_Output(layer, output))

    def clear(self) -> None:
        """Let go of all tensors."""
        self._steps.clear()

    def between(self, x: Tensor) -> Between | str:
        """Find what made ``x`` of the output of the layer called last before it.

        Returns
        -------
        Between or str
            Or why it cannot be told.
        """
        wanted = {id(x)}
        steps: list[_Step] = []
        for place in range(len(self._steps) - 1, -1, -1):
            step = self._steps[place]
            if isinstance(step, _Output):
                if id(step.output) in wanted:
                    return self._made(step, steps[::-1], place, x)
                continue
            made = {id(t) for t in step.outputs}
            if not made & wanted:
                continue
            wanted -= made
            wanted |= {id(t) for t in _tensors((step.args, step.kwargs))}
            steps.append(step)
        return "what the layer is fed does not follow from the output of another layer"

    def _made(self, base: _Output, steps: list[_Step], place: int, x: Tensor) -> Between | str:
        # Whatever else goes in is held constant: it may not have come out of the layer by a way
        # that was not seen, and is to be what it was.
        known = {id(base.output)}
        for earlier in self._steps[:place]:
            outputs = (earlier.output,) if isinstance(earlier, _Output) else earlier.outputs
            known |= {id(t) for t in outputs}
            if isinstance(earlier, _Step):
                known |= {id(t) for t in _tensors((earlier.args, earlier.kwargs))}
        made, kept = {id(base.output)}, []
        for step in steps:
            name = getattr(step.function, "__name__", "")
            if any(part in name for part in _RANDOM) and not _is_off(step):
                return f"{name} lies between, which draws anew in every pass"
            for tensor in _tensors((step.args, step.kwargs)):
                if id(tensor) in made:
                    continue
                if id(tensor) not in known and tensor.grad_fn is not None:
                    return (
                        "something lies between that PyTorch does not show, such as a function "
                        "of one's own with a derivative set by hand"
                    )
                is_first = bool(step.args) and tensor is step.args[0]
                lost = tensor._version != step.versions[id(tensor)]
                if lost and not (is_first and step.before is not None):
                    return f"what goes into {name} beside it is changed in place afterwards"
            kept.append(_Kept.of(step, made))
            made |= {id(t) for t in step.outputs}
        return Between(base.layer, id(base.output), kept, id(x))


@dataclass
class _Kept:
    """One call, with places for what is made again and copies of nothing else."""

    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    outputs: tuple[int, ...]
    in_place: bool

    @staticmethod
    def of(step: _Step, made: set[int]) -> _Kept:
        args, kwargs = step.args, step.kwargs
        is_norm = getattr(step.function, "__name__", "") == "batch_norm" and len(args) > 2
        if is_norm and kwargs.get("training", args[5] if len(args) > 5 else False):
            # Its running means are not to run on.
            args = (args[0], None, None, *args[3:])

        def kept(tensor: Tensor) -> Any:
            if id(tensor) in made:
                return _Slot(id(tensor))
            is_first = bool(step.args) and tensor is step.args[0]
            return step.before if is_first and step.before is not None else tensor.detach()

        return _Kept(
            step.function,
            _mapped(args, kept),
            _mapped(kwargs, kept),
            tuple(id(t) for t in step.outputs),
            step.before is not None,
        )


class Between:
    """The function from the output of one layer to the input of the next.

    Attributes
    ----------
    layer
        The layer whose output it starts from.
    """

    def __init__(self, layer: Any, start: int, steps: list[_Kept], end: int) -> None:
        self.layer = layer
        self._start, self._steps, self._end = start, steps, end

    def __call__(self, z: Tensor) -> Tensor:
        """Give what the next layer would be fed if the layer had made ``z``."""
        values: dict[int, Any] = {self._start: z}
        for step in self._steps:
            args = _filled(step.args, values)
            kwargs = _filled(step.kwargs, values)
            if step.in_place:
                # What works in place works on a copy.
                args = (args[0].clone(), *args[1:])
            result = step.function(*args, **kwargs)
            made = _tensors(args[:1] if step.in_place else result)
            for name, tensor in zip(step.outputs, made):
                values[name] = tensor
        found: Tensor = values[self._end]
        return found

    def with_derivative(self, z: Tensor, direction: Tensor) -> tuple[Tensor, Tensor]:
        """Give the function, and its derivative at ``z`` along ``direction``."""
        with torch.no_grad(), forward_ad.dual_level():
            dual = forward_ad.make_dual(z.contiguous(), direction.contiguous())  # type: ignore[no-untyped-call]
            value, along = forward_ad.unpack_dual(self(dual))  # type: ignore[no-untyped-call]
            return value, torch.zeros_like(value) if along is None else along

    def backward(self, z: Tensor, error: Tensor) -> Tensor:
        """Carry an error of the next layer's input back to ``z``."""
        with torch.enable_grad():
            z = z.detach().requires_grad_()
            x = self(z)
            (found,) = torch.autograd.grad(x, z, error.reshape(x.shape))
        return found


@dataclass(frozen=True)
class _Slot:
    """Place of a value that is made again."""

    name: int


def _works_in_place(function: Callable[..., Any], kwargs: dict[str, Any]) -> bool:
    name = getattr(function, "__name__", "")
    by_name = name.endswith("_") and not name.endswith("__")
    return by_name or name in _IN_PLACE or kwargs.get("inplace") is True


def _is_off(step: _Step) -> bool:
    """Whether a function that draws does nothing."""
    given = {**dict(zip(("input", "p", "training"), step.args)), **step.kwargs}
    return given.get("training") is False or given.get("p") == 0.0


def _tensors(value: Any) -> list[Tensor]:
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, (list, tuple)):
        return [t for part in value for t in _tensors(part)]
    if isinstance(value, dict):
        return [t for part in value.values() for t in _tensors(part)]
    return []


def _mapped(value: Any, of_tensor: Callable[[Tensor], Any]) -> Any:
    if isinstance(value, Tensor):
        return of_tensor(value)
    if isinstance(value, (list, tuple)) and not hasattr(value, "_fields"):
        return type(value)(_mapped(part, of_tensor) for part in value)
    if isinstance(value, dict):
        return {name: _mapped(part, of_tensor) for name, part in value.items()}
    return value


def _filled(value: Any, values: dict[int, Any]) -> Any:
    if isinstance(value, _Slot):
        return values[value.name]
    if isinstance(value, (list, tuple)) and not hasattr(value, "_fields"):
        return type(value)(_filled(part, values) for part in value)
    if isinstance(value, dict):
        return {name: _filled(part, values) for name, part in value.items()}
    return value
