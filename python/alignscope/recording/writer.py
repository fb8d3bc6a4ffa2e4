"""A thread that writes frames while training goes on."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alignscope.recording.npy import GrowingArray
from alignscope.recording.values import RecordingError

#: Seconds from one rewriting of the headers to the next: what a killed run may lose.
_COMMIT_EVERY = 0.2

#: Seconds and bytes after which frames are handed over to the thread: to wake it costs more than to
#: copy a small frame.
_HAND_OVER_EVERY, _HAND_OVER_BYTES = 0.05, 1 << 20


class Buffers(dict[str, NDArray[Any]]):
    """Arrays that values are copied into before they are written, by member.

    Attributes
    ----------
    views
        The same memory as another library sees it, for the recorder of that library.
    """

    def __init__(self) -> None:
        super().__init__()
        self.views: dict[str, Any] = {}


#: One thing to write: to which file, from which array, and whether its transpose.
Piece = tuple[GrowingArray, NDArray[Any], bool]


class Writer:
    """Writes in the background, from a bounded number of buffers that are used again and again.

    Parameters
    ----------
    memory
        Bytes that buffers may take together; at least two sets are made, so that one can be
        filled while the other is written.
    """

    def __init__(self, memory: int) -> None:
        self._memory = memory
        # Sets come back here, and are then used last in, first out: the last is still in the cache.
        self._returned: queue.SimpleQueue[Buffers] = queue.SimpleQueue()
        self._free: list[Buffers] = []
        self._made = 0
        self._most = 2
        self._waiting: list[tuple[Buffers, list[Piece]]] = []
        self._waiting_bytes = 0
        self._handed_over = time.monotonic()
        self._jobs: queue.SimpleQueue[list[tuple[Buffers, list[Piece]]] | threading.Event | None]
        self._jobs = queue.SimpleQueue()
        self._failure: BaseException | None = None
        self._files: list[GrowingArray] = []
        self._committed = time.monotonic()
        self._scratch: dict[GrowingArray, NDArray[Any]] = {}
        self._thread = threading.Thread(target=self._run, name="alignscope-writer", daemon=True)
        self._thread.start()

    def buffers(self) -> Buffers:
        """Give a set of buffers that nothing is written from; wait for one if all are in use."""
        self._raise()
        with contextlib.suppress(queue.Empty):
            while True:
                self._free.append(self._returned.get_nowait())
        if self._free:
            return self._free.pop()
        if self._made < self._most:
            self._made += 1
            return Buffers()
        self._hand_over()
        buffers = self._returned.get()
        self._raise()
        return buffers

    def submit(self, buffers: Buffers, pieces: list[Piece]) -> None:
        """Have pieces written, in this order, and their buffers given back."""
        if self._made == 1:
            size = sum(array.nbytes for array in buffers.values())
            self._most = max(2, min(64, self._memory // max(size, 1)))
        self._waiting.append((buffers, pieces))
        self._waiting_bytes += sum(values.nbytes for _, values, _ in pieces)
        late = time.monotonic() - self._handed_over > _HAND_OVER_EVERY
        if late or self._waiting_bytes > _HAND_OVER_BYTES:
            self._hand_over()

    def _hand_over(self) -> None:
        if self._waiting:
            self._jobs.put(self._waiting)
            self._waiting, self._waiting_bytes = [], 0
        self._handed_over = time.monotonic()

    def add_file(self, file: GrowingArray) -> None:
        """Take a file whose header is to be kept up to date, and which is to be closed."""
        self._files.append(file)

    def drain(self) -> None:
        """Wait until everything is written, and let the headers say so.

        Raises
        ------
        RecordingError
            If something could not be written.
        """
        self._hand_over()
        done = threading.Event()
        self._jobs.put(done)
        done.wait()
        self._raise()
        self._commit()

    def close(self) -> None:
        """Write what is left, end the thread, close the files."""
        if self._thread.is_alive():
            self._hand_over()
            self._jobs.put(None)
            self._thread.join()
        for file in self._files:
            file.close()
        self._files = []

    def _raise(self) -> None:
        if self._failure is not None:
            raise RecordingError(
                f"the recording could not be written: {self._failure}"
            ) from self._failure

    def _run(self) -> None:
        while True:
            job = self._jobs.get()
            if job is None:
                return
            if isinstance(job, threading.Event):
                job.set()
                continue
            try:
                # After a failure files and counts no longer go together: nothing more is written.
                if self._failure is None:
                    for buffers, pieces in job:
                        self._write(buffers, pieces)
            except BaseException as failure:
                self._failure = failure
                # Whoever waits for buffers is to meet the failure.
                self._returned.put(Buffers())

    def _write(self, buffers: Buffers, pieces: list[Piece]) -> None:
        for file, values, turned in pieces:
            file.append(self._turned(file, values) if turned else values)
        self._returned.put(buffers)
        if time.monotonic() - self._committed > _COMMIT_EVERY:
            self._commit()

    def _turned(self, file: GrowingArray, values: NDArray[Any]) -> NDArray[Any]:
        scratch = self._scratch.get(file)
        if scratch is None:
            scratch = self._scratch[file] = np.empty(file.shape, file.dtype)
        np.copyto(scratch, values.T)
        return scratch

    def _commit(self) -> None:
        for file in self._files:
            file.commit()
        self._committed = time.monotonic()
