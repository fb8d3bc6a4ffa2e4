"""A thread that writes frames during training."""

from __future__ import annotations

import queue
import threading
import time
from typing import Any

from numpy.typing import NDArray

from alignscope.recording.npy import GrowingArray
from alignscope.recording.values import RecordingError

#: Seconds from one rewriting of the headers to the next: what a killed run may lose.
_COMMIT_EVERY = 0.2

#: Seconds and bytes after which frames are handed over to the thread: to wake it costs more than to
#: copy a small frame.
_HAND_OVER_EVERY, _HAND_OVER_BYTES = 0.05, 1 << 20

#: Bytes of the least chunk of a file, if there is memory for so much in each.
_LEAST_CHUNK = 1 << 16


class Buffers(dict[str, NDArray[Any]]):
    """Arrays that values are copied into before they are written, by member.

    Attributes
    ----------
    template, pieces
        What the last update repeated, and what is written of updates that do.
    views
        The same memory as another library sees it, for the recorder of that library: made for
        ``template``.
    """

    def __init__(self) -> None:
        super().__init__()
        self.template: object = None
        self.pieces: list[Piece] = []
        self.views: Any = None


#: One thing to write: to which file, from which array, and whether its transpose.
Piece = tuple[GrowingArray, NDArray[Any], bool]


class Writer:
    """Writes in the background, from a bounded number of buffers that are used again and again.

    Parameters
    ----------
    memory
        Bytes that buffers may take together: those that values are copied into, of which at least
        two sets are made, so that one can be filled while the other is written, and the chunks of
        the files, a quarter, which hold at least one frame each.
    """

    def __init__(self, memory: int) -> None:
        self._memory = memory
        # Sets come back here, and are then used last in, first out: the last is still in the cache.
        self._returned: queue.SimpleQueue[Buffers] = queue.SimpleQueue()
        self._free: list[Buffers] = []
        self._made = 0
        self._most = 2
        # How many sets were submitted, and how many were written: each is counted by one thread.
        self._submitted = self._written = 0
        self._waiting: list[tuple[Buffers, list[Piece]]] = []
        self._waiting_bytes = 0
        self._handed_over = time.monotonic()
        self._jobs: queue.SimpleQueue[list[tuple[Buffers, list[Piece]]] | threading.Event | None]
        self._jobs = queue.SimpleQueue()
        self._failure: BaseException | None = None
        self._told = False
        self._files: list[GrowingArray] = []
        self._committed = time.monotonic()
        # Frames that a chunk is to hold, and the least bytes of one.
        self._chunk_frames, self._least_chunk = 1, _LEAST_CHUNK
        self._thread = threading.Thread(target=self._run, name="alignscope-writer", daemon=True)
        self._thread.start()

    def buffers(self) -> Buffers:
        """Give a set of buffers that nothing is written from; wait for one if all are in use."""
        self._raise()
        while not self._returned.empty():
            self._free.append(self._returned.get())
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
        if self._submitted == 0:
            self._share_memory(sum(array.nbytes for array in buffers.values()))
        self._submitted += 1
        self._waiting.append((buffers, pieces))
        self._waiting_bytes += sum([file.frame_bytes for file, _, _ in pieces])
        late = time.monotonic() - self._handed_over > _HAND_OVER_EVERY
        if late or self._waiting_bytes > _HAND_OVER_BYTES:
            self._hand_over()

    def _share_memory(self, size: int) -> None:
        """Settle how much memory goes where, once the bytes of the first update are known."""
        chunks = self._memory // 4
        self._most = max(2, min(64, (self._memory - chunks) // max(size, 1)))
        self._chunk_frames = max(1, chunks // max(size, 1))
        self._least_chunk = min(_LEAST_CHUNK, chunks // max(len(self._files), 1))
        for file in self._files:
            self._size_chunk(file)

    def _size_chunk(self, file: GrowingArray) -> None:
        file.chunk_bytes = max(self._chunk_frames * file.frame_bytes, self._least_chunk)

    def _hand_over(self) -> None:
        if self._waiting:
            self._jobs.put(self._waiting)
            self._waiting, self._waiting_bytes = [], 0
        self._handed_over = time.monotonic()

    def add_file(self, file: GrowingArray) -> None:
        """Take a file whose header is to be kept up to date, and which is to be closed."""
        self._files.append(file)
        if self._submitted > 0:
            self._size_chunk(file)

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

    def close(self) -> None:
        """Write what is left, end the thread, close the files.

        Raises
        ------
        RecordingError
            If something could not be written, and that was not said before.
        """
        if self._thread.is_alive():
            self._hand_over()
            self._jobs.put(None)
            self._thread.join()
        for file in self._files:
            try:
                file.close()
            except OSError as failure:
                self._failure = self._failure or failure
        self._files = []
        if not self._told:
            self._raise()

    def _raise(self) -> None:
        if self._failure is not None:
            self._told = True
            raise RecordingError(
                f"the recording could not be written: {self._failure}"
            ) from self._failure

    def _run(self) -> None:
        while True:
            job = self._jobs.get()
            if job is None:
                return
            try:
                # After a failure files and counts no longer go together: nothing more is written.
                if self._failure is None:
                    if isinstance(job, threading.Event):
                        self._commit()
                    else:
                        for buffers, pieces in job:
                            self._write(buffers, pieces)
            except BaseException as failure:
                self._failure = failure
                # Whoever waits for buffers is to meet the failure.
                self._returned.put(Buffers())
            if isinstance(job, threading.Event):
                job.set()

    def _write(self, buffers: Buffers, pieces: list[Piece]) -> None:
        # The page cache takes more than the device for a while: the run is not to wait for buffers
        # as long as there is one.
        past_cache = self._submitted - self._written <= self._most // 2
        for file, values, turned in pieces:
            file.append(values, turned, past_cache=past_cache)
        self._written += 1
        self._returned.put(buffers)
        if time.monotonic() - self._committed > _COMMIT_EVERY:
            self._commit(past_cache)

    def _commit(self, past_cache: bool = True) -> None:
        for file in self._files:
            file.commit(past_cache=past_cache)
        self._committed = time.monotonic()
