"""Recordings: the members that ``alignscope analyze`` reads, as a directory or as an archive.

======================  ======================================  ===================================
member                  shape                                   what it is
======================  ======================================  ===================================
``W0``, ``W1``, ...     states x n_l x n_{l+1}                  weights
``b1``, ``b2``, ...     states x n_l                            biases
``B1``, ``B2``, ...     n_{l+1} x n_l, or states x that         backward weights
``activity0``, ...      iterations x samples x n_l              what ``W_l`` is fed
``delta1``, ...         iterations x samples x n_l              minus the gradient of the loss
``labels``              iterations x samples                    classes
``updates``             states                                  updates made before each state
``W0_next``, ...        iterations x n_l x n_{l+1}              weights right after each update
======================  ======================================  ===================================

State k is that before iteration k; one more may stand after the last. ``updates`` and ``W0_next``,
... are there only if some updates of the run were not recorded.
"""

from alignscope.recording.recording import Recording, classes
from alignscope.recording.values import RecordingError

__all__ = ["Recording", "RecordingError", "classes"]
