"""Forward and backward weights of a network in files that the program reads."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from alignscope.torch.feedback import Feedback
from alignscope.torch.watching import Given, watched

__all__ = ["load_feedback", "save_weights"]


def save_weights(
    model: nn.Module, path: str | os.PathLike[str], feedback: Mapping[Any, Given] | None = None
) -> Path:
    """Write forward weights, and backward weights as they are now.

    Parameters
    ----------
    model
        The network, converted or not.
    path
        ``.safetensors``: ``NAME.weight`` as PyTorch stores it and ``NAME.feedback`` in the same
        layout, for ``alignscope angles FILE#NAME.weight FILE#NAME.feedback`` (needs the package
        safetensors). ``.npz``: ``W0``, ``W1``, ... as in x out, ``b1``, ... and ``B1``, ..., for
        ``alignscope analyze``.
    feedback
        Backward weights by name or number, of layers that were not converted.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ValueError
        If the name has another ending.
    ImportError
        If safetensors is asked for and not installed.
    """
    path = Path(path)
    layers = watched(model, feedback or {})
    if path.suffix == ".safetensors":
        tensors: dict[str, Tensor] = {}
        for layer in layers:
            tensors[f"{layer.name}.weight"] = layer.weight()
            backward = layer.backward()
            if backward is not None:
                tensors[f"{layer.name}.feedback"] = backward
        _safetensors().save_file({n: t.cpu().contiguous() for n, t in tensors.items()}, str(path))
        return path
    if path.suffix != ".npz":
        raise ValueError(f"{path}: expected a name that ends in .safetensors or .npz")
    arrays: dict[str, Any] = {}
    for layer in layers:
        arrays[f"W{layer.place}"] = _array(layer.weight()).T
        bias, backward = layer.bias(), layer.backward()
        if bias is not None:
            arrays[f"b{layer.place + 1}"] = _array(bias)[0]
        if backward is not None and layer.place > 0:
            arrays[f"B{layer.place}"] = _array(backward)
    np.savez(path, **arrays)
    return path


def load_feedback(model: nn.Module, path: str | os.PathLike[str]) -> list[str]:
    """Give the layers of a converted network the backward weights of a file.

    Parameters
    ----------
    model
        What :func:`~alignscope.torch.convert` was given, with a rule that keeps ``B`` as it is.
    path
        What :func:`save_weights` wrote, ``.safetensors`` or ``.npz``.

    Returns
    -------
    list of str
        Names of the layers that were given theirs.

    Raises
    ------
    ValueError
        If a shape is another, a rule keeps no ``B``, or the file has none of this network.
    """
    path = Path(path)
    found: list[str] = []
    stored = _stored(path)
    for layer in watched(model, {}):
        given = stored.get(f"{layer.name}.feedback", stored.get(f"B{layer.place}"))
        if given is None or not isinstance(layer.module, Feedback):
            continue
        backward = layer.module._buffers.get("backward_weight")
        if backward is None or not layer.module.rule.fixed:
            raise ValueError(
                f"{layer.name} keeps no backward weights of its own: convert the network by fa, "
                "dfa or low-rank first"
            )
        if given.numel() != backward.numel() or given.shape[0] != backward.shape[0]:
            raise ValueError(
                f"{path}: backward weights of {layer.name} are {tuple(given.shape)}, expected "
                f"{tuple(backward.shape)}"
            )
        with torch.no_grad():
            backward.copy_(given.reshape(backward.shape))
        found.append(layer.name)
    if not found:
        raise ValueError(
            f"{path} has no backward weights of this network's layers: expected NAME.feedback or "
            "B1, B2, ..., and layers that convert() has converted"
        )
    return found


def _stored(path: Path) -> dict[str, Tensor]:
    if path.suffix == ".safetensors":
        loaded: dict[str, Tensor] = _safetensors().load_file(str(path))
        return loaded
    if path.suffix != ".npz":
        raise ValueError(f"{path}: expected a name that ends in .safetensors or .npz")
    with np.load(path) as archive:
        return {name: torch.from_numpy(archive[name]) for name in archive.files}


def _safetensors() -> Any:
    try:
        import safetensors.torch
    except ImportError as error:
        raise ImportError(
            "safetensors is not installed: pip install safetensors, or use a name that ends in .npz"
        ) from error
    return safetensors.torch


def _array(tensor: Tensor) -> Any:
    """Rows by all the rest, in a type that NumPy has."""
    rows = tensor.reshape(tensor.shape[0], -1) if tensor.dim() > 1 else tensor[None]
    wide = torch.promote_types(rows.dtype, torch.float32)
    return rows.to(wide).cpu().numpy()
