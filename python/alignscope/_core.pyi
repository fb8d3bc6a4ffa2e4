from numpy import complex128, float64
from numpy.typing import NDArray

__all__ = [
    "__version__",
    "autocovariance",
    "draw",
    "eigenvalues",
    "forms",
    "isolate",
    "moments",
    "moments_given",
    "null",
    "singular_values",
    "weight_alignment",
]

__version__: str

def weight_alignment(forward: NDArray[float64], backward: NDArray[float64]) -> float | None: ...
def null(
    entries: int, degrees: float
) -> tuple[float, float, tuple[float, float], float, float]: ...
def singular_values(array: NDArray[float64]) -> list[float]: ...
def eigenvalues(array: NDArray[float64]) -> NDArray[complex128]: ...
def forms() -> list[tuple[str, list[str], str]]: ...
def autocovariance(form: str, lags: int) -> list[float] | None: ...
def draw(
    activity: str,
    error: str,
    cross: str,
    sizes: tuple[int, int, int, int],
    seed: int,
    repeat: int,
) -> list[NDArray[float64]]: ...
def isolate(
    layers: list[int],
    signals: tuple[str, str, str],
    activation: str,
    counts: tuple[int, int, int],
    scales: tuple[float, float, float],
    weight_norm: str | None,
    seeds: tuple[int, int],
) -> tuple[list[int], list[list[float]], list[NDArray[float64]], list[NDArray[float64]]]: ...
def moments(
    layers: list[int],
    signals: tuple[str, str, str],
    counts: tuple[int, int],
    scales: tuple[float, float, float],
) -> tuple[float, float, float, float]: ...
def moments_given(
    activity: NDArray[float64],
    error: NDArray[float64],
    hidden: int,
    scales: tuple[float, float, float],
) -> tuple[float, float, float, float]: ...
