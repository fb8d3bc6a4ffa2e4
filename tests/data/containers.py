"""Writes stored.npz and deflated.npz, small archives as NumPy makes them, whose bits the tests flip, and streamed.npz,
written to a pipe: its sizes and checksums follow the members."""

import io

import numpy as np

rng = np.random.default_rng(19)
arrays = {
    "W1": rng.normal(size=(4, 3)).astype(np.float32),
    "B1": rng.integers(-3, 4, size=(3, 4)).astype(np.int16),
    "delta2": np.asfortranarray(rng.normal(size=(2, 3))),
    "half": rng.normal(size=5).astype(np.float16),
}


class Pipe(io.RawIOBase):
    """A file in which nothing can be sought."""

    def __init__(self):
        self.bytes = bytearray()

    def writable(self):
        return True

    def write(self, data):
        self.bytes += data
        return len(data)


if __name__ == "__main__":
    np.savez("stored.npz", **arrays)
    np.savez_compressed("deflated.npz", **arrays)
    pipe = Pipe()
    np.savez(pipe, **arrays)
    with open("streamed.npz", "wb") as file:
        file.write(pipe.bytes)
