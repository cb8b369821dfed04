"""Tables read from files: CSV of any delimiter and encoding, and Parquet."""

import codecs
import csv
import difflib
import hashlib
import io
import re
import warnings
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from study.errors import TableError
from study.problems.problem import Source

MOST_COLUMNS = 2_000
"""Columns of a table, because the work of a descent grows with the square of their number."""

SAMPLE = 64 * 1024
"""Characters in which the delimiter is looked for."""

DELIMITERS = ",;\t|"

NOT_TABLES = {
    b"PK\x03\x04": "is an Excel file or another archive",
    b"\xd0\xcf\x11\xe0": "is an Excel file",
    b"\x1f\x8b": "is compressed with gzip",
    b"%PDF": "is a PDF file",
    b"SQLite format": "is an SQLite database",
    b"\x89HDF": "is an HDF5 file",
}
"""What files of other kinds begin with."""

UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")


def read_table(path: Path) -> tuple[pd.DataFrame, Source]:
    """Read a table.

    Parameters
    ----------
    path : Path
        Is read as Parquet if it begins as Parquet does, and otherwise as delimited text.

    Returns
    -------
    table : DataFrame
        With the index 0, 1, … and names that are text.
    source : Source

    Raises
    ------
    TableError
        If there is no such file, or it holds no table with distinct column names and a row.
    """
    content = _bytes(path)
    if content[:4] == b"PAR1" or path.suffix.lower() in (".parquet", ".pq"):
        table, how = _read_parquet(path, content), "Parquet"
    else:
        table, how = _read_text(path, content)
    if not len(table):
        raise TableError(f"{path}: holds a header and no rows")
    return table, Source(path.name, how, hashlib.sha256(content).hexdigest())


def _bytes(path: Path) -> bytes:
    """Return a file's content; raise TableError if it is missing, empty or plainly no table."""
    try:
        with path.open("rb") as file:
            content = file.read()
    except FileNotFoundError:
        near = _nearest_file(path)
        raise TableError(f"{path}: no such file{near}") from None
    except IsADirectoryError:
        raise TableError(f"{path}: is a folder; name a CSV or Parquet file in it") from None
    except OSError as error:
        raise TableError(f"{path}: cannot be read ({error.strerror})") from None
    except ValueError:
        raise TableError(f"{str(path)!r}: is not the name of a file") from None
    for magic, what in NOT_TABLES.items():
        if content.startswith(magic):
            raise TableError(f"{path}: {what}, not a table of text; save it as CSV or Parquet")
    if not content.strip():
        raise TableError(f"{path}: is empty")
    return content


def _nearest_file(path: Path) -> str:
    """Return the end of a message: the file in the same folder whose name is nearest."""
    try:
        names = [other.name for other in path.parent.iterdir()]
    except OSError:
        return ""
    close = difflib.get_close_matches(path.name, names, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _read_parquet(path: Path, content: bytes) -> pd.DataFrame:
    """Return the table of a Parquet file."""
    # Imported here because it takes a tenth of a second, and most tables are CSV.
    import pyarrow
    from pyarrow import parquet

    try:
        file = parquet.ParquetFile(io.BytesIO(content))
        check_names(path, file.schema_arrow.names)
        return file.read().to_pandas(ignore_metadata=True)
    except (pyarrow.ArrowException, OSError) as error:
        raise TableError(f"{path}: is not a Parquet file ({str(error).splitlines()[0][:100]})") from None


def _read_text(path: Path, content: bytes) -> tuple[pd.DataFrame, str]:
    """Return the table of a file of delimited text, and how it was read."""
    text, encoding = decode(path, content)
    if "\0" in text:
        raise TableError(f"{path}: is not text (it holds a NUL byte); save it as CSV")
    sample = text[:SAMPLE]
    delimiter = find_delimiter(sample)
    try:
        header = next(row for row in csv.reader(io.StringIO(text), delimiter=delimiter) if row)
    except csv.Error as error:
        raise TableError(f"{path}: cannot be read as a table ({error})") from None
    # pandas numbers the columns without a name.
    check_names(path, [name.strip() or f"Unnamed: {i}" for i, name in enumerate(header)])
    if all(_is_number(name) for name in header):
        raise TableError(
            f"{path}: begins with numbers, {', '.join(header[:3])}, and not with names; write a header line"
        )
    decimal = "."
    if delimiter != ",":
        fields = [field.strip() for row in _rows(sample, delimiter)[1:] for field in row]
        if any(DECIMAL_COMMA.fullmatch(field) for field in fields):
            decimal = ","
    try:
        with warnings.catch_warnings():
            # A row with more fields than the header would be cut with a warning.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            table = pd.read_csv(
                io.StringIO(text),
                sep=delimiter,
                decimal=decimal,
                skipinitialspace=True,
                index_col=False,
                low_memory=False,
            )
    except (pd.errors.ParserError, pd.errors.ParserWarning, ValueError, OverflowError) as error:
        reason = " ".join(str(error).split()).removeprefix("Error tokenizing data. C error: ")
        raise TableError(f"{path}: cannot be read as a table ({reason[:150]})") from None
    shown = {"\t": "tabs", ",": "commas", ";": "semicolons", "|": "bars"}[delimiter]
    return table, f"{encoding}, {shown} between fields" + (", decimal commas" if decimal == "," else "")


