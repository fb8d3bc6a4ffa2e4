"""Weight normalisation: the norm of every neuron's or filter's input weights is kept."""

from __future__ import annotations

import weakref
from collections.abc import Collection
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from alignscope.torch.numbers import wide

__all__ = ["normalize"]


def normalize(
    optimizer: torch.optim.Optimizer,
    model: nn.Module,
    gamma: float | str = 1.0,
    *,
    per: str = "neuron",
    layers: Collection[str] | None = None,
) -> RemovableHandle:
    """Keep norms of weights: the projection of the paper, after every step of any optimiser.

    After each step the input weights of every neuron (a row of ``Linear.weight``), or of every
    filter (all of ``weight[i]`` of a convolution), are scaled to the norm ``gamma``. It is done
    once at the start as well. The optimiser is used as before: schedulers and ``GradScaler`` see
    the optimiser itself, and steps that the scaler leaves out change nothing.

    Parameters
    ----------
    optimizer
        Any optimiser.
    model
        The network whose linear layers and convolutions are normalised.
    gamma
        The norm, or ``"initial"``: what it is now.
    per
        ``"neuron"``, also for filters; or ``"matrix"``: Frobenius norms of whole weights.
    layers
        Names of the layers, as in ``model.named_modules()``; by default all.

    Returns
    -------
    RemovableHandle
        Its ``remove()`` ends the normalisation.

    Raises
    ------
    ValueError
        If an argument is none that is known, or a layer is none of the optimiser's.

    Notes
    -----
    Weights of zero have no direction and stay (RahmanSetayesh, Ghazizadeh & Marvasti 2021). Biases,
    and the optimiser's own memory (momentum), are left alone.
    """
    if per not in ("neuron", "matrix"):
        raise ValueError(f"per={per!r}: expected 'neuron' or 'matrix'")
    if isinstance(gamma, str):
        if gamma != "initial":
            raise ValueError(f"gamma={gamma!r}: expected a positive number or 'initial'")
    elif not gamma > 0.0:
        raise ValueError(f"gamma={gamma}: expected a positive number or 'initial'")
    weights = _weights(optimizer, model, layers)
    kept = [(w, _norms(w, per) if isinstance(gamma, str) else float(gamma)) for w in weights]
    _rescale(kept, per)
    # Without keeping the network alive.
    held = [(weakref.ref(w), norm) for w, norm in kept]

    def after_step(*_: Any) -> None:
        there = [(weight(), norm) for weight, norm in held]
        _rescale([(w, norm) for w, norm in there if w is not None], per)

    return optimizer.register_step_post_hook(after_step)


def _weights(
    optimizer: torch.optim.Optimizer, model: nn.Module, layers: Collection[str] | None
) -> list[Tensor]:
    stepped = {id(p) for group in optimizer.param_groups for p in group["params"]}
    kinds = (nn.Linear, nn.Conv1d, nn.Conv2d)
    found = {name: m for name, m in model.named_modules() if isinstance(m, kinds)}
    unknown = sorted(set(layers or ()) - set(found))
    if unknown or not found:
        raise ValueError(
            f"layers: {', '.join(unknown) or 'none'}: no linear layer or convolution of this name; "
            f"there are {', '.join(found) or 'none'}"
        )
    chosen = {n: m.weight for n, m in found.items() if layers is None or n in layers}
    for name, weight in chosen.items():
        if id(weight) not in stepped and weight.requires_grad:
            raise ValueError(
                f"{name}.weight is none of the optimiser's parameters, so that its steps would not "
                "be followed: give the optimiser all layers, or name those that it has by layers="
            )
    return [weight for weight in chosen.values() if id(weight) in stepped]


def _norms(weight: Tensor, per: str) -> Tensor:
    """Norms of what is scaled together, in double precision, to be multiplied with ``weight``."""
    over = tuple(range(1 if per == "neuron" else 0, weight.dim()))
    values = wide(weight.detach())
    norms: Tensor = torch.linalg.vector_norm(values, dim=over, keepdim=True)
    return norms


def _rescale(kept: list[tuple[Tensor, Tensor | float]], per: str) -> None:
    with torch.no_grad():
        for weight, norm in kept:
            now = _norms(weight, per)
            target = norm.to(now.device) if isinstance(norm, Tensor) else norm
            factor = torch.where(now > 0.0, target / now, torch.ones_like(now))
            weight.mul_(factor.to(weight.dtype).to(weight.device))
