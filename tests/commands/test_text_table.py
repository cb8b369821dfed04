"""Rows of text as a table for a terminal."""

from study.commands.text_table import aligned


def test_columns_are_as_wide_as_their_widest_cell_and_lines_end_without_spaces():
    assert aligned([["a", "long", ""], ["bcd", "e", ""]]) == "a    long\nbcd  e"


def test_numbers_are_aligned_at_their_right_end():
    assert aligned([["best", "run"], ["1.5", "x"]], right=[0]) == "best  run\n 1.5  x"
