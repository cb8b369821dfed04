"""Rows of text as a table for a terminal."""

from collections.abc import Collection, Sequence


def aligned(rows: Sequence[Sequence[str]], right: Collection[int] = ()) -> str:
    """Return rows of equally many cells as lines, with two spaces between the columns.

    Parameters
    ----------
    rows : sequence of sequence of str
    right : collection of int
        The columns that are aligned at their right end, as numbers are.

    Examples
    --------
    >>> print(aligned([["study", "best"], ["a", "12.5"]], right=[1]))
    study  best
    a      12.5
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if place in right else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )
