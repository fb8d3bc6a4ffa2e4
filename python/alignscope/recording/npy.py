"""Files of NumPy's ``.npy`` format that grow by whole frames.

The header has a fixed length and says how many frames there are. It is rewritten, in place, only
after their values have been: a reader that trusts the header sees whole frames, whenever the
writer was killed. Bytes behind them are space that was set aside and mean nothing.
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

#: Bytes of every header: room for three dimensions of 20 digits.
HEADER = 128

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
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
        self._set_aside = 0
        self._promised = -1
        self.commit()

    def append(self, values: NDArray[Any]) -> None:
        """Write one frame, contiguous and of the frame's shape, behind the last."""
        start = HEADER + self.frames * self.frame_bytes
        self._reserve(start + self.frame_bytes)
        view = values.reshape(-1).view(np.uint8).data
        while view:
            written = os.pwrite(self._file, view, start)
            view, start = view[written:], start + written
        self.frames += 1

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

    def commit(self) -> None:
        """Let the header count the frames that were written."""
        if self._promised != self.frames:
            os.pwrite(self._file, header(self.descr, (self.frames, *self.shape)), 0)
            self._promised = self.frames

    def frame(self, k: int) -> NDArray[Any]:
        """Read frame ``k`` back."""
        values = os.pread(self._file, self.frame_bytes, HEADER + k * self.frame_bytes)
        return np.frombuffer(values, self.dtype).reshape(self.shape)

    def drop_last(self) -> None:
        """Take the last frame back."""
        self.frames -= 1
        self.commit()

    def settle(self) -> None:
        """Count all frames, and give back space that was set aside."""
        self.commit()
        self._set_aside = HEADER + self.frames * self.frame_bytes
        os.ftruncate(self._file, self._set_aside)

    def close(self) -> None:
        """Settle the file and close it."""
        if self._file >= 0:
            self.settle()
            os.close(self._file)
            self._file = -1

    def remove(self) -> None:
        """Close and delete the file."""
        self.close()
        with contextlib.suppress(FileNotFoundError):
            self.path.unlink()
