"""What is measured of one update, family by family."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import torch
from torch import Tensor

from alignscope.torch import numbers
from alignscope.torch.between import Between
from alignscope.torch.watching import Call, Layer


class Add(Protocol):
    """Takes a measured value."""

    def __call__(
        self, layer: Layer, quantity: str, value: float | None, lag: int | None = None
    ) -> None:
        """Add it."""


@dataclass
class Update:
    """The update at hand, before it is made."""

    #: Layers that an error came back to, in the order in which they are called.
    layers: list[Layer]
    #: Learning rate of each layer's weight, by place; missing where no optimiser has it.
    rates: dict[int, float]
    #: Updates that were made before.
    number: int
    add: Add
    #: Says why something is not measured.
    absent: Callable[[str, str], None]
    #: Backward weights by place, of layers whose weights can be compared with them.
    backward: dict[int, Tensor] = field(default_factory=dict)

    def square(self, layer: Layer) -> float:
        """Squared norm of a layer's backward weights."""
        backward = self.backward[layer.place]
        place, version = backward.data_ptr(), backward._version
        if layer.known is None or layer.known[:2] != (place, version) or not layer.is_fixed():
            layer.known = (place, version, numbers.square(backward))
        return layer.known[2]

    def compared(self) -> list[tuple[Layer, Tensor]]:
        """Layers with backward weights that carry an error, and these."""
        return [(n, self.backward[n.place]) for n in self.layers if n.place in self.backward]


def weights(update: Update) -> None:
    """Weight alignment, and norms."""
    for layer in update.layers:
        weight, backward = layer.weight(), update.backward.get(layer.place)
        if backward is None:
            square = numbers.square(weight)
        else:
            square, inner = numbers.square_and_dot(weight, backward)
            sums = (square, inner, update.square(layer))
            update.add(layer, "weight_alignment", numbers.angle(weight, backward, sums))
        update.add(layer, "weight_norm", math.sqrt(square))


# Updates beside those of backpropagation. ----------------------------------------------------


def updates(update: Update) -> None:
    """Measure updates and error signals beside those of the twin."""
    _twin_of_chains(update)
    for layer in update.layers:
        errors = [call.error for call in layer.calls if call.error is not None]
        twins = [call.bp for call in layer.calls if call.bp is not None]
        backward = update.backward.get(layer.place)
        is_head = any(_is_head(call) for call in layer.calls)
        sums = _product_sums(layer) if len(twins) == len(errors) and not is_head else None
        gradient = layer.gradient()
        if gradient is None and (sums is None or backward is not None):
            gradient = _summed(layer, lambda call: call.error)
        if sums is not None:
            update.add(layer, "update_alignment", _update_angle(layer, sums))
            update.add(layer, "delta_alignment", _angle_of(errors, twins))
            update.add(layer, "bp_gradient_norm", math.sqrt(max(sums[2], 0.0)))
        if gradient is not None and backward is not None:
            size, inner = numbers.square_and_dot(gradient, backward)
            step = (size, inner, update.square(layer))
            towards = numbers.angle(gradient, backward, step)
            # The gradient points away from where the update goes.
            update.add(layer, "step_alignment", None if towards is None else 180.0 - towards)
            update.add(layer, "update_norm", math.sqrt(size))
        elif sums is not None:
            update.add(layer, "update_norm", math.sqrt(max(sums[0], 0.0)))
        elif gradient is not None:
            update.add(layer, "update_norm", math.sqrt(numbers.square(gradient)))


def _is_head(call: Call) -> bool:
    return call.whole.head is not None and call.whole.head() is call


