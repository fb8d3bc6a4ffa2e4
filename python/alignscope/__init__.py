"""Why forward weights come to align with fixed random backward weights.

Signals, the rule in isolation, networks, theory, angles, spectra, specs and claims come from the
compiled library and are found here: ``alignscope.weight_alignment(W, B)``, ``alignscope.train()``.
What measures and records training runs is in ``alignscope.torch``, ``alignscope.jax`` and
``alignscope.recording``, which do without it; the two frameworks are imported only by the module
that is named after them.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from alignscope.recording import Recording, RecordingError
from alignscope.tables import Table

if TYPE_CHECKING:
    from alignscope.analysis import Analysis, LayerAngles, analyze
    from alignscope.claims import Measured, judge
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
    from alignscope.predictions import Prediction, predict_depth, predict_learning
    from alignscope.runs import (
        Claim,
        ClaimPart,
        Condition,
        Curve,
        Parameter,
        Run,
        parameters,
        read_run,
        run,
        train,
        verify,
    )

__all__ = [
    "Analysis",
    "Claim",
    "ClaimPart",
    "Condition",
    "Curve",
    "Isolation",
    "LayerAngles",
    "Measured",
    "Moments",
    "Parameter",
    "Prediction",
    "Recording",
    "RecordingError",
    "Run",
    "Table",
    "WeightAlignment",
    "analyze",
    "autocovariance",
    "eigenvalues",
    "isolate",
    "judge",
    "moments",
    "moments_given",
    "parameters",
    "predict_depth",
    "predict_learning",
    "read_run",
    "run",
    "signal_forms",
    "signals",
    "singular_values",
    "train",
    "verify",
    "weight_alignment",
]

__version__ = "1.0.0"

# Modules that take the compiled library.
_COMPILED = ("engine", "runs", "claims", "predictions", "analysis")


def __getattr__(name: str) -> Any:
    # The compiled library is loaded when it is first asked for: the recorders run without it.
    if name not in __all__:
        raise AttributeError(f"module 'alignscope' has no attribute {name!r}")
    try:
        modules = [importlib.import_module(f"alignscope.{module}") for module in _COMPILED]
    except ImportError as error:
        raise ImportError(
            f"alignscope.{name} needs the compiled part of the package, which is not installed: "
            "install it with `pip install ./python` (this takes a Rust toolchain)"
        ) from error
    (module,) = (module for module in modules if name in module.__all__)
    return getattr(module, name)
