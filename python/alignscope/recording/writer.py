"""A thread that writes frames while training goes on."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from typing import Any, Callable

import numpy as np
from numpy.typing import NDArray

from alignscope.recording.npy import GrowingArray
from alignscope.recording.values import RecordingError

#: Seconds from one rewriting of the headers to the next: what a killed run may lose.
_COMMIT_EVERY = 0.2

#: Arrays that values are copied into before they are written, by member.
Buffers = dict[str, NDArray[Any]]

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
        # The last used comes first: it is still in the cache.
        self._sets: queue.LifoQueue[Buffers] = queue.LifoQueue()
        self._made = 0
        self._most = 2
        self._jobs: queue.Queue[Callable[[], None] | None] = queue.Queue()
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
            return self._sets.get_nowait()
        if self._made < self._most:
            self._made += 1
            return {}
        buffers = self._sets.get()
        self._raise()
        return buffers

    def submit(self, buffers: Buffers, pieces: list[Piece]) -> None:
        """Have pieces written, in this order, and their buffers given back."""
        if self._made == 1:
            size = sum(array.nbytes for array in buffers.values())
            self._most = max(2, min(64, self._memory // max(size, 1)))
        self._jobs.put(lambda: self._write(buffers, pieces))

    def call(self, action: Callable[[], None]) -> None:
        """Have something else done between the frames."""
        self._jobs.put(action)

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
        self._jobs.join()
        self._raise()
        self._commit()

    def close(self) -> None:
        """Write what is left, end the thread, close the files."""
        if self._thread.is_alive():
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
            try:
                if job is None:
                    return
                # After a failure files and counts no longer go together: nothing more is written.
                if self._failure is None:
                    job()
            except BaseException as failure:
                self._failure = failure
                # Whoever waits for buffers is to meet the failure.
                self._sets.put({})
            finally:
                self._jobs.task_done()

    def _write(self, buffers: Buffers, pieces: list[Piece]) -> None:
        for file, values, turned in pieces:
            file.append(self._turned(file, values) if turned else values)
        self._sets.put(buffers)
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