def _twin_of_chains(update: Update) -> None:
    """Errors of backpropagation where the graph cannot be told to carry them back by ``W``.

    Where backward weights are those of functions of one's own, errors are carried from layer to
    layer instead; where several layers follow one, it is not known which share each has.
    """
    calls = [call for layer in update.layers[::-1] for call in layer.calls]
    if any(call.whole.twinned for call in calls):
        for call in calls:
            if call.bp is None and not _is_head(call):
                update.absent(
                    "update and delta alignment",
                    f"an error comes back to {call.layer.name} by a way beside the output's",
                )
                for other in calls:
                    other.bp = None
                return
        return
    if not any(layer.given is not None for layer in update.layers):
        return
    followers: dict[int, int] = {}
    for call in calls:
        if call.base is not None:
            followers[id(call.base)] = followers.get(id(call.base), 0) + 1
    for call in calls:
        base = call.base
        error = call.error if _is_head(call) else call.bp
        if base is None or error is None or not isinstance(call.between, Between):
            continue
        if followers[id(base)] > 1:
            update.absent("update and delta alignment", f"several layers follow {base.layer.name}")
            continue
        arriving = call.layer.carried(error, call.layer.weight(), call.x)
        base.bp = call.between.backward(base.output().to(error.dtype), arriving)


def _typed(layer: Layer, dtype: torch.dtype) -> tuple[Tensor, Tensor | None]:
    bias = layer.bias()
    return layer.weight().to(dtype), None if bias is None else bias.to(dtype)


def _summed(layer: Layer, error_of: Callable[[Call], Tensor | None]) -> Tensor | None:
    """Sum over passes of ``L^T delta``, minus the gradient; of ``error``, the gradient itself."""
    total: Tensor | None = None
    for call in layer.calls:
        error = error_of(call)
        if error is not None:
            made = layer.product(call.x.to(error.dtype), error.neg())
            total = made if total is None else total + made
    return total


def _product_sums(layer: Layer) -> tuple[float, float, float] | None:
    """``<G, G>``, ``<G, G'>`` and ``<G', G'>`` of the update and the twin's.

    Of few samples of many units they follow from the products of samples with each other, which are
    less work than the updates: ``<L^T d, L^T d'> = <d, (L L^T) d'>``.
    """
    calls = [call for call in layer.calls if call.error is not None and call.bp is not None]
    if not calls:
        return None
    if layer.is_convolution or not _is_less_work(layer, calls):
        ours, twins = _both(layer)
        return None if ours is None or twins is None else numbers.dots(ours, twins)
    x = _joined([layer.rows(call.x) for call in calls])
    ours_of = _joined([layer.error_rows(call.error) for call in calls if call.error is not None])
    twin_of = _joined([layer.error_rows(call.bp) for call in calls if call.bp is not None])
    if x.dtype != ours_of.dtype:
        x = x.to(ours_of.dtype)
    of_inputs = x @ x.T
    ours, twins = of_inputs @ ours_of, of_inputs @ twin_of
    return numbers.dot(ours_of, ours), numbers.dot(ours_of, twins), numbers.dot(twin_of, twins)


def _is_less_work(layer: Layer, calls: Sequence[Call]) -> bool:
    above, below = layer.weight().shape[0], layer.weight()[0].numel()
    samples = sum(call.x.numel() for call in calls) // below
    return samples * (below + 2 * above) < 2 * above * below


def _joined(parts: list[Tensor]) -> Tensor:
    return parts[0] if len(parts) == 1 else torch.cat(parts)


def _both(layer: Layer) -> tuple[Tensor | None, Tensor | None]:
    return _summed(layer, lambda call: call.error), _summed(layer, lambda call: call.bp)


def _update_angle(layer: Layer, sums: tuple[float, float, float]) -> float | None:
    found = numbers.angle_of_sums(*sums)
    if found is not None:
        return found
    ours, twins = _both(layer)
    return None if ours is None or twins is None else numbers.angle(ours, twins)


def _angle_of(errors: list[Tensor], twins: list[Tensor]) -> float | None:
    return numbers.angle(_joined(errors), _joined(twins))


# Alignment terms. ----------------------------------------------------------------------------


