"""Imports run one way. Every folder and every loose module of the package is on the map below; one that is not fails."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "study"
MODULES = sorted(PACKAGE.rglob("*.py"))

# The one folder that may import a heavy library.
ONLY_IMPORTER = {"optuna": "tuning", "mlflow": "tracking", "matplotlib": "figures", "numba": "descent"}

# What each folder or loose module may import of this package, besides its own files.
MAY_IMPORT: dict[str, set[str]] = {
    "__init__": {"api", "errors", "estimator"},
    "__main__": {"cli", "interrupts"},
    "errors": set(),
    "notation": set(),
    "provenance": set(),
    "interrupts": set(),
    "processes": set(),
    "drafts": {"processes"},
    "server": set(),
    "storage": {"drafts", "errors", "server"},
    "trial": set(),
    "summary": {"trial"},
    "verdict": set(),
    # The solvers and problems that a config may name are the rows of two tables, which import no heavy library.
    "config": {"descent.solvers", "errors", "problems.catalogue", "storage"},
    "keywords": {"config", "errors"},
    "descent": set(),
    "estimator": {"descent", "errors"},
    "problems": {"config", "errors", "provenance"},
    "tuning": {
        "config", "descent", "errors", "estimator", "interrupts", "problems", "provenance", "storage", "trial",
    },
    "tracking": {"errors", "notation", "processes", "storage", "summary", "trial", "verdict"},
    "figures": {"notation", "summary", "trial", "verdict"},
    "translation": {"descent.solvers"},
    "reports": {"notation", "summary", "translation", "trial", "verdict"},
    "guidance": {
        "config", "descent", "errors", "estimator", "figures", "interrupts", "notation", "problems",
        "provenance", "reports", "storage", "tracking", "trial", "tuning", "verdict",
    },
    "commands": {
        "config", "descent", "errors", "estimator", "figures", "guidance", "interrupts", "notation",
        "problems", "provenance", "reports", "storage", "summary", "tracking", "translation", "trial", "tuning", "verdict",
    },
    # Python's way to the commands.
    "api": {"commands", "config", "errors", "keywords", "problems", "result", "tuning"},
    "result": {"commands", "figures", "problems", "reports", "summary"},
    "cli": {"__init__", "commands", "config", "errors", "interrupts", "storage"},
}  # fmt: skip

# The same inside guidance/: a claim uses the instruments of lab/, and lab/ imports no claim.
MAY_IMPORT_IN_GUIDANCE: dict[str, set[str]] = {
    "__init__": set(),
    "claim": set(),
    "lab": {"claim"},
    "claims": {"claim", "lab"},
    "verdicts": {"claim"},
    "grading": {"claim", "verdicts"},
    "children": {"claim"},
    "workers": set(),
    "practical": {"lab"},
    "ledger": {"children", "claim", "claims", "grading", "lab", "practical", "workers"},
}

# What `from study import ...` offers, and where it comes from.
OFFERED = {
    "MomentumRegressor": "estimator",
    "DivergenceError": "errors",
    "__version__": "__init__",
    "advise": "api",
    "tune": "api",
}


def imported_names(path: Path) -> set[str]:
    """Return every dotted name that a module imports, inside functions and for annotations too."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{'.' * node.level}{node.module or ''}.{alias.name}" for alias in node.names}
    return names


def is_among(name: str, entries: set[str]) -> bool:
    """Whether a dotted name is one of the entries, or inside one."""
    return any(f"{name}.".startswith(f"{entry}.") for entry in entries)


def first_part(path: Path, folder: Path) -> str:
    """Return the entry of a folder, a subfolder or a module, that a file belongs to."""
    return path.relative_to(folder).parts[0].removesuffix(".py")


def faults_against(allowed: dict[str, set[str]], here: str, names: set[str]) -> list[str]:
    """Return what is wrong with the names that one entry of a map imports."""
    if here not in allowed:
        return [f"{here} is not on the map; say in tests/test_imports.py what it may import"]
    return [f"{here} imports {name}" for name in sorted(names) if not is_among(name, allowed[here] | {here})]


def faults(path: Path, package: Path) -> list[str]:
    """Return what is wrong with the imports of one module of a package that is called study."""
    names = imported_names(path)
    here = first_part(path, package)
    found = [f"a relative import: {name}" for name in names if name.startswith(".")]
    for name in sorted(names):
        library = name.split(".")[0]
        if ONLY_IMPORTER.get(library, here) != here:
            found.append(f"{here} imports {library}; only {ONLY_IMPORTER[library]} may")
    ours = {name.removeprefix("study.") for name in names if name.startswith("study.")}
    found += faults_against(MAY_IMPORT, here, {OFFERED.get(name, name) for name in ours})
    if here == "guidance":
        inside = first_part(path, package / "guidance")
        siblings = {n.removeprefix("guidance.") for n in ours if n.startswith("guidance.")}
        found += faults_against(MAY_IMPORT_IN_GUIDANCE, inside, siblings)
        if inside == "claims" and any(name.startswith("claims.") for name in siblings):
            found.append("a claim imports another claim; what two claims share belongs in lab/")
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_what_the_map_allows(path):
    assert faults(path, PACKAGE) == []


@pytest.mark.parametrize(
    ("file", "code", "fault"),
    [
        ("novelty.py", "", "novelty is not on the map"),
        ("novelty/deep.py", "", "novelty is not on the map"),
        ("guidance/novelty.py", "", "novelty is not on the map"),
        ("figures/plot.py", "import optuna.samplers", "figures imports optuna; only tuning may"),
        ("estimator/fit.py", "def f():\n    import matplotlib", "estimator imports matplotlib"),
        ("tuning/search.py", "from study.guidance.claims import find", "tuning imports guidance.claims.find"),
        ("reports/page.py", "from study import tuning", "reports imports tuning"),
        ("descent/loop.py", "from study import MomentumRegressor", "descent imports estimator"),
        ("config.py", "from study.tuning.search import minimise", "config imports tuning.search.minimise"),
        ("guidance/lab/arms.py", "from study.guidance.claims import find", "lab imports claims.find"),
        ("guidance/claims/a.py", "from study.guidance.claims.b import X", "imports another claim"),
        ("trial.py", "from . import errors", "a relative import"),
    ],
)
def test_the_map_refuses_a_module_that_it_does_not_know_and_an_import_that_runs_back(
    tmp_path, file, code, fault
):
    path = tmp_path / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(code, encoding="utf-8")
    assert any(fault in found for found in faults(path, tmp_path))


def test_every_entry_of_the_map_exists():
    entries = {PACKAGE / entry for entry in MAY_IMPORT}
    entries |= {PACKAGE / "guidance" / entry for entry in MAY_IMPORT_IN_GUIDANCE}
    assert [entry for entry in entries if not entry.is_dir() and not entry.with_suffix(".py").is_file()] == []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_file_past_400_lines_is_two_files(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400
