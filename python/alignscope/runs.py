"""Networks trained and specs run by the compiled library, and run directories read back.

All names are in ``alignscope`` itself, too. What cannot be run raises ``ValueError`` with what was
expected; Ctrl-C ends a run with ``KeyboardInterrupt``, finished jobs being kept where there is a
directory. Python's lock is released while jobs run.
"""

from __future__ import annotations

import json
import os
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Union

import numpy as np
from numpy.typing import NDArray

from alignscope import _core
from alignscope.tables import Table, column

if TYPE_CHECKING:
    import matplotlib.axes
    from typing_extensions import Unpack

    from alignscope.settings import TrainSettings

PathLike = Union[str, "os.PathLike[str]"]
Setting = Union[str, float, bool, Sequence[Any]]

__all__ = [
    "Claim",
    "ClaimPart",
    "Condition",
    "Curve",
    "Parameter",
    "Run",
    "parameters",
    "read_run",
    "run",
    "train",
    "verify",
]


@dataclass(frozen=True)
class Parameter:
    """Something that can be set.

    Attributes
    ----------
    name
        As the command line and specs call it; in Python ``-`` is ``_``.
    placeholder
        What stands for a value in help texts.
    help
        What it is, and which values it takes.
    default
        Default value, as the command line takes it.
    """

    name: str
    placeholder: str
    help: str
    default: str


def parameters(kind: str = "train") -> list[Parameter]:
    """List what can be set of a kind of analysis: train, isolate, recurrent, recorded, ..."""
    return [Parameter(*of) for of in _core.parameters(kind)]


def text_of(settings: Mapping[str, Setting | None]) -> list[tuple[str, str]]:
    """Write settings as the command line takes them; those that are None are left out."""

    def text(value: Any) -> str:
        if isinstance(value, (bool, np.bool_)):
            return "on" if value else "off"
        if isinstance(value, (str, os.PathLike)):
            return os.fspath(value)
        if isinstance(value, np.generic):
            return text(value.item())
        if isinstance(value, (int, float)):
            return repr(value)
        return ",".join(map(text, value))

    given = settings.items()
    return [(name.replace("_", "-"), text(value)) for name, value in given if value is not None]


@dataclass(frozen=True)
class Condition:
    """What was run.

    Attributes
    ----------
    analysis
        Name of the analysis it is of.
    label
        The values of what varies in the analysis.
    parameters
        Every parameter by name.
    """

    analysis: str
    label: str
    parameters: dict[str, Any]


@dataclass(frozen=True)
class Curve:
    """A quantity of one condition over iterations, over repeats.

    Attributes
    ----------
    label
        The condition in words.
    layer
        Layer of ``W_l``, from 0; None for the network as a whole.
    lag
        Lag in iterations, of what is measured at several.
    iterations
        Updates that were made before each measurement.
    n
        Repeats that have a value, at each.
    mean
        Mean over these; NaN where there are none.
    low, high
        Ends of Student's interval of the mean at 95 %; NaN where there are fewer than two.
    null
        Ends of the interval that holds 95 % of the angles of independent matrices, in degrees, of
        weight alignments.
    """

    label: str
    layer: int | None
    lag: int | None
    iterations: NDArray[np.int64]
    n: NDArray[np.int64]
    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    null: tuple[float, float] | None


@dataclass(frozen=True)
class ClaimPart:
    """A part of a claim, judged.

    Attributes
    ----------
    statistic
        What was measured.
    mean
        Mean over repeats; of several values, of the one that is nearest to its bound.
    ci95
        Its 95 % interval.
    n
        Repeats with a value.
    beyond
        Repeats farther than ``reach`` from the bounds, on the wrong side.
    at
        The iteration, draw or place that the mean is of, where there are several.
    criterion
        What was asked, in words.
    verdict
        holds, fails, at-the-bound, undecided or refused.
    evidence_for, evidence_against
        Base-10 logarithm of the evidence that it holds, and that it does not, from -99 to 99.
    needed
        Repeats that are estimated to decide it; None if it is decided, or a million would not do.
    """

    statistic: str
    mean: float | None
    ci95: tuple[float, float] | None
    n: int
    beyond: int
    at: int | None
    criterion: str
    verdict: str
    evidence_for: float
    evidence_against: float
    needed: int | None