@dataclass
class States:
    """Weights of updates before, as many as lags ask for.

    The term of a lag needs the weights below of that many updates before and of one update later.
    """

    lags: tuple[int, ...]
    every: int
    projection: bool
    #: By update and place of the layer.
    weights: dict[int, dict[int, Tensor]] = field(default_factory=dict)
    #: The rule's own steps, the same.
    rules: dict[int, dict[int, Tensor]] = field(default_factory=dict)
    _room: list[Tensor] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Find the states that lags ask for."""
        self._needed = {o for lag in self.lags for o in (lag, lag - 1)} - {0}

    def is_needed(self, number: int) -> bool:
        """Whether the state before update ``number`` is one that a measurement will ask for."""
        return any((number + offset) % self.every == 0 for offset in self._needed)

    def keep(self, number: int, layers: Sequence[Layer], rates: dict[int, float]) -> None:
        """Take over the state before an update, and let go of what no measurement will ask for."""
        oldest = number - max(self.lags, default=0)
        for kept in (self.weights, self.rules):
            for old in [j for j in kept if j < oldest or not self._is_due(j, number)]:
                self._room += kept.pop(old).values()
        if not self.is_needed(number):
            return
        self.weights[number] = {n.place: self._copy(n.weight()) for n in layers}
        if self.projection:
            rules = {}
            for layer in layers:
                gradient, rate = layer.gradient(), rates.get(layer.place)
                if gradient is not None and rate is not None:
                    rules[layer.place] = self._copy(gradient).mul_(-rate)
            self.rules[number] = rules

    def _is_due(self, state: int, now: int) -> bool:
        return any((state + o) % self.every == 0 and state + o >= now for o in self._needed)

    def _copy(self, tensor: Tensor) -> Tensor:
        # Memory that was let go of: to ask for new memory takes longer than to copy.
        for place, room in enumerate(self._room):
            same = room.shape == tensor.shape and room.dtype == tensor.dtype
            if same and room.device == tensor.device:
                return self._room.pop(place).copy_(tensor)
        return tensor.detach().clone()

    @property
    def bytes(self) -> int:
        """Memory of the states that are held."""
        held = [t for kept in (self.weights, self.rules) for s in kept.values() for t in s.values()]
        return sum(t.numel() * t.element_size() for t in [*held, *self._room])

    def clear(self) -> None:
        """Let go of everything."""
        self.weights.clear()
        self.rules.clear()
        self._room.clear()


def terms(update: Update, states: States) -> None:
    """Alignment terms by lag of the update to come."""
    for layer, backward in update.compared():
        calls = [call for call in layer.calls if call.error is not None]
        why = next((c.between for c in calls if isinstance(c.between, str)), None)
        if why is not None or any(c.base is None for c in calls):
            update.absent(f"terms and budget of {layer.name}", why or "no layer is below it")
            continue
        rate = update.rates.get(layer.place)
        if rate is None:
            update.absent(f"terms of {layer.name}", "no optimiser that steps has its weight")
            continue
        _Terms(update, states, layer, calls, backward, rate).measure()


_NOT_AGAIN = "what lies between, run again on the same output, does not give the same input"


def is_again(call: Call, value: Tensor) -> bool:
    """Whether what lies before a call, run again, gives what the call was fed."""
    x = call.x.to(value.dtype)
    if x.shape != value.shape:
        return False
    rounding: float = 16 * torch.finfo(call.x.dtype).eps ** 0.75
    difference, size = numbers.square(value - x), numbers.square(x)
    return math.sqrt(difference) <= rounding * math.sqrt(size)


@dataclass
class _Terms:
    """The update of one layer, decomposed."""

    update: Update
    states: States
    layer: Layer
    calls: list[Call]
    backward: Tensor
    rate: float
    #: The latest pre-activation that was made of each pass, with its lag.
    _latest: dict[int, tuple[int, Tensor]] = field(default_factory=dict)

    def measure(self) -> None:
        now = self.update.number
        reach = min(max(self.states.lags), now)
        whole = self.states.lags == tuple(range(1, max(self.states.lags) + 1))
        for call in self.calls:
            if not is_again(call, self._between(call)(call.base.output())):  # type: ignore[union-attr]
                self.update.absent(f"terms and budget of {self.layer.name}", _NOT_AGAIN)
                return
        update = self._made(lambda call, z: call.x.to(z.dtype), 0)
        if update is None:
            return
        self._square, self._inner = numbers.square_and_dot(update, self.backward)
        totals: dict[str, Tensor] = {}
        for lag in self.states.lags:
            if lag > now:
                break
            alignment, projection = self._of_lag(lag)
            if alignment is None:
                continue
            self._add("term", alignment, lag)
            if projection is not None:
                self._add("projection_term", projection, lag)
            if whole:
                for name, part in (("terms", alignment), ("projections", projection)):
                    if part is not None:
                        totals[name] = totals[name].add_(part) if name in totals else part
        if whole and reach > 0:
            last = self._made(lambda call, z: self._between(call)(z), reach)
            if last is not None and "terms" in totals:
                totals["last"] = last
                totals["remainder"] = update - sum(totals.values())
                for name, part in totals.items():
                    self._add_sum(name, part)

    @staticmethod
    def _between(call: Call) -> Between:
        assert isinstance(call.between, Between)
        return call.between

    def _zeta(self, call: Call, lag: int) -> Tensor | None:
        """Pre-activation of the layer below, of today's activity under the weights of a lag."""
        base = call.base
        assert base is not None and call.error is not None
        dtype = call.error.dtype
        if lag == 0:
            return base.output().to(dtype)
        # What one lag ends with, the next begins with.
        latest = self._latest.get(id(call))
        if latest is not None and latest[0] == lag:
            return latest[1]
        _, bias = _typed(base.layer, dtype)
        held = self.states.weights.get(self.update.number - lag, {}).get(base.layer.place)
        if held is None:
            return None
        zeta = base.layer.apply(base.x.to(dtype), held.to(dtype), bias)
        self._latest[id(call)] = (lag, zeta)
        return zeta

    def _made(self, of: Callable[[Call, Tensor], Tensor], lag: int) -> Tensor | None:
        """``eta f(zeta)^T delta``, summed over passes."""
        total: Tensor | None = None
        with torch.no_grad():
            for call in self.calls:
                zeta = self._zeta(call, lag)
                if zeta is None or call.error is None:
                    return None
                made = self.layer.product(of(call, zeta), call.error).mul_(self.rate)
                total = made if total is None else total.add_(made)
        return total

    def _of_lag(self, lag: int) -> tuple[Tensor | None, Tensor | None]:
        sums: list[Tensor | None] = [None, None]
        with torch.no_grad():
            for call in self.calls:
                newer, older = self._zeta(call, lag - 1), self._zeta(call, lag)
                if older is None or newer is None or call.error is None:
                    return None, None
                beside = self._beside(call, lag)
                step = newer - older
                parts = [step if beside is None else step - beside, beside]
                for place, direction in enumerate(parts):
                    if direction is None:
                        continue
                    _, along = self._between(call).with_derivative(older, direction)
                    made = self.layer.product(along, call.error).mul_(self.rate)
                    total = sums[place]
                    sums[place] = made if total is None else total.add_(made)
        return sums[0], sums[1]

    def _beside(self, call: Call, lag: int) -> Tensor | None:
        """``L dP``: of the step of that lag what is not the rule's own."""
        base = call.base
        assert base is not None and call.error is not None
        if not self.states.projection:
            return None
        now, place = self.update.number, base.layer.place
        before = self.states.weights[now - lag][place]
        after = base.layer.weight()
        if lag > 1:
            after = self.states.weights[now - lag + 1][place]
        rule = self.states.rules.get(now - lag, {}).get(place)
        if rule is None:
            return None
        part = (after - before).sub_(rule).to(call.error.dtype)
        return base.layer.apply(base.x.to(call.error.dtype), part, None)

    def _sums(self, part: Tensor) -> tuple[float, float, float]:
        return (*numbers.square_and_dot(part, self.backward), self.update.square(self.layer))

    def _add(self, name: str, part: Tensor, lag: int) -> None:
        sums = self._sums(part)
        self.update.add(self.layer, f"{name}_angle", numbers.angle(part, self.backward, sums), lag)
        self.update.add(self.layer, f"{name}_norm", math.sqrt(sums[0]), lag)
        self.update.add(self.layer, f"{name}_share", _ratio(sums[1], self._inner), lag)

    def _add_sum(self, name: str, part: Tensor) -> None:
        sums = self._sums(part)
        self.update.add(self.layer, f"{name}_angle", numbers.angle(part, self.backward, sums))
        ratio = _ratio(math.sqrt(sums[0]), math.sqrt(self._square))
        self.update.add(self.layer, f"{name}_ratio", ratio)
        self.update.add(self.layer, f"{name}_share", _ratio(sums[1], self._inner))


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole != 0.0 and math.isfinite(whole) else None


# Budget. -------------------------------------------------------------------------------------


@dataclass
class Budget:
    """One layer's budget of an update that is to be made, to be closed when it has been."""

    layer: Layer
    below: Layer
    backward: Tensor
    curvature: float
    number: int


class Budgets:
    """Budgets of an update: the parts before it, and those after."""

    def __init__(self) -> None:
        self._open: list[Budget] = []
        #: Weights before, or memory for them, by place of the layer: weight, and bias if any.
        self._before: dict[int, list[Tensor]] = {}

    def begin(self, update: Update) -> None:
        """Measure what the batch decides, and keep the weights."""
        for layer, backward in update.compared():
            calls = [call for call in layer.calls if call.error is not None]
            why = next((c.between for c in calls if isinstance(c.between, str)), None)
            bases = {call.base.layer.place: call.base.layer for call in calls if call.base}
            if why is not None or len(bases) != 1:
                update.absent(
                    f"terms and budget of {layer.name}", why or "not one layer is below it"
                )
                continue
            (below,) = bases.values()
            rate = update.rates.get(below.place)
            if rate is None:
                update.absent(
                    f"budget of {layer.name}", f"no optimiser that steps has {below.name}.weight"
                )
                continue
            curvatures = [_curvature(call, backward) for call in calls]
            if any(c is None for c in curvatures):
                update.absent(f"terms and budget of {layer.name}", _NOT_AGAIN)
                continue
            curvature = rate * sum(c for c in curvatures if c is not None)
            self._open.append(Budget(layer, below, backward, curvature, update.number))
        kept = {n.place: n for b in self._open for n in (b.layer, b.below)}
        for place, layer in kept.items():
            self._keep(place, layer)

    def _keep(self, place: int, layer: Layer) -> None:
        now = _learning(layer)
        room = self._before.get(place, [])
        if [(t.shape, t.dtype, t.device) for t in room] == [
            (t.shape, t.dtype, t.device) for t in now
        ]:
            for before, tensor in zip(room, now):
                before.copy_(tensor)
        else:
            self._before[place] = [tensor.detach().clone() for tensor in now]

    def close(self, add: Callable[[int, Layer, str, float], None]) -> None:
        """Measure what the step has done."""
        budgets, self._open = self._open, []
        kept = {n.place: n for b in budgets for n in (b.layer, b.below)}
        # In the place of the weights before are their steps then.
        for place, layer in kept.items():
            for before, after in zip(self._before[place], _learning(layer)):
                torch.sub(after, before, out=before)
        for budget in budgets:
            growth = quadratic = 0.0
            below = budget.below
            for step, after in zip(self._before[below.place], _learning(below)):
                half = 0.5 * numbers.square(step)
                quadratic += half
                # 1/2 |W + dW|^2 - 1/2 |W|^2, without the difference of two large numbers.
                growth += numbers.dot(after, step) - half
            alignment = numbers.dot(self._before[budget.layer.place][0], budget.backward)
            injected = growth - alignment - quadratic - budget.curvature
            for name, value in (
                ("alignment", alignment),
                ("growth", growth),
                ("quadratic", quadratic),
                ("curvature", budget.curvature),
                ("injected", injected),
            ):
                add(budget.number, budget.layer, f"budget_{name}", value)