def decode(path: Path, content: bytes) -> tuple[str, str]:
    """Return a file's content as text, and the name of its encoding.

    UTF-8, or UTF-16 where its mark says so. Otherwise GB18030, the encoding of Chinese text, where all bytes beyond
    ASCII are pairs of it, and Windows-1252 where not.

    Raises
    ------
    TableError
        If some lines are UTF-8 and others are not.
    """
    if content.startswith(UTF_16):
        try:
            return content.decode("utf-16"), "UTF-16"
        except UnicodeDecodeError as error:
            raise TableError(f"{path}: its mark says UTF-16, but byte {error.start} is not") from None
    try:
        text = content.decode("utf-8-sig")
        return text, "ASCII" if text.isascii() else "UTF-8"
    except UnicodeDecodeError:
        pass
    by_kind: dict[bool, list[int]] = {True: [], False: []}
    for number, line in enumerate(content.splitlines(), 1):
        if not line.isascii():
            by_kind[_is(line, "utf-8")].append(number)
    is_chinese = _is(content, "gb2312")
    # Two bytes of Chinese text may look like UTF-8 by chance, those of Western text do not.
    if by_kind[True] and not (is_chinese and len(by_kind[True]) < len(by_kind[False]) / 4):
        raise TableError(
            f"{path}: mixes encodings: line {by_kind[True][0]} is UTF-8 and line {by_kind[False][0]} is not; "
            "save it as UTF-8"
        )
    for encoding, name in ((("gb18030", "GB18030"),) if is_chinese else ()) + (("cp1252", "Windows-1252"),):
        if _is(content, encoding):
            return content.decode(encoding), name
    return content.decode("latin-1"), "Latin-1"


def _is(content: bytes, encoding: str) -> bool:
    """Whether bytes are text in an encoding."""
    try:
        content.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def find_delimiter(sample: str) -> str:
    """Return the delimiter that parts most lines of a sample into one same number of fields, more than one.

    A comma where none does, as in a table of one column.
    """

    def agreement(delimiter: str) -> tuple[int, int]:
        counts = Counter(len(row) for row in _rows(sample, delimiter) if row)
        fields, lines = counts.most_common(1)[0] if counts else (1, 0)
        return (lines, fields) if fields > 1 else (0, 0)

    # The first of equals, so that a comma wins.
    return max(DELIMITERS, key=agreement)


def _rows(sample: str, delimiter: str) -> list[list[str]]:
    """Return the fields of a sample's lines, without the last one, which may be cut."""
    lines = sample.splitlines()
    try:
        return list(csv.reader(lines[:-1] if len(sample) == SAMPLE else lines, delimiter=delimiter))
    except csv.Error:
        return []


def check_names(path: Path | str, names: Iterable[str]) -> None:
    """Raise TableError if column names are too many, or two of them are the same."""
    names = list(names)
    if len(names) > MOST_COLUMNS:
        raise TableError(f"{path}: has {len(names)} columns; at most {MOST_COLUMNS} can be used")
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        more = f" (and {len(twice) - 1} more)" if len(twice) > 1 else ""
        raise TableError(
            f"{path}: {Counter(names)[twice[0]]} columns are named {twice[0]!r}{more}; rename one of them"
        )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