@dataclass(frozen=True)
class Claim:
    """A statement with a criterion, and what the results say of it.

    Attributes
    ----------
    name
        ``document/name``, such as ``wn/L4``.
    statement, source
        What is claimed, and by whom.
    kind
        What it says, such as ``"replication"``.
    set
        When its criterion was set: such as ``"before"`` anything was run.
    changed
        What of the criterion was changed after it was set, if anything.
    plan
        The plan that fixed it and the seeds before they were run, if there is one.
    verdict
        holds if every part does, fails if one fails; at-the-bound, undecided, refused.
    decided_after
        Repeats after which that was decided.
    needed
        Repeats that are estimated to decide it, where it is not.
    refused
        Why it was not judged.
    family_size
        Claims that share its level of error.
    parts
        Its parts.
    """

    name: str
    statement: str
    source: str
    kind: str
    set: str
    changed: str
    plan: str | None
    verdict: str
    decided_after: int | None
    needed: int | None
    refused: str | None
    family_size: int
    parts: tuple[ClaimPart, ...]


@dataclass(frozen=True)
class Run:
    """Results of a run.

    Attributes
    ----------
    directories
        Run directories it lies in; none of what was run in memory.
    ended
        completed, partly (repeats that claims did not need were left out), diverged, ...
    warnings
        What was said of it, in sentences.
    """

    directories: tuple[Path, ...]
    ended: str
    warnings: tuple[str, ...]
    _results: _core.Results

    @cached_property
    def _about(self) -> dict[str, Any]:
        about: dict[str, Any] = json.loads(self._results.about())
        return about

    @property
    def analyses(self) -> tuple[str, ...]:
        """Names of the analyses."""
        return tuple(of["name"] for of in self._about["analyses"])

    @cached_property
    def conditions(self) -> tuple[Condition, ...]:
        """What was run, by analysis."""
        return tuple(
            Condition(of["name"], condition["label"], condition["parameters"])
            for of in self._about["analyses"]
            for condition in of["conditions"]
        )

    @property
    def flags(self) -> tuple[str, ...]:
        """Where an angle means less than it seems to."""
        return tuple(self._about["flags"])

    def quantities(self, analysis: str | None = None) -> tuple[str, ...]:
        """Names of what was measured, of the only analysis unless one is named."""
        return tuple(self._analysis(analysis)["quantities"])

    def _analysis(self, name: str | None) -> dict[str, Any]:
        analyses: list[dict[str, Any]] = self._about["analyses"]
        if name is None and len(analyses) == 1:
            return analyses[0]
        for of in analyses:
            if of["name"] == name:
                return of
        raise ValueError(f"analysis={name!r}: expected one of {', '.join(self.analyses)}")

    def _cells(self) -> dict[str, list[Any]]:
        # Of every condition what stands in its columns; those of other analyses stay empty.
        names = [name for name, _ in self._about["columns"][1:-6]]
        shown = {of["name"]: of["columns"] for of in self._about["analyses"]}
        cells: dict[str, list[Any]] = {"analysis": [of.analysis for of in self.conditions]}
        for name in names:
            cells[name] = [
                of.parameters.get(name) if name in shown[of.analysis] else None
                for of in self.conditions
            ]
        return cells

    @cached_property
    def series(self) -> Table:
        """Every recorded value: the rows of ``series.csv``.

        Columns are analysis, parameters that name the condition, repeat, iteration, layer, lag,
        quantity, value; a layer, lag or value that there is not is NaN.
        """
        whole, values, names = self._results.series()
        condition, repeat, iteration, layer, lag, quantity = whole
        columns: dict[str, NDArray[Any]] = {}
        for name, cells in self._cells().items():
            columns[name] = column(cells)[condition]
        columns["repeat"], columns["iteration"] = repeat, iteration
        for name, numbers in (("layer", layer), ("lag", lag)):
            columns[name] = np.where(numbers < 0, np.nan, numbers)
        columns["quantity"] = np.array(names, dtype=np.str_)[quantity]
        columns["value"] = values
        return Table(columns, dict(self._about["columns"]))

    @cached_property
    def summary(self) -> Table:
        """Means over repeats at the reported iterations, with intervals and predictions.

        Columns are analysis, parameters that name the condition, quantity, layer, lag, iteration,
        n (repeats with a value), mean, sd, ci95_low and ci95_high (Student's t), absent (repeats
        without), prediction, prediction_bound (how far it may be off), difference (measured minus
        predicted), standard_errors (the same in standard errors). Predictions may take a while.
        """
        entries: list[dict[str, Any]] = json.loads(self._results.summary())
        shown = {of["name"]: of["columns"] for of in self._about["analyses"]}
        names = [name for name, _ in self._about["columns"][1:-6]]

        def parameter(entry: dict[str, Any], name: str) -> Any:
            return entry["condition"].get(name) if name in shown[entry["analysis"]] else None

        columns = {"analysis": column([entry["analysis"] for entry in entries])}
        for name in names:
            columns[name] = column([parameter(entry, name) for entry in entries])
        for name in ("quantity", "layer", "lag", "iteration", "n", "mean", "sd"):
            columns[name] = column([entry.get(name) for entry in entries])
        for end, name in enumerate(("ci95_low", "ci95_high")):
            columns[name] = column([(entry["ci95"] or (None, None))[end] for entry in entries])
        for name in ("absent", "prediction", "prediction_bound"):
            columns[name] = column([entry.get(name) for entry in entries])
        for name in ("difference", "standard_errors"):
            columns[name] = column(
                [(entry.get("discrepancy") or {}).get(name) for entry in entries]
            )
        return Table(columns)

    @cached_property
    def claims(self) -> tuple[Claim, ...]:
        """The claims of the specs that were run, judged by these results."""
        return tuple(map(claim_of, json.loads(self._results.claims())))

    def curves(self, quantity: str, analysis: str | None = None) -> tuple[Curve, ...]:
        """Means over repeats by iteration, of every condition, layer and lag.

        Parameters
        ----------
        quantity
            What was measured: :meth:`quantities` lists it.
        analysis
            Of which analysis, where there are several.

        Raises
        ------
        ValueError
            If there is no such analysis, or the quantity was not measured.
        """
        of = self._analysis(analysis)
        if quantity not in of["quantities"]:
            raise ValueError(
                f"quantity={quantity!r}: expected one of {', '.join(of['quantities'])}"
            )
        curves = []
        for label, layer, lag, at, n, ends, null in self._results.curves(of["name"], quantity):
            interval = None if null is None else (null[0], null[1])
            curves.append(Curve(label, layer, lag, at, n, ends[0], ends[1], ends[2], interval))
        return tuple(curves)

    def plot(
        self,
        quantity: str | None = None,
        analysis: str | None = None,
        ax: matplotlib.axes.Axes | None = None,
    ) -> matplotlib.axes.Axes:
        """Draw a quantity over iterations: means, and their 95 % intervals as bands.

        Parameters
        ----------
        quantity
            The first that was measured unless one is named.
        analysis
            Of which analysis, where there are several.
        ax
            Where to; the current axes unless given.

        Returns
        -------
        matplotlib.axes.Axes
            With a line for every condition, layer and lag. Dotted lines are the ends of the
            interval that holds 95 % of the weight alignments of independent matrices.
        """
        import matplotlib.pyplot as plt

        quantity = quantity or self.quantities(analysis)[0]
        curves = self.curves(quantity, analysis)
        ax = ax or plt.gca()
        several = {
            name: len({getattr(curve, name) for curve in curves}) > 1
            for name in ("label", "layer", "lag")
        }
        for curve in curves:
            parts = [curve.label] if several["label"] else []
            parts += [f"layer {curve.layer}"] if several["layer"] else []
            parts += [f"lag {curve.lag}"] if several["lag"] else []
            line = ax.plot(curve.iterations, curve.mean, label=", ".join(parts) or None)[0]
            ax.fill_between(
                curve.iterations, curve.low, curve.high, color=line.get_color(), alpha=0.2, lw=0
            )
            for end in curve.null or ():
                ax.axhline(end, color=line.get_color(), linestyle=":", linewidth=0.8)
        ax.set_xlabel("iteration")
        ax.set_ylabel(quantity.replace("_", " "))
        if any(several.values()):
            ax.legend()
        return ax


