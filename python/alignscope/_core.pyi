from pathlib import Path
from typing import final

from numpy import complex128, float64, int64
from numpy.typing import NDArray

__all__ = [
    "Results",
    "__version__",
    "analyze",
    "autocovariance",
    "depth",
    "draw",
    "eigenvalues",
    "forms",
    "isolate",
    "judge",
    "learn",
    "moments",
    "moments_given",
    "null",
    "parameters",
    "read_runs",
    "run_settings",
    "run_specs",
    "singular_values",
    "verify",
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

# Activity, error, correlation, how long a stimulus lasts, and how long an iteration takes.
_Signals = tuple[str, str, str, str, str | None]
# Delay, and time constants of trace and leak.
_Times = tuple[str, str | None, str | None]

def draw(
    texts: _Signals,
    sizes: tuple[int, int, int, int],
    seed: int,
    repeat: int,
) -> list[NDArray[float64]]: ...
def isolate(
    layers: list[int],
    signals: _Signals,
    times: _Times,
    activation: str,
    counts: tuple[int, int, int],
    scales: tuple[float, float, float],
    weight_norm: str | None,
    seeds: tuple[int, int],
) -> tuple[list[int], list[list[float]], list[NDArray[float64]], list[NDArray[float64]]]: ...
def moments(
    layers: list[int],
    signals: _Signals,
    times: _Times,
    counts: tuple[int, int],
    scales: tuple[float, float, float],
) -> tuple[float, float, float, float]: ...
def moments_given(
    activity: NDArray[float64],
    error: NDArray[float64],
    hidden: int,
    scales: tuple[float, float, float],
) -> tuple[float, float, float, float]: ...

# Directory of the run, threads, directory of data sets, what is exported.
_Place = tuple[str | None, int, str | None, str]
# Rows (quantity, layer, iteration, prediction, standard error, bound), assumptions, source.
_Row = tuple[str, int | None, int, float | None, float | None, float | None]
_Predicted = tuple[list[_Row], str, str]
_Curve = tuple[
    str,
    int | None,
    int | None,
    NDArray[int64],
    NDArray[int64],
    list[NDArray[float64]],
    list[float] | None,
]

# Statistic, values, lower and upper bound, kind of values, reach, range, epsilon.
_Part = tuple[str, list[float], tuple[float, float], str, float, tuple[float, float], float]

def judge(texts: tuple[str, str, str, str], family: int, parts: list[_Part]) -> str: ...

@final
class Results:
    @property
    def directories(self) -> list[Path]: ...
    @property
    def ended(self) -> str: ...
    @property
    def warnings(self) -> list[str]: ...
    def about(self) -> str: ...
    def series(self) -> tuple[list[NDArray[int64]], NDArray[float64], list[str]]: ...
    def summary(self) -> str: ...
    def claims(self) -> str: ...
    def curves(self, analysis: str, quantity: str) -> list[_Curve]: ...

def parameters(of: str) -> list[tuple[str, str, str, str]]: ...
def run_settings(of: str, settings: list[tuple[str, str]], place: _Place) -> Results: ...
def run_specs(specs: list[str], place: _Place) -> Results: ...
def verify(own: str | None, specs: list[str], place: _Place) -> Results: ...
def read_runs(directories: list[str]) -> Results: ...
def depth(
    layers: list[int],
    signals: _Signals,
    counts: tuple[int, int],
    scales: tuple[float, float, float],
    norm: str | None,
    means: tuple[str, str, str | None],
    iterations: list[int],
    seed: int,
) -> _Predicted: ...
def learn(
    settings: list[tuple[str, str]], form: str, draws: int, data: str | None
) -> _Predicted: ...
def analyze(
    path: str,
    eta: float | None,
    activations: list[str],
    lags: list[int] | None,
    spacing: tuple[int | None, int | None],
) -> str: ...