def _learning(layer: Layer) -> list[Tensor]:
    bias = layer.bias()
    return [layer.weight()] if bias is None else [layer.weight(), bias]


def _curvature(call: Call, backward: Tensor) -> float | None:
    """``sum (f'(z) z - f(z)) o E`` of one pass; ``None`` where ``f`` is not the same again."""
    base, between = call.base, call.between
    assert base is not None and isinstance(between, Between) and call.error is not None
    if call.arriving is not None:
        arriving = call.arriving * (-1.0 / call.scale)
    else:
        arriving = call.layer.carried(call.error, backward, call.x)
    with torch.no_grad():
        z = base.output().to(call.error.dtype)
        value, along = between.with_derivative(z, z)
        if not is_again(call, value):
            return None
        return numbers.dot(along - value, arriving)


# Ranks, and the state of units. --------------------------------------------------------------

_RANKS = ("participation_ratio", "stable_rank", "effective_rank")


def ranks(update: Update) -> None:
    """Directions that activities, error signals and updates fill."""
    for layer in update.layers:
        calls = [call for call in layer.calls if call.error is not None]
        x = _joined([layer.rows(call.x) for call in calls])
        error = _joined([layer.error_rows(c.error) for c in calls if c.error is not None])
        found = {"activity": numbers.squares_of(x), "error": numbers.squares_of(error)}
        above, below = error.shape[1], x.shape[1]
        if error.dtype != torch.float64 and x.shape[0] < min(above, below):
            found["update"] = numbers.squares_of_product(x, error)
        else:
            product = error.T @ x.to(error.dtype)
            found["update"] = numbers.squares_of(product)
        for name, squares in found.items():
            values = numbers.ranks(squares)
            for place, kind in enumerate(_RANKS):
                update.add(layer, f"{name}_{kind}", None if values is None else values[place])