def claim_of(of: dict[str, Any]) -> Claim:
    """Make a claim of what the compiled library says of it."""

    def part(of: dict[str, Any]) -> ClaimPart:
        names = ("statistic", "mean", "n", "beyond", "at", "criterion", "verdict", "needed")
        evidence = ("evidence_for", "evidence_against")
        ends = of["ci95"]
        return ClaimPart(
            ci95=None if ends is None else (ends[0], ends[1]),
            **{name: of[name] for name in names + evidence},
        )

    names = ("name", "statement", "source", "kind", "set", "changed", "plan", "verdict")
    outlook = ("decided_after", "needed", "refused")
    return Claim(
        family_size=of["family_size"],
        parts=tuple(map(part, of["parts"])),
        **{name: of[name] for name in names + outlook},
    )


def _run(results: _core.Results, *, kept: bool = True) -> Run:
    for said in results.warnings:
        warnings.warn(said, stacklevel=3)
    directories = tuple(map(Path, results.directories)) if kept else ()
    return Run(directories, results.ended, tuple(results.warnings), results)


def train(
    *,
    out: PathLike | None = None,
    threads: int = 0,
    data_dir: PathLike | None = None,
    export: str = "off",
    **settings: Unpack[TrainSettings],
) -> Run:
    """Train networks on data and measure alignment, as ``alignscope train`` does.

    The same settings and seed give the numbers of the command line to the last digit.

    Parameters
    ----------
    out
        Run directory; what is stored there already is not run again. Without one nothing is kept
        but the result.
    threads
        Threads, each of which runs a repeat; 0 for one for each processor. No result depends on it.
    data_dir
        Where data sets are; unless given, where ``ALIGNSCOPE_DATA`` says.
    export
        ``"weights"``, ``"signals"``, ``"signals:N"``: what is written into ``out`` for every
        repeat.
    **settings
        Options of ``alignscope train``, with ``_`` for ``-``: ``rule="fa"``, ``hidden=[50, 50]``,
        ``epochs=5``, ``repeats=3``, ``wn=1.0``. :func:`parameters` lists all with their defaults.

    Returns
    -------
    Run
        Series, summary, curves and flags.

    Raises
    ------
    ValueError
        If there is no such setting, a value makes no sense, or the data set is not there.
    RuntimeError
        If a job cannot run or a file not be written.

    Examples
    --------
    >>> run = train(hidden=[50], epochs=3, repeats=2, rule="fa")
    >>> run.series.where(quantity="test_accuracy").rows
    8
    """
    given: Mapping[str, Any] = settings
    if out is not None:
        place = (os.fspath(out), threads, _path(data_dir), export)
        return _run(_core.run_settings("train", text_of(given), place))
    if export != "off":
        raise ValueError(f"export={export!r}: give out=DIR, where it goes")
    with tempfile.TemporaryDirectory(prefix="alignscope-") as directory:
        place = (os.path.join(directory, "run"), threads, _path(data_dir), export)
        return _run(_core.run_settings("train", text_of(given), place), kept=False)


