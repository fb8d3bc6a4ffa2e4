"""Measures how a network aligns while it trains, on whatever device, with whatever optimiser."""

from __future__ import annotations

import math
import os
import weakref
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from alignscope.null import WeightNull
from alignscope.torch import measuring
from alignscope.torch.between import Between, Tape
from alignscope.torch.feedback import twin
from alignscope.torch.measuring import Budgets, States, Update
from alignscope.torch.recorder import Recorder
from alignscope.torch.watching import Call, Given, Layer, Pass, edge_of, watched

__all__ = ["FAMILIES", "Monitor", "Row"]

#: All that can be measured.
FAMILIES = ("weights", "updates", "budget", "terms", "ranks", "units")

_LINES = {"weight_alignment": "weight alignment", "update_alignment": "update alignment"}


class Row(NamedTuple):
    """One measured value.

    Attributes
    ----------
    iteration
        Updates that were made before.
    layer
        ``l`` of ``W_l``, from 0, in the order in which layers are called.
    name
        The layer's name in the network.
    lag
        Lag in updates, of what is measured at several.
    quantity
        A name of the table in :class:`Monitor`.
    value
        The value; ``None`` where there is none, as for the angle of a zero matrix.
    """

    iteration: int
    layer: int
    name: str
    lag: int | None
    quantity: str
    value: float | None


