"""Records training runs for ``alignscope analyze``.

``alignscope.torch.Recorder`` records PyTorch, ``alignscope.jax`` helps with JAX, and
``alignscope.recording.Recording`` takes the arrays of any library. The two frameworks are imported
only by the module that is named after them.
"""

from alignscope.recording import Recording, RecordingError

__all__ = ["Recording", "RecordingError"]
