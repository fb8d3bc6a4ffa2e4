"""Why forward weights come to align with fixed random backward weights.

Signals, the rule in isolation, exact theory, angles and spectra come from the compiled library and
are found here: ``alignscope.weight_alignment(W, B)``, ``alignscope.isolate(...)``. What measures
and records training runs is in ``alignscope.torch``, ``alignscope.jax`` and
``alignscope.recording``, which do without it; the two frameworks are imported only by the module
that is named after them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alignscope.recording import Recording, RecordingError

if TYPE_CHECKING:
    from alignscope.engine import (
        Isolation,
        Moments,
        WeightAlignment,
        autocovariance,
        eigenvalues,
        isolate,
        moments,
        moments_given,
        signal_forms,
        signals,
        singular_values,
        weight_alignment,
    )

__all__ = [
    "Isolation",
    "Moments",
    "Recording",
    "RecordingError",
    "WeightAlignment",
    "autocovariance",
    "eigenvalues",
    "isolate",
    "moments",
    "moments_given",
    "signal_forms",
    "signals",
    "singular_values",
    "weight_alignment",
]


def __getattr__(name: str) -> Any:
    # The compiled library is loaded when it is first asked for: the recorders run without it.
    if name not in __all__:
        raise AttributeError(f"module 'alignscope' has no attribute {name!r}")
    try:
        from alignscope import engine
    except ImportError as error:
        raise ImportError(
            f"alignscope.{name} needs the compiled part of the package, which is not installed: "
            "install it with `pip install ./python` (this takes a Rust toolchain)"
        ) from error
    return getattr(engine, name)