class Monitor:
    """Measures a network while it trains.

    No call is needed in the loop: forward passes, backward passes and the optimiser's steps are
    watched. What is measured is the state before an update, on the batch of that update. Passes
    without gradients, and those that no update follows, are left out.

    Parameters
    ----------
    model
        The network. Its ``Linear``, ``Conv1d`` and ``Conv2d`` layers are watched; the kernel of a
        convolution is a matrix of out x (in x kernel), fed with patches.
    feedback
        Backward weights by name of a layer, or number in the order of registration, in the layout
        of its ``weight``: arrays, tensors, or functions without arguments. Not needed of layers
        that :func:`~alignscope.torch.convert` has converted.
    every
        Measure updates 0, ``every``, 2 ``every``, ...
    lags
        Lags, in updates, whose alignment terms are wanted. Where they are 1, 2, ..., h, the terms
        of all of them together, the last term and the remainder are measured too.
    quantities
        Families to be measured: ``weights``, ``updates``, ``budget``, ``terms``, ``ranks``,
        ``units``; by default weights, updates, units, and terms if there are lags. ``FAMILIES`` is
        all of them.
    updates_every
        Updates beside those of backpropagation take a second backward pass, and are measured
        once in so many measurements.
    ranks_every
        Ranks take spectra, and are measured once in so many measurements.
    projection
        Whether to split alignment terms where steps are not the rule's own: what momentum, decay,
        weight normalisation or an adaptive optimiser adds makes the projection terms.
    record
        Directory that the run is recorded to as well, for ``alignscope analyze``.
    record_every
        Record one update in so many.
    writer
        Anything with ``add_scalar(tag, value, step)``, such as TensorBoard's ``SummaryWriter``.
    scaler
        The ``GradScaler``, if there is one: signals are divided by its scale.

    Raises
    ------
    ValueError
        If an argument is none that is known, or the network has no layer to be watched.

    Examples
    --------
    >>> net = convert(nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 2)), "fa")
    >>> optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    >>> with Monitor(net, every=10, lags=range(1, 4)) as monitor:
    ...     for _ in range(21):
    ...         loss = net(torch.randn(16, 4)).square().mean()
    ...         optimizer.zero_grad()
    ...         loss.backward()
    ...         optimizer.step()
    >>> [row.iteration for row in monitor.rows if row.quantity == "weight_alignment"]
    [0, 10, 20]

    Notes
    -----
    Definitions are those of the command line: layer ``l`` has forward weights ``W_l`` and, from
    ``l = 1``, backward weights ``B_l``; error signals point towards the target, minus the gradient
    of the loss as it stands; angles are in degrees, signed cosines are never folded.

    ==========================  ==================================================================
    ``weight_alignment``        angle of ``W_l`` to ``B_l^T``; its null in :meth:`to_pandas`
    ``weight_norm``             Frobenius norm of ``W_l``
    ``update_alignment``        angle of the gradient in ``W_l`` to that of backpropagation on the
                                same batch and weights; of all layers but the last
    ``delta_alignment``         angle of the error signals of the units that ``W_l`` leads to, to
                                those of backpropagation; of all layers but the last
    ``step_alignment``          angle of the update to ``B_l^T``
    ``update_norm``             norm of the gradient in ``W_l``
    ``bp_gradient_norm``        that of backpropagation: below 1e-7, alignment is with rounding
    ``term_angle``, ``_norm``,  alignment term of a lag: the part of the update of ``W_l`` that
    ``_share``                  stems, to first order, from the step of the layer below of so many
                                updates before; angle to ``B_l^T``, norm, share of the update's
                                inner product with ``B_l^T``
    ``projection_term_...``     the same of what is beside the rule's own step
    ``terms_...``, ``last_...`` sum over lags; the update under the weights of the longest lag; what
    ``remainder_...``           is left. Of each ``_angle``, ``_ratio`` (norm over the update's) and
                                ``_share``; ``projections_...`` as well
    ``budget_alignment``        change of ``<W_l, B_l^T>`` in this update
    ``budget_growth``           change of half the squared norm of the weights and biases below
    ``budget_quadratic``        half the squared norm of their step
    ``budget_curvature``        what the curvature of the activation takes
    ``budget_injected``         the rest: 0 to rounding for plain gradient descent
    ``activity_...``,           rank of what ``W_l`` is fed, of the error signals of the units that
    ``error_...``,              it leads to, and of its gradient: ``_participation_ratio``,
    ``update_...``              ``_stable_rank``, ``_effective_rank``
    ``dead_units``              units (channels) that no error passes on any sample
    ``saturated``               share of error signals that are below 1 % of the error that arrives
                                from above, but not 0; where a value arrives for each unit (no
                                pooling), and with terms, budget or ``feedback`` that was given
    ``activity_growth``         norm of what ``W_l`` is fed over what it was at the start, by sample
    ``not_finite``              entries of gradient and error signals that are not finite
    ==========================  ==================================================================

    Memory: at most two states of the weights for each lag, and one more for each ``every`` that
    fits into the longest lag; beside that the signals of one batch.
    """

    def __init__(
        self,
        model: nn.Module,
        feedback: Mapping[Any, Given] | None = None,
        every: int = 10,
        lags: Iterable[int] = (),
        *,
        quantities: Collection[str] | None = None,
        updates_every: int = 1,
        ranks_every: int = 50,
        projection: bool = False,
        record: str | os.PathLike[str] | None = None,
        record_every: int = 1,
        writer: Any = None,
        scaler: Any = None,
    ) -> None:
        for name, number in (
            ("every", every),
            ("updates_every", updates_every),
            ("ranks_every", ranks_every),
        ):
            if number < 1:
                raise ValueError(f"{name}={number}: expected 1 or more")
        self.lags = tuple(sorted(set(lags)))
        if any(lag < 1 for lag in self.lags):
            raise ValueError(f"lags={self.lags}: expected numbers of updates, 1 or more")
        if quantities is None:
            quantities = ("weights", "updates", "units", *("terms",) * bool(self.lags))
        unknown = sorted(set(quantities) - set(FAMILIES))
        if unknown:
            raise ValueError(
                f"quantities: {', '.join(unknown)}: expected some of {', '.join(FAMILIES)}"
            )
        if "terms" in quantities and not self.lags and tuple(quantities) != FAMILIES:
            raise ValueError('quantities: "terms" are by lag: give lags, such as lags=range(1, 9)')
        self.every, self.updates_every, self.ranks_every = every, updates_every, ranks_every
        self._families = frozenset(quantities)
        self._projection, self._writer, self._scaler = projection, writer, scaler
        self._rows: list[Row] = []
        #: Why something is not measured, by what it is.
        self.absent: dict[str, str] = {}
        model = getattr(model, "_orig_mod", model)
        self._layers = watched(model, feedback or {})
        self._weights = {id(n.module.weight): n.place for n in self._layers}
        self._parameters = {id(p) for p in model.parameters()}
        self._updates = 0
        self._due = True
        self._inside = False
        self._leader: weakref.ref[torch.optim.Optimizer] | None = None
        self._rates: dict[int, float] = {}
        self._tape: Tape | None = None
        self._pass = Pass()
        self._calls: list[tuple[Call, Any]] = []
        self._ordered = False
        self._labels: Any = None
        self._states = States(self.lags, every, projection)
        self._budgets = Budgets()
        # Before the recorder's own, which is to hear of an update first from here.
        self._hooks: list[Any] = self._watch_steps()
        self._recorder = (
            None if record is None else self._make_recorder(model, record, record_every)
        )
        self._hooks += self._watch_passes(model)

    # What the loop may call.

    def labels(self, labels: Any) -> None:
        """Give the classes of the batch, for the recording: before the step, or not at all."""
        self._labels = labels

    def close(self) -> None:
        """Remove all hooks, and bring a recording to its end. What was measured stays."""
        for hook in self._hooks:
            hook.remove()
        self._hooks.clear()
        self._end_tape()
        self._settle()
        self._forget()
        self._states.clear()
        if self._recorder is not None:
            recorder, self._recorder = self._recorder, None
            recorder.close()

    def __enter__(self) -> Monitor:
        """Give the monitor itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the monitor."""
        self.close()

    # What was measured.

    @property
    def rows(self) -> list[Row]:
        """All values measured so far."""
        self._settle()
        return self._rows

    @property
    def bytes(self) -> int:
        """Memory of the weights of updates before, which lags ask for."""
        return self._states.bytes

    def series(
        self, quantity: str, layer: int | str, lag: int | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Give one quantity of one layer over updates.

        Parameters
        ----------
        quantity
            Its name.
        layer
            Number or name of the layer.
        lag
            Lag, of quantities that have one.

        Returns
        -------
        iterations : array
            Updates made before each value.
        values : array
            As many; not a number where there is none.
        """
        found = [
            (row.iteration, math.nan if row.value is None else row.value)
            for row in self.rows
            if row.quantity == quantity and layer in (row.layer, row.name) and row.lag == lag
        ]
        return np.array([k for k, _ in found], np.int64), np.array(
            [v for _, v in found], np.float64
        )

    def to_pandas(self) -> Any:
        """Make a table of all values, a row each.

        Returns
        -------
        pandas.DataFrame
            ``iteration``, ``layer``, ``name``, ``lag``, ``quantity``, ``value``. Of weight
            alignment with its null: ``null_mean`` and ``null_sd`` in degrees, ``z``, and the
            two-sided ``p`` of the angle between independent matrices of this size.

        Raises
        ------
        ImportError
            If pandas is not installed.
        """
        try:
            import pandas
        except ImportError as error:
            raise ImportError(
                "pandas is not installed: pip install pandas, or use monitor.rows"
            ) from error
        rows = self.rows
        table = pandas.DataFrame(rows, columns=list(Row._fields))
        table["lag"] = table["lag"].astype("Int64")
        table["value"] = table["value"].astype("float64")
        nulls = [self._null_of(row) for row in rows]
        for place, name in enumerate(("null_mean", "null_sd", "z", "p")):
            table[name] = [null[place] for null in nulls]
        return table

    def _null_of(self, row: Row) -> tuple[float, float, float, float]:
        if row.quantity != "weight_alignment" or row.value is None:
            return (math.nan,) * 4
        null = self._null(row.name)
        return null.mean, null.sd, null.z(row.value), null.p_value(row.value)

    def _null(self, name: str) -> WeightNull:
        (layer,) = (n for n in self._layers if n.name == name)
        return WeightNull(max(2, layer.weight().numel()))

    def summary(self) -> str:
        """Say in a line for each layer where its weights stand, beside the null."""
        lines = []
        for layer in self._layers:
            found = [r for r in self.rows if r.quantity == "weight_alignment"]
            rows = [r for r in found if r.name == layer.name and r.value is not None]
            if not rows:
                continue
            first, last = cast(float, rows[0].value), cast(float, rows[-1].value)
            null = self._null(layer.name)
            lines.append(
                f"{layer.name}: {first:.2f} -> {last:.2f} degrees after {rows[-1].iteration} "
                f"updates (null 90 +- {null.sd:.2f}, z {null.z(last):.1f}, "
                f"p {null.p_value(last):.2g})"
            )
        lines += [f"{what} is not measured: {why}" for what, why in self.absent.items()]
        return "\n".join(lines) or "nothing was measured yet"

    def to_tensorboard(self, writer: Any) -> None:
        """Write all values so far to ``writer``, with ``add_scalar(tag, value, step)``."""
        for row in self.rows:
            _write(writer, row)

    def plot(self, quantities: Collection[str] = tuple(_LINES), axes: Any = None) -> Any:
        """Draw quantities over updates, a panel each, with a line for each layer.

        Parameters
        ----------
        quantities
            Their names.
        axes
            Axes of matplotlib to draw into, as many; by default those of a new figure.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from matplotlib import pyplot

        names = list(quantities)
        if axes is None:
            _, axes = pyplot.subplots(1, len(names), figsize=(5 * len(names), 3.5), squeeze=False)
        panels = np.ravel(axes)
        for panel, quantity in zip(panels, names):
            for layer in self._layers:
                lags = {r.lag for r in self.rows if r.quantity == quantity}
                for lag in sorted(lags, key=lambda lag: -1 if lag is None else lag):
                    k, values = self.series(quantity, layer.name, lag)
                    label = layer.name if lag is None else f"{layer.name}, lag {lag}"
                    if len(k):
                        panel.plot(k, values, label=label)
            if quantity == "weight_alignment":
                panel.axhline(90, color="0.7", linewidth=0.8)
            panel.set_xlabel("updates")
            panel.set_ylabel(_LINES.get(quantity, quantity))
            panel.legend(fontsize="small")
        return panels[0].figure

    def live(self, quantities: Collection[str] = tuple(_LINES), every: int = 10) -> None:
        """Have a figure in a notebook follow the run, drawn anew every so many measurements."""
        from IPython import display
        from matplotlib import pyplot

        figure, axes = pyplot.subplots(1, len(quantities), figsize=(5 * len(quantities), 3.5))
        handle = display.display(figure, display_id=True)
        pyplot.close(figure)
        self._live = (figure, np.ravel(axes), tuple(quantities), every, handle)

    _live: tuple[Any, ...] | None = None

    def _follow(self) -> None:
        if self._live is None:
            return
        figure, axes, quantities, every, handle = self._live
        if self._updates // self.every % every == 0:
            for panel in axes:
                panel.clear()
            self.plot(quantities, axes)
            handle.update(figure)

    # What passes through the network.

    def _make_recorder(
        self, model: nn.Module, path: str | os.PathLike[str], every: int
    ) -> Recorder:
        return Recorder(model, every=every, path=Path(path))

    def _order(self) -> None:
        """Give the layers numbers in the order in which they are called."""
        if self._ordered or not self._calls:
            return
        self._ordered = True
        called: list[Layer] = []
        for call, _ in self._calls:
            if call.layer not in called:
                called.append(call.layer)
        self._layers = called + [n for n in self._layers if n not in called]
        for place, layer in enumerate(self._layers):
            layer.place = place
        self._weights = {id(n.module.weight): n.place for n in self._layers}
        if self._recorder is not None:
            carrying = [n for n in called if n.place > 0 and n.backward() is not None]
            self._recorder.use_feedback({n.place: cast(Any, n.backward) for n in carrying})

    def _watch_passes(self, model: nn.Module) -> list[Any]:
        this = weakref.ref(self)

        def begin(*_: Any) -> None:
            monitor = this()
            if monitor is not None and not torch.compiler.is_compiling():
                monitor._begin()

        def end(*_: Any) -> None:
            monitor = this()
            if monitor is not None and not torch.compiler.is_compiling():
                monitor._end_tape()

        hooks: list[Any] = [
            model.register_forward_pre_hook(begin, prepend=True),
            model.register_forward_hook(end, always_call=True),
        ]
        hooks += [n.module.register_forward_hook(self._forward_hook(n)) for n in self._layers]
        return hooks

    def _forward_hook(self, layer: Layer) -> Any:
        this = weakref.ref(self)

        def forward(_: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
            if torch.compiler.is_compiling():
                return
            monitor = this()
            if monitor is not None and monitor._watches():
                # Calls of the tape are not to be those that are made here.
                with torch._C.DisableTorchFunction():
                    monitor._forward(layer, inputs[0], output)

        return forward

    def _watches(self) -> bool:
        if not self._due or not torch.is_grad_enabled():
            return False
        if self._inside:
            self._say(
                "an update whose optimiser evaluates the network itself",
                "its batch is not that of the state before it: call backward() and then step() "
                "without a closure",
            )
        return not self._inside

    def _begin(self) -> None:
        """Meet the beginning of a forward pass of the network."""
        self._end_tape()
        self._settle()
        self._pass = Pass()
        self._calls.clear()
        if self._watches() and self._replays():
            self._tape = Tape()
            self._tape.__enter__()  # type: ignore[no-untyped-call]

    def _replays(self) -> bool:
        """Whether what lies between layers is to be run again."""
        if self._families & {"terms", "budget"}:
            return True
        return self._has_twin() and any(n.given is not None for n in self._layers)

    def _has_twin(self) -> bool:
        """Whether the update at hand is measured beside that of backpropagation."""
        return "updates" in self._families and self._is_turn(self.updates_every)

    def _is_turn(self, once_in: int) -> bool:
        return self._updates // self.every % once_in == 0

    def _end_tape(self) -> None:
        if self._tape is not None:
            tape, self._tape = self._tape, None
            tape.__exit__(None, None, None)  # type: ignore[no-untyped-call]
            tape.clear()

    def _forward(self, layer: Layer, x: Tensor, z: Tensor) -> None:
        if not z.requires_grad:
            return
        tape = self._tape
        between: Between | str = "the network was not called as a whole, but its layers one by one"
        if tape is not None:
            between = tape.between(x) if x.requires_grad else "it is fed with the network's input"
        arrives = "budget" in self._families or (tape is not None and "units" in self._families)
        call = Call(layer, x, between, list(self._calls), self._pass, arrives)
        this = weakref.ref(self)

        def arrived(gradient: Tensor) -> None:
            monitor = this()
            if monitor is not None and monitor._due and not twin.active and call.error is None:
                call.receive(gradient, monitor._scale(), monitor._has_twin())

        edge = edge_of(z)
        # Without the graph, which leads to this call.
        call.z, call.z_version = z.detach(), z._version
        z.register_hook(arrived)  # type: ignore[no-untyped-call]
        if tape is not None:
            tape.note(call, z)
        self._calls.append((call, edge))

    def _scale(self) -> float:
        return 1.0 if self._scaler is None else float(self._scaler.get_scale())

    # The steps.

    def _watch_steps(self) -> list[Any]:
        from torch.optim.optimizer import (
            register_optimizer_step_post_hook,
            register_optimizer_step_pre_hook,
        )

        this = weakref.ref(self)

        def before(optimizer: torch.optim.Optimizer, *_: Any) -> None:
            monitor = this()
            if monitor is not None and monitor._trains(optimizer):
                monitor._before_step(optimizer)

        def after(optimizer: torch.optim.Optimizer, *_: Any) -> None:
            monitor = this()
            if monitor is not None and monitor._trains(optimizer):
                monitor._inside = False

        return [
            register_optimizer_step_pre_hook(before),
            register_optimizer_step_post_hook(after),
        ]

    def _trains(self, optimizer: torch.optim.Optimizer) -> bool:
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                if id(parameter) in self._parameters:
                    return True
        return False

    def _before_step(self, optimizer: torch.optim.Optimizer) -> None:
        """Meet a step; of several optimisers that make one update, that of the first counts."""
        self._order()
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                place = self._weights.get(id(parameter))
                if place is not None:
                    self._rates[place] = float(group["lr"])
        leader = None if self._leader is None else self._leader()
        if leader is None:
            self._leader = weakref.ref(optimizer)
        elif leader is not optimizer:
            return
        self._settle()
        if self._recorder is not None:
            scale = self._scale() if self._scaler is not None else None
            self._recorder.before(self._labels, scale=scale)
            self._labels = None
        if self._due:
            self._measure()
        if self.lags:
            self._states.keep(self._updates, self._layers, self._rates)
        self._forget()
        self._updates += 1
        self._due = self._updates % self.every == 0
        self._inside = True

    def _settle(self) -> None:
        """Measure what could only be after the latest update, if it was made."""
        if not self._inside:
            self._budgets.close(self._put)

    def _forget(self) -> None:
        for layer in self._layers:
            layer.calls.clear()
        self._calls.clear()

    # Measuring.

    def _put(
        self, number: int, layer: Layer, quantity: str, value: float | None, lag: int | None = None
    ) -> None:
        row = Row(number, layer.place, layer.name, lag, quantity, value)
        self._rows.append(row)
        if self._writer is not None:
            _write(self._writer, row)

    def _say(self, what: str, why: str) -> None:
        self.absent.setdefault(what, why)

    def _measure(self) -> None:
        number, scale = self._updates, self._scale()
        for layer in self._layers:
            # Of an update that the scaler left out the scale was another.
            layer.calls = [call for call in layer.calls if call.scale == scale]
        reached = [n for n in self._layers if n.calls]
        if not reached:
            self._say(
                "what a pass shows",
                "no error came back to the layers: the network may be compiled, or the step be "
                "made with a closure; weights are measured all the same",
            )
        update = Update(
            layers=reached or self._layers,
            rates=self._rates,
            number=number,
            add=lambda layer, quantity, value, lag=None: self._put(
                number, layer, quantity, value, lag
            ),
            absent=self._say,
        )
        for layer in update.layers:
            # The first layer's carries no error, where its input asks for none.
            carries = any(call.edge is not None for call in layer.calls)
            if carries or (not reached and layer.place > 0):
                backward = layer.backward()
                if backward is not None:
                    update.backward[layer.place] = backward
        with torch.no_grad(), torch.autocast(self._device(), enabled=False):
            self._measure_families(update, bool(reached))
        self._follow()

    def _device(self) -> str:
        return self._layers[0].weight().device.type

    def _measure_families(self, update: Update, reached: bool) -> None:
        wanted = self._families
        if "weights" in wanted:
            measuring.weights(update)
        if not reached:
            return
        if self._has_twin():
            measuring.updates(update)
        if "terms" in wanted and self.lags:
            measuring.terms(update, self._states)
        if "budget" in wanted:
            self._budgets.begin(update)
        if "units" in wanted:
            measuring.units(update)
        if "ranks" in wanted and self._is_turn(self.ranks_every):
            measuring.ranks(update)


def _write(writer: Any, row: Row) -> None:
    if row.value is not None:
        lag = "" if row.lag is None else f"/lag {row.lag}"
        writer.add_scalar(f"{row.quantity}/{row.name}{lag}", row.value, row.iteration)
