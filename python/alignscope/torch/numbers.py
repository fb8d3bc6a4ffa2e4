"""Sums in double precision, whatever the type, and the angles and ranks that are made of them."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor

#: Products of single precision that are summed up in it, before these sums are in double precision.
_RUN = 1 << 16

#: Values that are worked on at once: two of these in double precision stay in a fast cache.
_CHUNK = 1 << 15

#: Cosines beyond which an angle is not made of the cosine, whose rounding shows there.
_STEEP = 0.999

_scratch: dict[tuple[torch.dtype, torch.device], Tensor] = {}


def square(a: Tensor) -> float:
    """Sum of squares, in double precision; of single precision within each row in that."""
    a = a.detach()
    if a.dtype == torch.float32 and a.dim() > 1 and a.is_contiguous():
        norms = wide(torch.linalg.vector_norm(a.view(len(a), -1), dim=1))
        return float(torch.dot(norms, norms))
    return dot(a, a)


def dot(a: Tensor, b: Tensor) -> float:
    """Sum of the products of entries, in double precision.

    Products of single precision are summed in it over runs of 65536, and the sums of these in
    double precision: relative to the norms that is off by some 1e-9, less than what the rounding of
    the values themselves makes of it, and takes a quarter of the time.
    """
    a, b = a.detach().reshape(-1), b.detach().reshape(-1)
    if a.dtype == torch.float32 == b.dtype and a.device.type == b.device.type == "cpu":
        return sum(
            float(torch.dot(x, y)) for x, y in zip(torch.split(a, _RUN), torch.split(b, _RUN))
        )
    return sum(float(torch.dot(x, y)) for x, y in _chunks(a, b))


def wide(tensor: Tensor) -> Tensor:
    """Give values in double precision, on the processor where the device has none."""
    if tensor.device.type == "mps":
        tensor = tensor.cpu()
    return tensor.double()


def _room(values: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Memory that is used again: to ask for new takes longer than to fill it."""
    room = _scratch.get((dtype, device))
    if room is None or room.numel() < values:
        room = _scratch[dtype, device] = torch.empty(values, dtype=dtype, device=device)
    return room[:values]


def square_and_dot(a: Tensor, b: Tensor) -> tuple[float, float]:
    """Give ``<a, a>`` and ``<a, b>``, for which large tensors are fetched once."""
    a, b = a.detach().reshape(-1), b.detach().reshape(-1)
    single = a.dtype == torch.float32 == b.dtype
    if not single or a.device.type != "cpu" or b.device.type != "cpu":
        return square(a), dot(a, b)
    aa = ab = 0.0
    for x, y in zip(torch.split(a, _RUN), torch.split(b, _RUN)):
        aa += float(torch.dot(x, x))
        ab += float(torch.dot(x, y))
    return aa, ab


def dots(a: Tensor, b: Tensor) -> tuple[float, float, float]:
    """Give ``<a, a>``, ``<a, b>``, ``<b, b>`` of two tensors of as many entries."""
    return (*square_and_dot(a, b), square(b))


def angle(a: Tensor, b: Tensor, sums: tuple[float, float, float] | None = None) -> float | None:
    """Angle between two tensors as flat vectors.

    Parameters
    ----------
    a, b
        As many entries each, in the same order.
    sums
        ``<a, a>``, ``<a, b>``, ``<b, b>`` where they are known.

    Returns
    -------
    float or None
        Degrees, accurate also near 0 and 180; ``None`` if one is zero or not finite.
    """
    aa, ab, bb = dots(a, b) if sums is None else sums
    product = aa * bb
    if not (math.isfinite(product) and product > 1e-280):
        return _scaled_angle(a, b)
    cosine = ab / math.sqrt(product)
    if abs(cosine) < _STEEP:
        return math.degrees(math.acos(cosine))
    return _steep_angle(a, b, aa**-0.5, bb**-0.5)


def angle_of_sums(aa: float, ab: float, bb: float) -> float | None:
    """Angle in degrees of sums alone; ``None`` where it is too steep, or does not exist."""
    product = aa * bb
    if not (math.isfinite(product) and product > 1e-280):
        return None
    cosine = ab / math.sqrt(product)
    return math.degrees(math.acos(cosine)) if abs(cosine) < _STEEP else None


