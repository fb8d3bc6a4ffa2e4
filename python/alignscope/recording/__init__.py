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
``iterations``          iterations                              updates before each iteration
``states``              states                                  updates before each state
======================  ======================================  ===================================

The last two are there only if some updates of the run were not recorded; without them iterations
are 0, 1, ..., one state stands before each, and perhaps one after the last.
"""

from alignscope.recording.recording import Recording
from alignscope.recording.values import RecordingError

__all__ = ["Recording", "RecordingError"]
