"""Feedback alignment in PyTorch: rules of learning, what they do to the weights, recordings.

======================  ==========================================================================
:func:`convert`         has the layers of a network carry errors back through other weights than
                        their own: feedback alignment, direct, sign-symmetric, Kolen-Pollack, ...
:func:`normalize`       keeps the norm of every neuron's or filter's input weights, with any
                        optimiser
:class:`Monitor`        measures while a network trains: weight alignment beside its null, updates
                        beside those of backpropagation, alignment terms by lag, budget, ranks
:func:`save_weights`    writes forward and backward weights to files that the program reads
:class:`Recorder`       records signals and weights, for ``alignscope analyze``
======================  ==========================================================================
"""

from alignscope.recording import RecordingError
from alignscope.torch.feedback import RULES, Feedback, convert, set_targets
from alignscope.torch.files import load_feedback, save_weights
from alignscope.torch.monitor import FAMILIES, Monitor, Row
from alignscope.torch.normalize import normalize
from alignscope.torch.recorder import Recorder

__all__ = [
    "FAMILIES",
    "RULES",
    "Feedback",
    "Monitor",
    "Recorder",
    "RecordingError",
    "Row",
    "convert",
    "load_feedback",
    "normalize",
    "save_weights",
    "set_targets",
]
