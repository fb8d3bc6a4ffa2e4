"""Files of NumPy's ``.npy`` format that grow by whole frames.

The header has a fixed length and says how many frames there are. It is rewritten, in place, only
after their values have been: a reader that trusts the header sees whole frames, whenever the
writer was killed. Bytes behind them are space that was set aside and mean nothing.

Frames gather in a chunk of memory, and leave it in large pieces that begin and end at blocks of
the file. Such pieces can be written past the page cache (``O_DIRECT``), which takes next to no
processor time; to copy them into the page cache, and to bring them to the device from there, takes
some 0.3 s per GB, and several times as much on a busy machine. The header takes one block alone
and is always written through the page cache.
"""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alignscope.recording.values import buffer_type

#: Bytes that pieces written past the page cache begin and end at: pages, and blocks of devices.
BLOCK = 4096

#: Bytes of every header, which takes one block.
HEADER = BLOCK

#: Bytes of the smallest chunk that is written past the page cache: less is faster through it.
_LEAST_DIRECT = 1 << 19

#: Bounds on the bytes that are set aside at once.
_LEAST_ASIDE, _MOST_ASIDE = 1 << 16, 1 << 26


def header(descr: str, shape: tuple[int, ...]) -> bytes:
    """Header of version 1.0 of an array in C order.

    Parameters
    ----------
    descr
        Type of the values, such as ``<f4``.
    shape
        Shape of the array.
    """
    text = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    length = HEADER - 10
    if len(text) >= length:
        raise ValueError(f"the shape {shape} does not fit into a header")
    return b"\x93NUMPY\x01\x00" + length.to_bytes(2, "little") + text.ljust(length - 1) + b"\n"


