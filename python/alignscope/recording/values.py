"""Arrays on their way into a recording, whatever library they belong to."""

from __future__ import annotations

import sys
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

#: How NumPy's format names bfloat16, for which NumPy itself has no type.
BFLOAT16 = "<V2"

#: Bits of the significand of the types that are recorded, from which follows what holds what.
_BITS = {"<f2": (11, 5), BFLOAT16: (8, 8), "<f4": (24, 8), "<f8": (53, 11)}


class RecordingError(RuntimeError):
    """What cannot be recorded, and what to do instead."""


class Values(Protocol):
    """Values of one array, to be copied where they are stored."""

    @property
    def name(self) -> str:
        """What the values are, for messages."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape as the values are copied, before they are turned."""

    @property
    def descr(self) -> str:
        """Type, as NumPy's format names it: ``<f4``, ``<V2`` for bfloat16."""

    @property
    def turned(self) -> bool:
        """Whether the transpose is to be stored."""

    def copy_to(self, buffer: NDArray[Any]) -> None:
        """Copy the values into an array of the same shape, whose type holds all of them."""


def stored_shape(values: Values) -> tuple[int, ...]:
    """Shape as the values are stored."""
    return values.shape[::-1] if values.turned else values.shape


def buffer_type(descr: str) -> np.dtype[Any]:
    """Type in which NumPy keeps what ``descr`` names."""
    return np.dtype(np.uint16) if descr == BFLOAT16 else np.dtype(descr)


def holds(wide: str, narrow: str) -> bool:
    """Whether every number of type ``narrow`` is one of type ``wide``."""
    if wide == narrow:
        return True
    if wide in _BITS and narrow in _BITS:
        return all(a >= b for a, b in zip(_BITS[wide], _BITS[narrow]))
    if BFLOAT16 in (wide, narrow):
        return False
    return bool(np.can_cast(np.dtype(narrow), np.dtype(wide), "safe"))


def descr_of(dtype: np.dtype[Any], name: str) -> str:
    """Name in NumPy's format of a type of real numbers.

    Raises
    ------
    RecordingError
        If it holds no real numbers.
    """
    if dtype.name == "bfloat16":
        return BFLOAT16
    if dtype.kind == "b":
        return "|u1"
    if dtype.kind not in "fiu" or dtype.itemsize > 8:
        raise RecordingError(
            f"{name} is of type {dtype}: only real numbers of at most 64 bits are recorded"
        )
    return dtype.newbyteorder("<").str


class ArrayValues:
    """Values of anything that ``numpy.asarray`` takes: NumPy's own arrays, JAX's, lists.

    Parameters
    ----------
    name
        What they are, for messages.
    values
        The array.
    """

    turned = False

    def __init__(self, name: str, values: Any) -> None:
        self.name = name
        self.values = np.asarray(values)
        self.descr = descr_of(self.values.dtype, name)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the array."""
        return self.values.shape

    def copy_to(self, buffer: NDArray[Any]) -> None:
        """Copy the values into ``buffer``, widened where its type is wider."""
        values = self.values
        if self.descr != BFLOAT16:
            np.copyto(buffer, values.view(np.uint8) if values.dtype.kind == "b" else values)
        elif buffer.dtype == np.uint16:
            np.copyto(buffer, values.view(np.uint16))
        else:
            # bfloat16 is the upper half of single precision.
            upper = np.ascontiguousarray(values).view(np.uint16).astype(np.uint32)
            np.copyto(buffer, (upper << 16).view(np.float32))


def is_little_endian() -> bool:
    """Whether this machine stores numbers as the files do."""
    return sys.byteorder == "little"
