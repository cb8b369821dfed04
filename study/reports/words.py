"""The words of the reports, in English and Chinese, read from the catalogues `en.toml` and `zh.toml`.

A catalogue holds tables of texts by key. Both catalogues have the same tables, keys and {placeholders}. Each table
stands here under its name, by language.
"""

import tomllib
from importlib.resources import files
from typing import get_args

from study.verdict import Lang

Words = dict[str, str]
"""Texts by key."""

LANGUAGES: tuple[Lang, ...] = get_args(Lang)


def _read(lang: Lang) -> dict[str, Words]:
    return tomllib.loads(files("study.reports").joinpath(f"{lang}.toml").read_text(encoding="utf-8"))


CATALOGUES: dict[Lang, dict[str, Words]] = {lang: _read(lang) for lang in LANGUAGES}
"""The tables of each language, by name."""


def _table(name: str) -> dict[Lang, Words]:
    return {lang: tables[name] for lang, tables in CATALOGUES.items()}


SHARED = _table("shared")
"""Words of every report."""

STUDY = _table("study")
"""Headings, labels and sentences of a study's report."""

PLOTS = _table("plots")
"""Titles of a study's plots, by the name of the plot's file."""

COMPARISON = _table("comparison")
"""Headings, labels and sentences of two studies side by side."""

GUIDANCE = _table("guidance")
"""Headings, labels and verdicts of the guidance's report."""

CLAIMS = _table("claims")
"""Sentences on one claim."""
