"""Columns of equal length, which become tables of pandas, polars or Arrow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

__all__ = ["Table"]


class Table(Mapping[str, NDArray[Any]]):
    """Columns by name: ``table["value"]`` is an array, ``dict(table)`` what every library takes.

    Numbers that are not there are NaN, whole ones among them: a column of layers in which one is
    absent is of double precision. Tables of pandas, polars and Arrow get whole numbers with gaps.

    Parameters
    ----------
    columns
        Arrays of one dimension and length.
    about
        What the columns hold.
    """

    def __init__(
        self, columns: Mapping[str, NDArray[Any]], about: Mapping[str, str] | None = None
    ) -> None:
        if len({len(column) for column in columns.values()}) > 1:
            lengths = ", ".join(f"{name} {len(column)}" for name, column in columns.items())
            raise ValueError(f"columns are not of one length: {lengths}")
        self._columns = dict(columns)
        self.about = dict(about or {})

    def __getitem__(self, name: str) -> NDArray[Any]:
        """Give the column of this name."""
        try:
            return self._columns[name]
        except KeyError:
            raise KeyError(f"there is no column {name!r}: {', '.join(self)}") from None

    def __iter__(self) -> Iterator[str]:
        """Go through the names of the columns."""
        return iter(self._columns)

    def __len__(self) -> int:
        """Count the columns, as a mapping does; ``rows`` counts rows."""
        return len(self._columns)

    def __repr__(self) -> str:
        """Say what there is."""
        return f"Table({self.rows} rows: {', '.join(self)})"

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(next(iter(self._columns.values()), ()))

    def where(self, **values: Any) -> Table:
        """Give the rows that have these values, such as ``quantity="weight_alignment", layer=1``.

        Raises
        ------
        KeyError
            If there is no such column.
        """
        kept = np.ones(self.rows, dtype=bool)
        for name, value in values.items():
            kept &= self[name] == value
        return Table({name: column[kept] for name, column in self._columns.items()}, self.about)

    def _with_gaps(self) -> Iterator[tuple[str, NDArray[Any], NDArray[np.bool_]]]:
        # Name, values, and where there is none; whole numbers are whole again.
        for name, column in self._columns.items():
            if column.dtype.kind != "f":
                yield name, column, np.zeros(len(column), dtype=bool)
            elif name in _WHOLE:
                absent = np.isnan(column)
                yield name, np.where(absent, 0, column).astype(np.int64), absent
            else:
                yield name, column, np.isnan(column)

    def to_pandas(self) -> pandas.DataFrame:
        """Give a ``pandas.DataFrame``; whole numbers with gaps are of type ``Int64``."""
        import pandas

        frame = {}
        for name, values, absent in self._with_gaps():
            gaps = absent.any() and values.dtype.kind == "i"
            frame[name] = pandas.arrays.IntegerArray(values, absent) if gaps else values
        return pandas.DataFrame(frame)

    def to_polars(self) -> polars.DataFrame:
        """Give a ``polars.DataFrame``, with nulls where there is no number."""
        import polars

        frame = polars.DataFrame({name: values for name, values, _ in self._with_gaps()})
        gaps = {name: absent for name, _, absent in self._with_gaps() if absent.any()}
        return frame.with_columns(
            polars.when(~polars.Series(absent)).then(polars.col(name)).alias(name)
            for name, absent in gaps.items()
        )

    def to_arrow(self) -> pyarrow.Table:
        """Give a ``pyarrow.Table``, with nulls where there is no number."""
        import pyarrow

        columns = self._with_gaps()
        return pyarrow.table(
            {name: pyarrow.array(values, mask=absent) for name, values, absent in columns}
        )


# Columns of numbers that are whole where there are any.
_WHOLE = frozenset({"repeat", "iteration", "layer", "lag", "n", "absent"})


def column(values: Sequence[Any]) -> NDArray[Any]:
    """Make a column of values as JSON has them; None is NaN, or an empty text beside texts."""
    numbers = [value for value in values if value is not None]
    if all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in numbers):
        if len(numbers) == len(values) and all(isinstance(value, int) for value in values):
            return np.array(values, dtype=np.int64)
        return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
    return np.array([_text(value) for value in values], dtype=np.str_)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return ",".join(map(_text, value))
    return str(value)
