"""Tables are read as pandas reads them, whatever the delimiter and the encoding; what is no table is one clear line."""

import gzip
import hashlib

import numpy as np
import pandas as pd
import pytest

from study.errors import TableError
from study.problems.files import MOST_COLUMNS, read_table

TABLE = pd.DataFrame({"city": ["München", "Zürich", "Köln"], "size": [1.5, 2.5, 3.25], "price": [10, 20, 30]})


def write(folder, content, name="t.csv"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    ("delimiter", "said"), [(",", "commas"), (";", "semicolons"), ("\t", "tabs"), ("|", "bars")]
)
def test_a_delimiter_is_found(tmp_path, delimiter, said):
    path = write(tmp_path, TABLE.to_csv(index=False, sep=delimiter))
    table, source = read_table(path)
    pd.testing.assert_frame_equal(table, pd.read_csv(path, sep=delimiter))
    assert source.how == f"UTF-8, {said} between fields"
    assert source.hash == hashlib.sha256(path.read_bytes()).hexdigest()
    assert source.name == "t.csv"


@pytest.mark.parametrize(
    ("encoding", "said"),
    [("utf-8", "UTF-8"), ("utf-8-sig", "UTF-8"), ("utf-16", "UTF-16"), ("cp1252", "Windows-1252")],
)
def test_an_encoding_is_found_and_said(tmp_path, encoding, said):
    table, source = read_table(write(tmp_path, TABLE.to_csv(index=False).encode(encoding)))
    pd.testing.assert_frame_equal(table, TABLE)
    assert source.how.startswith(f"{said},")


def test_chinese_text_of_excel_is_read(tmp_path):
    text = "城市,面积,价格\n" + "".join(
        f"{city},{i}.5,{i}\n" for i, city in enumerate(["北京", "上海", "联通"] * 4)
    )
    table, source = read_table(write(tmp_path, text.encode("gb18030")))
    assert list(table.columns) == ["城市", "面积", "价格"]
    assert table["城市"].tolist()[:3] == ["北京", "上海", "联通"]
    assert source.how.startswith("GB18030,")


def test_decimal_commas_are_numbers(tmp_path):
    table, source = read_table(write(tmp_path, "a;b\n1,5;2\n2,25;3\n"))
    assert table["a"].tolist() == [1.5, 2.25]
    assert source.how.endswith("decimal commas")


def test_a_delimiter_in_quotes_and_a_line_break_in_quotes_are_text(tmp_path):
    table, _ = read_table(write(tmp_path, 'a,"b; c"\n"x, y;;;;",1\n"u\nv",2\n'))
    assert list(table.columns) == ["a", "b; c"]
    assert table["a"].tolist() == ["x, y;;;;", "u\nv"]


def test_parquet_keeps_its_types(tmp_path):
    given = TABLE.assign(day=pd.date_range("2020-01-01", periods=3), flag=[True, False, True])
    given.to_parquet(tmp_path / "t.parquet")
    table, source = read_table(tmp_path / "t.parquet")
    assert table["day"].tolist() == given["day"].tolist()
    assert table["flag"].dtype == bool
    assert source.how == "Parquet"


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (b"", "t.csv", "is empty"),
        (b" \n\n", "t.csv", "is empty"),
        (b"", "t.parquet", "is empty"),
        (b"a,b,c\n", "t.csv", "holds a header and no rows"),
        (b"not parquet", "t.parquet", "is not a Parquet file"),
        (b"PAR1 and nothing more", "t.csv", "is not a Parquet file"),
        (b"PK\x03\x04\x14\x00", "t.csv", "is an Excel file or another archive, not a table of text; save it as CSV"),
        (b"\xd0\xcf\x11\xe0\xa1", "t.csv", "is an Excel file, not"),
        (gzip.compress(b"a,b\n1,2\n", mtime=0), "t.csv", "is compressed with gzip"),
        (b"a,b\n1,\x00\n", "t.csv", "is not text (it holds a NUL byte)"),
        (b"a,b,a\n1,2,3\n", "t.csv", "2 columns are named 'a'; rename one of them"),
        (b"1,2,3\n4,5,6\n", "t.csv", "begins with numbers, 1, 2, 3, and not with names; write a header line"),
        (b"a,b\n1,2\n1,2,3\n", "t.csv", "cannot be read as a table (Expected 2 fields in line 3, saw 3)"),
        ("a,b\nMünchen,1\n".encode() + "Köln,2\n".encode("latin-1"), "t.csv",
         "mixes encodings: line 2 is UTF-8 and line 3 is not; save it as UTF-8"),
    ],
)  # fmt: skip
def test_what_is_no_table_is_one_line(tmp_path, content, name, said):
    path = write(tmp_path, content, name)
    with pytest.raises(TableError) as raised:
        read_table(path)
    assert str(raised.value).startswith(f"{path}: ")
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


def test_duplicate_columns_of_parquet_are_one_line(tmp_path):
    import pyarrow
    from pyarrow import parquet

    columns = pyarrow.Table.from_arrays([pyarrow.array([1.0]), pyarrow.array([2.0])], names=["a", "a"])
    parquet.write_table(columns, tmp_path / "t.parquet")
    with pytest.raises(TableError, match="2 columns are named 'a'"):
        read_table(tmp_path / "t.parquet")


def test_too_many_columns_are_refused_by_their_header(tmp_path):
    path = write(tmp_path, ",".join(f"c{i}" for i in range(100_000)) + "\n" + ",".join(["1"] * 100_000))
    with pytest.raises(TableError, match=f"has 100000 columns; at most {MOST_COLUMNS}"):
        read_table(path)


def test_a_missing_file_names_the_nearest_and_a_folder_is_no_table(tmp_path):
    write(tmp_path, "a\n1\n", "houses.csv")
    with pytest.raises(TableError, match=r"no such file; did you mean 'houses\.csv'\?"):
        read_table(tmp_path / "house.csv")
    with pytest.raises(TableError, match="is a folder"):
        read_table(tmp_path)


def test_a_table_of_one_column_and_names_of_numbers_and_words_are_read(tmp_path):
    table, _ = read_table(write(tmp_path, "a\n1\n2\n"))
    assert table["a"].tolist() == [1, 2]
    table, _ = read_table(write(tmp_path, "name,2019,2020\nx,1,2\n"))
    assert list(table.columns) == ["name", "2019", "2020"]
    assert np.array_equal(table.index, [0])
