"""Recordings of any library's arrays."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import warnings
import weakref
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alignscope.recording.npy import GrowingArray, header
from alignscope.recording.values import (
    ArrayValues,
    RecordingError,
    Values,
    buffer_type,
    holds,
    is_little_endian,
    stored_shape,
)
from alignscope.recording.writer import Buffers, Piece, Writer

#: Members of one state or one iteration, by name.
Members = Mapping[str, Values]

#: The parts of every member, whose samples follow each other.
Parts = Mapping[str, Sequence[Values]]


class Recording:
    """A recording that grows update by update.

    It is written during the run, by a separate thread and with bounded memory: into the
    directory ``path``, or into a temporary one until :meth:`save` makes an archive of it.

    Parameters
    ----------
    path
        Directory of the recording, which must be new or empty; by default a temporary one.
    every
        Record updates 0, ``every``, 2 ``every``, ... that :meth:`update` is called for, each with
        the states before and after it, so that steps over several updates are not taken for one.
    samples
        Samples of every iteration; by default those of the first. Fewer are filled up with rows
        of zeros, which change no sum.
    memory
        Bytes of the buffers between the run and the file system.

    Examples
    --------
    >>> recording = Recording("run")                                    # doctest: +SKIP
    >>> for x, y in batches:                                            # doctest: +SKIP
    ...     recording.update([W0, W1], [b1, b2], [x, h], [d1, d2], labels=y, feedback={1: B1})
    ...     ...                                                         # now change the weights
    >>> recording.finish([W0, W1], [b1, b2])                            # doctest: +SKIP
    """

    def __init__(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        every: int = 1,
        samples: int | None = None,
        memory: int = 1 << 26,
    ) -> None:
        if every < 1:
            raise ValueError(f"every={every}: expected 1 or more")
        if not is_little_endian():
            raise RecordingError("recordings are little endian, and this machine is not")
        self.every = every
        self.path = _directory(path)
        self._samples = samples
        self._given_samples = samples is not None
        self._writer = Writer(memory)
        self._files: dict[str, GrowingArray] = {}
        # Backward weights as long as they do not change.
        self._fixed: dict[str, tuple[str, NDArray[Any]]] = {}
        # Weights after updates whose next one was not recorded, by the name of the weights.
        self._next: dict[str, GrowingArray] = {}
        self._nexts = 0
        self._states = 0
        # What was written of the last update, and from buffers of which shapes, if the next may
        # repeat it.
        self._template: list[tuple[GrowingArray, str, tuple[int, ...], bool]] | None = None
        # Updates before the last two states.
        self._numbers: list[int] = []
        self._members: dict[str, set[str]] = {}
        # 1 if the last state may be replaced, 2 if it was written as that after an update too.
        self._provisional = 0
        self._updates = 0
        self._closed = False
        temporary = self.path if path is None else None
        self._release = weakref.finalize(self, _release, self._writer, temporary)

    # What the run says.

    def update(
        self,
        weights: Sequence[Any],
        biases: Sequence[Any] | None = None,
        activities: Sequence[Any] = (),
        deltas: Sequence[Any] = (),
        labels: Any = None,
        feedback: Mapping[int, Any] | Sequence[Any] | None = None,
    ) -> None:
        """Record one update, with the state before it.

        Parameters
        ----------
        weights
            ``W_l``, each n_l x n_{l+1}, the input's first.
        biases
            ``b_{l+1}`` of each layer, n_{l+1} numbers or ``None``.
        activities
            ``L_l``, samples x n_l: what each ``W_l`` is fed.
        deltas
            ``delta_{l+1}``, samples x n_{l+1}: *minus* the gradient of the loss in the
            pre-activations of layer l + 1.
        labels
            Class of every sample, or one-hot rows; targets of other kinds are left out with a
            warning.
        feedback
            ``B_l`` by layer l, from 1: n_{l+1} x n_l. May change from update to update.

        Raises
        ------
        RecordingError
            If something does not fit what was recorded before, or cannot be written.
        """
        number = self._updates
        if number % self.every == 0:
            named = {f"activity{k}": v for k, v in enumerate(activities)}
            named |= {f"delta{k}": v for k, v in enumerate(deltas, 1)}
            found = None if labels is None else classes(labels)
            self.add(
                number,
                _state(weights, biases),
                feedback=_feedback(feedback),
                signals={name: [_array(name, v)] for name, v in named.items()},
                labels=None if found is None else [ArrayValues("labels", found)],
            )
        elif (number - 1) % self.every == 0:
            self.add_next(number, _state(weights, biases))
        self._updates += 1

    def finish(
        self,
        weights: Sequence[Any],
        biases: Sequence[Any] | None = None,
        feedback: Mapping[int, Any] | Sequence[Any] | None = None,
    ) -> None:
        """Record the state after the last update. :meth:`update` may still be called afterwards."""
        self.add_last(self._updates, _state(weights, biases), feedback=_feedback(feedback))

    # What recorders of libraries say.

    def add(
        self,
        number: int,
        state: Members,
        *,
        feedback: Members | None = None,
        signals: Parts | None = None,
        labels: Sequence[Values] | None = None,
    ) -> None:
        """Record the state before update ``number``, and the signals of that update.

        Parameters
        ----------
        number
            Updates that were made before. If some were made since the last one that was recorded,
            :meth:`add_next` was called after that.
        state
            ``W0``, ``b1``, ... as they are now.
        feedback
            ``B1``, ... as they are now.
        signals
            ``activity0``, ``delta1``, ... of the update, in parts whose samples follow each other.
        labels
            Classes of the samples, in the same parts.
        """
        self._take_back()
        pieces, buffers = self._begin(number, state, feedback or {})
        if signals:
            pieces += self._signal_pieces(buffers, signals, labels)
        by_state = any(name in self._files for name in [*(feedback or ()), "updates"])
        pieces += self._number(number)
        self._writer.submit(buffers, pieces)
        if not signals or by_state or self._next or "updates" in self._files:
            return
        # Only full batches fill the buffers.
        if all(sum(v.shape[0] for v in parts) == self._samples for parts in signals.values()):
            self._template = [
                (file, file.path.stem, values.shape, turned) for file, values, turned in pieces
            ]

    def repeat(self, number: int, fill: Callable[[Buffers], None]) -> bool:
        """Record the next update, whose values have the members, shapes and types of the last one.

        The short way for recorders that have found this out themselves.

        Parameters
        ----------
        number
            Updates that were made before.
        fill
            Copies the values of all members but fixed backward weights.

        Returns
        -------
        bool
            Whether that was possible; if not, :meth:`add` is.
        """
        template = self._template
        if template is None or self._numbers[-1] != number - 1:
            return False
        buffers = self._writer.buffers()
        if buffers.template is not template:
            buffers.template, buffers.views = template, None
            buffers.pieces = [
                (file, _buffer(buffers, name, shape, file.dtype), turned)
                for file, name, shape, turned in template
            ]
        fill(buffers)
        self._states += 1
        self._numbers = [number - 1, number]
        self._writer.submit(buffers, buffers.pieces)
        return True

    def add_next(self, number: int, state: Members) -> None:
        """Record the weights after the last recorded update, as the next one will not be.

        Parameters
        ----------
        number
            Updates that were made before: one more than before the last that was recorded.
        state
            ``W0``, ``b1``, ... as they are now.
        """
        self._take_back()
        if self._numbers[-1:] != [number - 1]:
            raise RecordingError(f"state {number} does not follow an update that was recorded")
        if not self._next:
            self._begin_next(state)
        buffers = self._writer.buffers()
        pieces = [
            (self._next[name], self._copied(buffers, self._files[name], values), values.turned)
            for name, values in state.items()
            if name in self._next
        ]
        self._nexts += 1
        self._writer.submit(buffers, pieces)

    def add_last(self, number: int, state: Members, *, feedback: Members | None = None) -> None:
        """Record the state after the last update, which more updates may replace."""
        self._take_back()
        if self._numbers[-1:] == [number]:
            return
        nexts = self._nexts
        pieces, buffers = self._begin(number, state, feedback or {})
        self._writer.submit(buffers, pieces + self._number(number))
        self._provisional = 1 + self._nexts - nexts

    @property
    def states(self) -> int:
        """Number of states that were recorded."""
        return self._states

    # Files.

    def save(self, path: str | os.PathLike[str] | None = None, *, compress: bool = False) -> Path:
        """Bring everything into the directory, and make an archive of it if ``path`` is given.

        Parameters
        ----------
        path
            Archive to write, ``.npz``; it is replaced if it is there.
        compress
            Whether to deflate the archive, which takes some ten times as long.

        Returns
        -------
        Path
            The archive, or the directory.
        """
        self._settle()
        if path is None:
            return self.path
        path = Path(path)
        if path.suffix != ".npz":
            raise ValueError(
                f"{path}: an archive's name ends in .npz; for a directory give path to the recorder"
            )
        names = sorted([*self._files, *self._fixed])
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        method = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
        try:
            with zipfile.ZipFile(temporary, "w", method) as archive:
                for name in names:
                    # Without the time of writing: the same recording makes the same archive.
                    entry = zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0))
                    entry.compress_type = method
                    with (
                        archive.open(entry, "w", force_zip64=True) as out,
                        open(self.path / f"{name}.npy", "rb") as file,
                    ):
                        shutil.copyfileobj(file, out, 1 << 20)
            os.replace(temporary, path)
        finally:
            with contextlib.suppress(FileNotFoundError):
                temporary.unlink()
        return path

    def close(self) -> None:
        """Write what is left and release everything; a temporary directory is deleted."""
        self._closed, self._template = True, None
        self._release()

    def __enter__(self) -> Recording:
        """Give the recording itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the recording."""
        self.close()

    # How it is done.

    def _settle(self) -> None:
        if self._closed:
            if not self.path.exists():
                raise RecordingError("the recording is closed: save it before")
            return
        self._writer.drain()
        for file in self._files.values():
            file.settle()

    def _take_back(self) -> None:
        """Take back the last state where it was written only for the time being."""
        if self._closed:
            raise RecordingError("the recording is closed")
        self._template = None
        if self._provisional:
            self._writer.drain()
            for name in [*self._members["state"], "updates"]:
                if name in self._files:
                    self._files[name].drop_last()
            if self._provisional > 1:
                self._nexts -= 1
                for file in self._next.values():
                    file.drop_last()
            self._states -= 1
            self._numbers.pop()
            self._provisional = 0

    def _check(self, kind: str, names: set[str]) -> None:
        known = self._members.setdefault(kind, names)
        if known != names:
            missing, new = sorted(known - names), sorted(names - known)
            told = [f"without {', '.join(missing)}"] * bool(missing)
            told += [f"with {', '.join(new)}, which was not recorded before"] * bool(new)
            raise RecordingError(f"this update comes {' and '.join(told)}: record the same in each")

    def _begin(self, number: int, state: Members, feedback: Members) -> tuple[list[Piece], Buffers]:
        """Give what is to be written of a state, and the buffers it was copied to."""
        last = self._numbers[-1] if self._numbers else -1
        if number <= last:
            raise RecordingError(f"update {number} comes after update {last}")
        follows = number == last + 1
        if self._numbers and not follows and self._nexts < self._states:
            raise RecordingError(f"the state after update {last} was not recorded")
        self._check("state", {*state, *feedback})
        buffers = self._writer.buffers()
        pieces: list[Piece] = []
        for name, values in state.items():
            file = self._file(name, values.descr, stored_shape(values))
            buffer = self._copied(buffers, file, values)
            pieces.append((file, buffer, values.turned))
            if follows and name in self._next:
                pieces.append((self._next[name], buffer, values.turned))
        self._nexts += bool(follows and self._next)
        for name, values in feedback.items():
            pieces += self._feedback_pieces(buffers, name, values)
        return pieces, buffers

    @staticmethod
    def _copied(buffers: Buffers, file: GrowingArray, values: Values) -> NDArray[Any]:
        _fits(file, values, stored_shape(values) == file.shape)
        buffer = _buffer(buffers, file.path.stem, values.shape, file.dtype)
        values.copy_to(buffer)
        return buffer

    def _begin_next(self, state: Members) -> None:
        """Make the files of weights after updates, and repeat what is on record of them."""
        self._writer.drain()
        for name in state:
            if name.startswith("W"):
                weights, next_name = self._files[name], f"{name}_next"
                file = self._file(next_name, weights.descr, weights.shape)
                for k in range(1, weights.frames):
                    file.append(weights.frame(k))
                self._next[name] = file
        self._nexts = self._states - 1

    def _feedback_pieces(self, buffers: Buffers, name: str, values: Values) -> list[Piece]:
        """Backward weights are kept once until they change, and then for every state."""
        shape = stored_shape(values)
        if name not in self._files:
            now = np.empty(values.shape, buffer_type(values.descr))
            values.copy_to(now)
            now = np.ascontiguousarray(now.T) if values.turned else now
            if name not in self._fixed:
                (self.path / f"{name}.npy").write_bytes(header(values.descr, shape) + now.tobytes())
                self._fixed[name] = (values.descr, now)
            descr, first = self._fixed[name]
            if descr != values.descr or shape != first.shape:
                raise RecordingError(
                    f"{name} was {descr} {first.shape} before and is {values.descr} {shape} now"
                )
            if np.array_equal(first, now):
                return []
            self._unfix(name)
        file = self._files[name]
        return [(file, self._copied(buffers, file, values), values.turned)]

    def _unfix(self, name: str) -> None:
        """Repeat what was fixed for all states so far."""
        descr, first = self._fixed.pop(name)
        self._writer.drain()
        new = self.path / f".{name}.npy"
        file = GrowingArray(new, descr, first.shape)
        for _ in range(self._states):
            file.append(first)
        file.commit()
        file.path = self.path / f"{name}.npy"
        os.replace(new, file.path)
        self._files[name] = file
        self._writer.add_file(file)

    def _signal_pieces(
        self, buffers: Buffers, signals: Parts, labels: Sequence[Values] | None
    ) -> list[Piece]:
        parts = dict(signals) if labels is None else {**signals, "labels": labels}
        self._check("signals", set(parts))
        counts = {name: sum(v.shape[0] for v in values) for name, values in parts.items()}
        samples = max(counts.values())
        for name, count in counts.items():
            if count != samples:
                raise RecordingError(
                    f"{name} has {count} samples, {max(counts, key=lambda n: counts[n])} {samples}"
                )
        if self._samples is None:
            self._samples = samples
        if samples > self._samples:
            which = "that were set" if self._given_samples else "of the first update"
            raise RecordingError(
                f"this update has {samples} samples, more than the {self._samples} {which}: every "
                f"iteration takes the same space; make the recorder with samples={samples} or more"
            )
        return [self._signal_piece(buffers, name, values) for name, values in parts.items()]

    def _signal_piece(self, buffers: Buffers, name: str, parts: Sequence[Values]) -> Piece:
        units = parts[0].shape[1:]
        file = self._file(name, parts[0].descr, (self._samples or 0, *units))
        buffer = _buffer(buffers, name, file.shape, file.dtype)
        start = 0
        for values in parts:
            _fits(file, values, values.shape[1:] == file.shape[1:])
            end = start + values.shape[0]
            values.copy_to(buffer[start:end])
            start = end
        buffer[start:] = 0
        return file, buffer, False

    def _file(self, name: str, descr: str, shape: tuple[int, ...]) -> GrowingArray:
        if name not in self._files:
            self._files[name] = GrowingArray(self.path / f"{name}.npy", descr, shape)
            self._writer.add_file(self._files[name])
        return self._files[name]

    def _number(self, number: int) -> list[Piece]:
        """Say how many updates were made before each state, once this is not 0, 1, 2, ..."""
        name = "updates"
        if number != self._states and name not in self._files:
            self._writer.drain()
            file = self._file(name, "<i8", ())
            for known in range(self._states):
                file.append(np.array(known, "<i8"))
        self._states += 1
        self._numbers = [*self._numbers[-1:], number]
        if name not in self._files:
            return []
        return [(self._files[name], np.array(number, "<i8"), False)]


def _directory(path: str | os.PathLike[str] | None) -> Path:
    """Directory of a recording, made if it is not there; refused if something is in it."""
    if path is None:
        return Path(tempfile.mkdtemp(prefix="alignscope-"))
    path = Path(path)
    if path.suffix in (".npz", ".npy"):
        raise ValueError(f"{path}: path is a directory; an archive is made by save({str(path)!r})")
    path.mkdir(parents=True, exist_ok=True)
    if any(path.iterdir()):
        raise FileExistsError(
            f"{path} is not empty: a recording goes into a directory of its own; delete what is "
            "there, or name another"
        )
    return path


def _release(writer: Writer, temporary: Path | None) -> None:
    try:
        writer.close()
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)


def _buffer(
    buffers: Buffers, name: str, shape: tuple[int, ...], dtype: np.dtype[Any]
) -> NDArray[Any]:
    buffer = buffers.get(name)
    if buffer is None:
        buffer = buffers[name] = np.empty(shape, dtype)
    return buffer


def _fits(file: GrowingArray, values: Values, same_shape: bool) -> None:
    if not same_shape:
        raise RecordingError(f"{values.name} is {values.shape}, and was {file.shape} before")
    if not holds(file.descr, values.descr):
        raise RecordingError(
            f"{values.name} is of type {values.descr}, and was {file.descr} before, which cannot "
            "hold all of its values: record runs of one precision apart from those of another"
        )


def _array(name: str, values: Any) -> ArrayValues:
    array = ArrayValues(name, values)
    if name.startswith(("activity", "delta")) and array.values.ndim != 2:
        raise RecordingError(f"{name} is {array.shape}: expected samples x units")
    return array


def classes(labels: Any) -> NDArray[Any] | None:
    """Give the class of every sample, from numbers or one-hot rows.

    Targets of other kinds, such as real numbers for every output, are no classes. They are left out
    with a warning, as nothing but similarities of samples needs them.
    """
    values: NDArray[Any] = np.asarray(labels)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim == 2 and (values.sum(1) == 1).all() and np.isin(values, (0, 1)).all():
        return np.asarray(values.argmax(1))
    if values.ndim == 1 and values.dtype.kind in "biuf":
        return values
    warnings.warn(
        f"labels of shape {values.shape} and type {values.dtype} are left out: they are neither "
        "one class for each sample nor one-hot rows",
        stacklevel=2,
    )
    return None


def _state(weights: Sequence[Any], biases: Sequence[Any] | None) -> dict[str, Values]:
    state: dict[str, Values] = {f"W{k}": ArrayValues(f"W{k}", w) for k, w in enumerate(weights)}
    for name, values in state.items():
        if len(values.shape) != 2:
            raise RecordingError(f"{name} is {values.shape}: expected n_l x n_l+1")
    for k, bias in enumerate(biases or (), 1):
        if bias is not None:
            state[f"b{k}"] = ArrayValues(f"b{k}", bias)
    return state


def _feedback(feedback: Mapping[int, Any] | Sequence[Any] | None) -> dict[str, Values]:
    entries = feedback.items() if isinstance(feedback, Mapping) else enumerate(feedback or ())
    return {f"B{k}": ArrayValues(f"B{k}", b) for k, b in entries if k > 0 and b is not None}