class GrowingArray:
    """A ``.npy`` file of frames of equal shape.

    Parameters
    ----------
    path
        The file, which must not exist.
    descr
        Type of the values, such as ``<f4``; ``<V2`` for bfloat16.
    shape
        Shape of one frame.
    """

    def __init__(self, path: Path, descr: str, shape: tuple[int, ...]) -> None:
        self.path, self.descr, self.shape = path, descr, shape
        self.dtype = buffer_type(descr)
        self.frame_bytes = int(np.prod(shape, dtype=np.int64)) * self.dtype.itemsize
        self.frames = 0
        #: Bytes that the chunk should have; it has room for a frame in any case.
        self.chunk_bytes = 0
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
        # The same file past the page cache, if that is worth while and possible.
        self._direct = -1
        # What lies in the file from a block on: values up to the last frame's end, of which those
        # before ``_written`` are in the file already.
        self._chunk = np.empty(0, np.uint8)
        self._start = self._end = self._written = HEADER
        self._set_aside = 0
        self._promised = -1
        self.commit()

    def append(
        self, values: NDArray[Any], turned: bool = False, *, past_cache: bool = True
    ) -> None:
        """Add one frame, to be written when there is enough, or at the next :meth:`commit`.

        Parameters
        ----------
        values
            An array of the frame's shape, or of its transpose's.
        turned
            Whether to store the transpose.
        past_cache
            Whether pieces that leave the chunk may be written past the page cache.
        """
        end = self._end + self.frame_bytes
        if end - self._start > self._chunk.size:
            self._make_room(past_cache)
            end = self._end + self.frame_bytes
        frame = self._chunk[self._end - self._start : end - self._start]
        np.copyto(frame.view(self.dtype).reshape(self.shape), values.T if turned else values)
        self._end = end
        self.frames += 1

    def _make_room(self, past_cache: bool) -> None:
        """Write all whole blocks of the chunk, so that a frame fits behind what remains."""
        if self._chunk.size == 0:
            # Room for the frames behind a block that an earlier piece left unfinished.
            size = _blocks(max(self.chunk_bytes, self.frame_bytes)) + BLOCK
            memory = np.empty(size + BLOCK, np.uint8)
            begin = -memory.ctypes.data % BLOCK
            self._chunk = memory[begin : begin + size]
            if size >= _LEAST_DIRECT:
                self._open_direct()
            return
        whole = self._end - self._end % BLOCK
        self._write(whole, past_cache)
        rest = self._chunk[whole - self._start : self._end - self._start]
        self._chunk[: rest.size] = rest.copy()
        self._start = whole

    def _open_direct(self) -> None:
        flag = getattr(os, "O_DIRECT", 0)
        if flag:
            # Where the file system has no such writes, and says so.
            with contextlib.suppress(OSError):
                self._direct = os.open(self.path, os.O_WRONLY | flag)

    def _write(self, end: int, past_cache: bool = True) -> None:
        """Bring the values before byte ``end`` of the file there."""
        while self._direct >= 0 and past_cache and self._written < end:
            # From the block on that was left unfinished, whose beginning is written again as it
            # is, to the end of a block, which the next piece will write again.
            first, last = self._written - self._written % BLOCK, _blocks(end)
            self._chunk[self._end - self._start : last - self._start] = 0
            try:
                done = os.pwrite(self._direct, self._piece(first, last), first)
            except OSError as error:
                if error.errno not in (errno.EINVAL, errno.EOPNOTSUPP, errno.ENOTSUP):
                    raise
                done = -1
            if done < BLOCK:
                # Refused, or not by whole blocks: this file goes through the page cache.
                self._close_direct()
                break
            self._written = max(self._written, min(end, first + done))
        if self._written < end:
            self._reserve(end)
        while self._written < end:
            piece = self._piece(self._written, end)
            self._written += os.pwrite(self._file, piece, self._written)

    def _piece(self, first: int, last: int) -> memoryview:
        return self._chunk[first - self._start : last - self._start].data

    def _reserve(self, end: int) -> None:
        """Set aside space in large pieces: ten times faster than to let the file grow by frames."""
        if end <= self._set_aside or not hasattr(os, "posix_fallocate"):
            return
        piece = min(max(64 * self.frame_bytes, _LEAST_ASIDE), _MOST_ASIDE)
        piece = max(piece, end - self._set_aside)
        try:
            os.posix_fallocate(self._file, self._set_aside, piece)
        except OSError as error:
            if error.errno == errno.ENOSPC:
                return  # There may be space for the frame itself; if not, writing it says so.
            if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL, errno.ENODEV):
                raise
        self._set_aside += piece

    def commit(self, *, past_cache: bool = True) -> None:
        """Write all frames, and then let the header count them."""
        self._write(self._end, past_cache)
        if self._promised != self.frames:
            os.pwrite(self._file, header(self.descr, (self.frames, *self.shape)), 0)
            self._promised = self.frames

    def frame(self, k: int) -> NDArray[Any]:
        """Read frame ``k`` back."""
        self._write(self._end)
        values = os.pread(self._file, self.frame_bytes, HEADER + k * self.frame_bytes)
        return np.frombuffer(values, self.dtype).reshape(self.shape)

    def drop_last(self) -> None:
        """Take the last frame back."""
        self._write(self._end)
        self.frames -= 1
        self._end -= self.frame_bytes
        self._written = self._end
        if self._end < self._start:
            # The chunk begins behind what is now the end: it is to begin with the end's block.
            self._start = self._end - self._end % BLOCK
            rest = os.pread(self._file, self._end - self._start, self._start)
            self._chunk[: len(rest)] = np.frombuffer(rest, np.uint8)
        self.commit()

    def settle(self) -> None:
        """Write and count all frames, and give back space that was set aside."""
        self.commit()
        self._set_aside = self._end
        os.ftruncate(self._file, self._end)

    def close(self) -> None:
        """Settle the file and close it; if that fails, it holds the frames that were written."""
        if self._file < 0:
            return
        try:
            self.settle()
        except OSError:
            if self.frame_bytes:
                self.frames = (self._written - HEADER) // self.frame_bytes
            self._end = self._written = HEADER + self.frames * self.frame_bytes
            with contextlib.suppress(OSError):
                self.settle()
            raise
        finally:
            self._close_direct()
            os.close(self._file)
            self._file = -1
            self._chunk = np.empty(0, np.uint8)

    def _close_direct(self) -> None:
        if self._direct >= 0:
            os.close(self._direct)
            self._direct = -1

    def remove(self) -> None:
        """Close and delete the file."""
        self.close()
        with contextlib.suppress(FileNotFoundError):
            self.path.unlink()


def _blocks(size: int) -> int:
    """Bytes of the whole blocks that ``size`` bytes take."""
    return size + -size % BLOCK
