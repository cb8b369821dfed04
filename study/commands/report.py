"""`study report`: the report of a run, read back from its store."""

import tempfile
from pathlib import Path

from study.commands.checks import check_has_studies
from study.errors import ConfigError, UserError


def write_report(tracking_uri: str, run_id: str | None, output: Path) -> None:
    """Write the report of a run into an HTML file.

    Parameters
    ----------
    tracking_uri : str
    run_id : str or None
        None for the newest study.
    output : Path

    Raises
    ------
    ConfigError
        If the store holds no study.
    StoreError
        If the store cannot be read.
    UserError
        If the file cannot be written.
    """
    try:
        if not output.exists():
            # A file without a name, which is gone when it is closed: whether one can be made there.
            tempfile.TemporaryFile(dir=output.parent).close()
        elif output.is_dir():
            raise UserError(f"-o {output}: is a folder; name a file")
        check_has_studies(tracking_uri)
        output.write_text(_stored_report(tracking_uri, run_id), encoding="utf-8")
    except OSError as error:
        raise UserError(f"-o {output}: cannot be written ({error.strerror})") from None


def _stored_report(tracking_uri: str, run_id: str | None) -> str:
    """Return the report of a run, or of the newest study, as HTML."""
    # Imported here because it takes seconds.
    from study.tracking import Store

    store = Store(tracking_uri)
    if run_id is None:
        studies = store.find_studies()
        if not studies:
            raise ConfigError("the store holds no study yet; make one with `study run CONFIG`")
        run_id = studies[0].run_id
    return store.read_text(run_id, "report.html")