def _path(path: PathLike | None) -> str | None:
    return None if path is None else os.fspath(path)


def _paths(paths: tuple[PathLike, ...], what: str) -> list[str]:
    if not paths:
        raise ValueError(f"give at least one {what}")
    return [os.fspath(path) for path in paths]


def run(
    *specs: PathLike,
    out: PathLike | None = None,
    threads: int = 0,
    data_dir: PathLike | None = None,
    export: str = "off",
) -> Run:
    """Run TOML specs, or what is missing of a run directory, as ``alignscope run`` does.

    Figures of specs are not drawn: ``alignscope figure`` draws them from the directory.

    Parameters
    ----------
    *specs
        Spec files, or one run directory, which holds its spec.
    out
        Run directory: ``runs/<name>-<address>`` unless given. The same specs resume there.
    threads, data_dir, export
        As in :func:`train`.

    Returns
    -------
    Run
        Series, summary and curves of all specs, and the claims in them, judged.

    Raises
    ------
    ValueError
        If a spec cannot be used, with every problem in it, or a data set is not there.
    RuntimeError
        If the directory is of another spec, a job cannot run or a file not be written.
    """
    place = (_path(out), threads, _path(data_dir), export)
    return _run(_core.run_specs(_paths(specs, "spec"), place))


def verify(
    *specs: PathLike,
    own: str | None = None,
    out: PathLike | None = None,
    threads: int = 0,
    data_dir: PathLike | None = None,
) -> Run:
    """Run the repeats that claims need, and judge these, as ``alignscope verify`` does.

    Repeats are run 10, 20, 40, ... of every condition, up to those of the spec, and only of
    analyses whose claims are not decided yet.

    Parameters
    ----------
    *specs
        Spec files, or a run directory.
    own
        In place of these ``"quick"`` or ``"full"``: the claims of this project.
    out, threads, data_dir
        As in :func:`run`.

    Returns
    -------
    Run
        Its ``claims`` have the verdicts.

    Raises
    ------
    ValueError, RuntimeError
        As in :func:`run`.
    """
    if own not in (None, "quick", "full"):
        raise ValueError(f'own={own!r}: expected "quick" or "full"')
    if own is not None and specs:
        raise ValueError("give either specs or own, not both")
    place = (_path(out), threads, _path(data_dir), "off")
    files = [] if own is not None else _paths(specs, "spec")
    return _run(_core.verify(own, files, place))


def read_run(*directories: PathLike) -> Run:
    """Read run directories of the command line or of Python; nothing is run.

    Every file is held against its checksum, and what is damaged is left out with a warning.

    Parameters
    ----------
    *directories
        Run directories, one at least.

    Returns
    -------
    Run
        What is stored in them.

    Raises
    ------
    ValueError
        If one of them is no run of this version.
    """
    return _run(_core.read_runs(_paths(directories, "run directory")))
