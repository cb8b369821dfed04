"""The pages and settings of the repository say what is true of its files."""

import importlib.util
import re
import tomllib
from pathlib import Path

import pytest

from docs import markers

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def entries_of_tree(page: str) -> set[str]:
    """Return the paths of the indented tree in CONTRIBUTING.md; a folder's path ends in a slash."""
    block = re.search(r"^    study/\n(?:    .*\n)+", page, re.MULTILINE)
    assert block is not None
    found: set[str] = set()
    folders: list[str] = []
    for line in block[0].splitlines():
        indented, name = re.match(r"    ( *)(\S+)", line).groups()
        folders = folders[: len(indented) // 2]
        found.add("".join(folders) + name)
        if name.endswith("/"):
            folders.append(name)
    return found


def entries_of_package(described: set[str]) -> set[str]:
    """Return the paths of study/, without the files of those folders that a tree does not look into."""
    found = {"study/"}
    for path in sorted((ROOT / "study").rglob("*")):
        name = str(path.relative_to(ROOT)) + ("/" if path.is_dir() else "")
        parent = f"{path.parent.relative_to(ROOT)}/"
        looked_into = parent in found and any(d != parent and d.startswith(parent) for d in described)
        is_marker = path.name == "__init__.py" and path.parent.name != "study"
        if looked_into and not is_marker and "__pycache__" not in name:
            found.add(name)
    return found


def test_the_tree_in_contributing_names_every_file_of_the_package_and_nothing_else():
    described = entries_of_tree((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    in_package = {entry for entry in described if entry.startswith("study/")}
    existing = entries_of_package(in_package)
    assert sorted(existing - in_package) == []
    assert sorted(in_package - existing) == []
    others = described - in_package
    assert [entry for entry in others if not (ROOT / entry).is_dir()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_that_a_page_names_exists(page):
    text = page.read_text(encoding="utf-8")
    links = re.findall(r"\]\((?!https?:)([^)#]+)", text)
    named = re.findall(r"`((?:study|tests|configs|docs|benchmarks|\.ci)/[\w./-]*)`", text)
    missing = [path for path in links if not (page.parent / path).exists()]
    assert missing + [path for path in named if not (ROOT / path).exists()] == []


def test_every_page_on_a_decision_is_in_the_list_of_decisions():
    folder = ROOT / "docs" / "decisions"
    listed = re.findall(r"\]\(([^)]+)\)", (folder / "README.md").read_text(encoding="utf-8"))
    assert sorted(listed) == sorted(page.name for page in folder.glob("*.md") if page.name != "README.md")


def test_the_version_to_cite_is_the_version_of_the_package():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def script():
    """The module .ci/lower_bounds.py."""
    spec = importlib.util.spec_from_file_location("lower_bounds", ROOT / ".ci" / "lower_bounds.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PYPROJECT = """
[project]
dependencies = ["numpy>=2.0", "scikit-learn>=1.9.1"]
[project.optional-dependencies]
test = ["pytest>=8.3"]
"""


def test_the_lower_bounds_are_pinned_and_an_extra_is_added_where_it_is_named(script):
    assert script.lower_bounds(PYPROJECT, []) == ["numpy==2.0", "scikit-learn==1.9.1"]
    assert script.lower_bounds(PYPROJECT, ["test"])[-1] == "pytest==8.3"


def test_a_dependency_without_a_lower_bound_is_refused(script):
    with pytest.raises(ValueError, match="'numpy<3' has no lower bound"):
        script.lower_bounds('[project]\ndependencies = ["numpy<3"]', [])


def test_every_file_of_tests_is_named_after_the_module_that_it_tests():
    tests, package = ROOT / "tests", ROOT / "study"
    strays = []
    for path in sorted(tests.rglob("test_*.py")):
        words = path.stem.removeprefix("test_").split("_")
        folder = package / path.parent.relative_to(tests)
        modules = (folder / ("_".join(words[:k]) + ".py") for k in range(1, len(words) + 1))
        if not any(module.is_file() for module in modules):
            strays.append(path.relative_to(tests).as_posix())
    assert strays == ["test_imports.py", "test_repository.py"]


MARKED = "before <!-- a:begin -->old\nlines<!-- a:end --> after <!-- b:begin -->kept<!-- b:end -->\n"


@pytest.mark.parametrize("name", ["study", "rivals"])
def test_readme_has_each_marker_once_and_a_text_between_them(name):
    page = markers.README.read_text(encoding="utf-8")
    begin, end = page.index(f"<!-- {name}:begin -->\n    "), page.index(f"\n<!-- {name}:end -->")
    assert begin < end
    assert markers.replace_between(page, name, "new") != page


def test_what_is_between_the_markers_of_a_name_is_replaced_and_nothing_else():
    page = markers.replace_between(MARKED, "a", "first\n\nsecond")
    assert page == MARKED.replace("old\nlines", "\n    first\n\n    second\n")
    assert markers.replace_between(page, "a", "first\n\nsecond") == page


@pytest.mark.parametrize(
    "page",
    [
        "no markers",
        "<!-- a:begin -->",
        "<!-- a:end --><!-- a:begin -->",
        "<!-- a:begin --><!-- a:end --><!-- a:begin -->",
    ],
)
def test_a_page_without_the_two_markers_in_order_is_refused(page):
    with pytest.raises(ValueError, match="<!-- a:begin --> once and after it <!-- a:end --> once"):
        markers.replace_between(page, "a", "new")


def test_a_text_is_written_into_readme_between_its_markers(tmp_path, monkeypatch):
    readme = tmp_path / "README.md"
    readme.write_text(MARKED, encoding="utf-8")
    monkeypatch.setattr(markers, "README", readme)
    markers.write("b", "β = 0.9")
    assert readme.read_text(encoding="utf-8") == MARKED.replace("kept", "\n    β = 0.9\n")
