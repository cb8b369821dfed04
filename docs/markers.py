"""Parts of README.md that programs write: each stands between two comments with its name."""

from pathlib import Path

README = Path(__file__).parent.parent / "README.md"


def replace_between(page: str, name: str, text: str) -> str:
    """Return a page with a text, and nothing else, between the markers of a name.

    Parameters
    ----------
    page : str
    name : str
        Of the markers ``<!-- name:begin -->`` and ``<!-- name:end -->``.
    text : str
        Lines; each is indented by four spaces, so that Markdown shows them as they are.

    Raises
    ------
    ValueError
        Unless the page has each of the two markers once, in this order.

    Examples
    --------
    >>> print(replace_between("<!-- a:begin -->old<!-- a:end --> rest", "a", "new"))
    <!-- a:begin -->
        new
    <!-- a:end --> rest
    """
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    if page.count(begin) != 1 or page.count(end) != 1 or page.index(begin) > page.index(end):
        raise ValueError(f"the page needs {begin} once and after it {end} once")
    before, _, rest = page.partition(begin)
    _, _, after = rest.partition(end)
    lines = "\n".join(f"    {line}".rstrip() for line in text.splitlines())
    return f"{before}{begin}\n{lines}\n{end}{after}"


def write(name: str, text: str) -> None:
    """Write a text between the markers of a name in README.md."""
    page = README.read_text(encoding="utf-8")
    README.write_text(replace_between(page, name, text), encoding="utf-8")