def units(update: Update) -> None:
    """Units that learn nothing, activities that grow, entries that are not finite."""
    above = {id(c.base): c for layer in update.layers for c in layer.calls if c.base is not None}
    for layer in update.layers:
        calls = [call for call in layer.calls if call.error is not None]
        reached: Tensor | None = None
        faint = total = bad = 0
        for call in calls:
            assert call.error is not None
            size = call.error.abs()
            there = layer.error_rows(size).amax(dim=0)
            reached = there if reached is None else torch.maximum(reached, there)
            upper = above.get(id(call))
            arriving = None if upper is None else upper.arriving
            if arriving is not None and arriving.numel() == size.numel():
                # Those that are 0 are below any bound, and are taken off.
                bound = arriving.reshape(size.shape).abs().mul_(0.01 / call.scale)
                faint += int((size < bound).sum()) - int(((size == 0.0) & (bound > 0.0)).sum())
                total += size.numel()
            bad += _not_finite(call.error)
        if reached is not None:
            update.add(layer, "dead_units", float((reached == 0.0).sum()))
        if total:
            update.add(layer, "saturated", faint / total)
        _growth(update, layer, calls)
        gradient = layer.gradient()
        if gradient is not None:
            bad += _not_finite(gradient)
        update.add(layer, "not_finite", float(bad))


def _not_finite(tensor: Tensor) -> int:
    # A sum that is finite has finite parts, and takes half the time to find.
    if math.isfinite(float(tensor.sum())):
        return 0
    return int((~torch.isfinite(tensor)).sum())


def _growth(update: Update, layer: Layer, calls: list[Call]) -> None:
    entries = sum(call.x.numel() for call in calls)
    square = sum(numbers.square(call.x) for call in calls)
    size = math.sqrt(square / entries) if entries else 0.0
    if layer.start is None:
        layer.start = size
    update.add(layer, "activity_growth", _ratio(size, layer.start))