def _steep_angle(a: Tensor, b: Tensor, of_a: float, of_b: float) -> float:
    """By half the angle of normalised vectors (Kahan 2006)."""
    less = more = 0.0
    for x, y in _chunks(a, b):
        x.mul_(of_a)
        y.mul_(of_b)
        x.sub_(y)
        less += float(torch.dot(x, x))
        x.add_(y, alpha=2.0)
        more += float(torch.dot(x, x))
    return math.degrees(2.0 * math.atan2(math.sqrt(less), math.sqrt(more)))


def _scaled_angle(a: Tensor, b: Tensor) -> float | None:
    largest = [float(t.abs().max()) if t.numel() else 0.0 for t in (a, b)]
    if not all(math.isfinite(value) and value > 0.0 for value in largest):
        return None
    a, b = wide(a) / largest[0], wide(b) / largest[1]
    aa, ab, bb = dots(a, b)
    cosine = ab / math.sqrt(aa * bb)
    if abs(cosine) < _STEEP:
        return math.degrees(math.acos(cosine))
    return _steep_angle(a, b, aa**-0.5, bb**-0.5)


def _chunks(a: Tensor, b: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """Entries in double precision, piece by piece, in memory that is used again.

    To make a copy of a large matrix in double precision takes ten times as long as to sum it up.
    """
    a, b = a.detach().reshape(-1), b.detach().reshape(-1)
    if a.device.type != "cpu" or b.device.type != "cpu":
        # Copies, as those who take them may write to them.
        x = wide(a).clone() if a.dtype == torch.float64 else wide(a)
        y = wide(b).to(x.device)
        yield x, y.clone() if b.dtype == torch.float64 else y
        return
    room = _room(2 * _CHUNK, torch.float64, a.device).view(2, _CHUNK)
    for start in range(0, a.numel(), _CHUNK):
        x, y = a[start : start + _CHUNK], b[start : start + _CHUNK]
        out = room[:, : x.numel()]
        out[0].copy_(x)
        out[1].copy_(y)
        yield out[0], out[1]


def ranks(squares: Tensor) -> tuple[float, float, float] | None:
    """How many directions a matrix fills, in three ways, by its squared singular values.

    Returns
    -------
    participation : float
        ``(sum s^2)^2 / sum s^4``.
    stable : float
        ``sum s^2 / max s^2``.
    effective : float
        Exponential of the entropy of ``s / sum s`` (Roy & Vetterli 2007).

    ``None`` for a matrix of zeros, or one that is not finite.
    """
    if squares.numel() == 0:
        return None
    largest = float(squares.max())
    if not (math.isfinite(largest) and largest > 0.0):
        return None
    shares = (squares / largest).clamp_min(0.0)
    total = float(shares.sum())
    singular = shares.sqrt()
    parts = singular / singular.sum()
    parts = parts[parts > 0.0]
    entropy = -float((parts * parts.log()).sum())
    return total * total / float(shares.square().sum()), total, math.exp(entropy)


def squares_of(rows: Tensor) -> Tensor:
    """Squared singular values of a matrix.

    Of double precision to rounding. Of lower precision from the products of its rows or columns in
    double precision, which loses what is below the rounding of the values themselves.
    """
    if rows.dtype == torch.float64:
        singular: Tensor = torch.linalg.svdvals(rows)
        return singular.square()
    rows = wide(rows)
    gram = rows @ rows.T if rows.shape[0] < rows.shape[1] else rows.T @ rows
    return _eigenvalues(gram)


def squares_of_product(a: Tensor, b: Tensor) -> Tensor:
    """Squared singular values of ``a^T b``, from few rows of many columns in lower precision."""
    a, b = wide(a), wide(b)
    values, vectors = torch.linalg.eigh(a @ a.T)
    factor = vectors * values.clamp_min(0.0).sqrt()
    return _eigenvalues(factor.T @ (b @ b.T) @ factor)


def _eigenvalues(gram: Tensor) -> Tensor:
    if not bool(torch.isfinite(gram).all()):
        return torch.full_like(gram[0], math.nan)
    values = torch.linalg.eigvalsh(gram)
    # What is below the rounding of the largest is none.
    bound = values[-1] * gram.shape[0] * torch.finfo(torch.float64).eps
    return torch.where(values > bound, values, torch.zeros_like(values))
