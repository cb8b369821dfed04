"""`study compare`: two studies side by side, in the terminal and as a page."""

import contextlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from study.commands.checks import check_has_studies, page_file
from study.commands.links import ui_address
from study.commands.text_table import aligned
from study.errors import ConfigError
from study.verdict import Lang

if TYPE_CHECKING:
    from study.reports.comparison import ComparedStudy
    from study.tracking import RunView, Store

SETTINGS = ("study.commit", "study.data_hash", "study.data_file_hash", "study.version.")
"""Tags, or beginnings of tags, of what a study began with beside its config."""

NOT_COMPARED = ("name", "storage.")
"""Keys of the config, or their beginnings, that change no result."""


def compare(
    tracking_uri: str, names: tuple[str, str], output: Path | None = None, lang: Lang = "en"
) -> list["ComparedStudy"]:
    """Return two studies as they are compared, and write them as a page if it is asked for.

    Parameters
    ----------
    tracking_uri : str
    names : tuple of two str
        Each MLflow's id of a study's run, its name and number as `study list` shows them, `diabetes#2`, or a name, for the
        newest study of it.
    output : Path, optional
        The HTML file that is written.
    lang : {"en", "zh"}
        The page's language.

    Raises
    ------
    ConfigError
        If there is no such study, or it did not reach its end.
    StoreError
        If the store cannot be read.
    UserError
        If the file cannot be written.
    """
    with contextlib.nullcontext() if output is None else page_file(output):
        check_has_studies(tracking_uri)

        # Imported after the checks because it takes seconds.
        from study.reports.comparison import comparison_page
        from study.tracking import Store

        store = Store(tracking_uri)
        found = store.find_studies()
        studies = [_compared(store, study) for study in [_find(found, name) for name in names]]
        if output is not None:
            output.write_text(comparison_page(studies, lang), encoding="utf-8")
    return studies


def table(studies: Sequence["ComparedStudy"]) -> str:
    """Return two studies side by side as lines of text: their results, and what differs in their settings."""
    from study.reports.comparison import caveat, differences, result_rows
    from study.reports.words import COMPARISON

    t, warning, differing = COMPARISON["en"], caveat(studies), differences(studies)
    rows = [("", *(study.name for study in studies)), *result_rows(studies)]
    if differing:
        rows += [("", "", ""), (f"{t['differences']}:", "", ""), *differing]
    lines = [aligned(rows), *([] if differing else ["", t["no differences"]])]
    return "\n".join(lines if warning is None else [*lines, "", warning])


def _find(studies: Sequence["RunView"], name: str) -> "RunView":
    """Return the study of a run's id, of a name and number, or the newest of a name."""
    wanted = name.replace(" ", "")
    for study in studies:
        if wanted in (study.run_id, study.name.replace(" ", ""), study.tags["study.name"]):
            return study
    known = ", ".join(study.name.replace(" ", "") for study in studies[:3]) or "none"
    raise ConfigError(f"{name}: the store holds no such study; its newest are {known}; see `study list`")


def _compared(store: "Store", study: "RunView") -> "ComparedStudy":
    from study.reports.comparison import ComparedStudy
    from study.summary import StudySummary

    files = store.read_files(study.run_id)
    name = study.name.replace(" ", "")
    if "summary.json" not in files:
        raise ConfigError(f"{name}: it did not reach its end, so it has no results to compare")
    config = {key: value for key, value in study.params.items() if not key.startswith(NOT_COMPARED)}
    began = {key: value for key, value in study.tags.items() if key.startswith(SETTINGS)}
    return ComparedStudy(
        name=name,
        summary=StudySummary.from_json(json.loads(files["summary.json"])),
        settings={**config, **began},
        plane=files.get("plots/plane.png"),
        page=f"{ui_address(store.uri)}/{study.page}",
    )
