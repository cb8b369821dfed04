"""Imports run one way. Every module of the package is on the map below; one that is not on it fails."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "study"
MODULES = sorted(ROOT.rglob("*.py"))

# The folder or file that alone may import a heavy library.
ONLY_IMPORTERS = {"optuna": "tuning", "mlflow": "tracking", "matplotlib": "figures", "numba": "descent"}

# What each folder or file may import of this package, besides its own files. A new one is added here first.
MAY_IMPORT: dict[str, set[str]] = {
    "__init__": {"errors", "estimator"},
    "__main__": {"cli"},
    "errors": set(),
    "notation": set(),
    "provenance": set(),
    "interrupts": set(),
    "storage": {"errors"},
    "trial": set(),
    "summary": {"trial"},
    "verdict": set(),
    "config": {"descent", "errors", "problems"},
    "descent": set(),
    "estimator": {"descent", "errors"},
    "problems": {"config", "errors", "provenance"},
    "tuning": {
        "config", "descent", "errors", "estimator", "interrupts", "problems", "provenance", "storage", "trial",
    },
    "tracking": {"errors", "notation", "storage", "summary", "trial", "verdict"},
    "figures": {"notation", "summary", "trial", "verdict"},
    "reports": {"notation", "summary", "trial", "verdict"},
    "guidance": {
        "config", "descent", "errors", "estimator", "figures", "interrupts", "notation", "problems", "provenance",
        "reports", "storage", "tracking", "trial", "tuning", "verdict",
    },
    "commands": {
        "config", "descent", "errors", "estimator", "figures", "guidance", "interrupts", "notation", "problems",
        "provenance", "reports", "storage", "summary", "tracking", "trial", "tuning", "verdict",
    },
    "cli": {"commands", "config", "errors"},
}  # fmt: skip

# Inside guidance: claims use the instruments of lab/, which never import a claim.
MAY_IMPORT_IN_GUIDANCE: dict[str, set[str]] = {
    "claim": set(),
    "lab": {"claim"},
    "claims": {"claim", "lab"},
}


def place(path: Path) -> str:
    """The folder or file of the package that a module belongs to."""
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imports(path: Path) -> set[str]:
    """Every dotted name that a module imports, inside functions too."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def ours(path: Path, depth: int) -> set[str]:
    """The parts of this package that a module imports, at a depth of their dotted names."""
    offered = {"MomentumRegressor": "estimator", "DivergenceError": "errors", "__version__": "__init__"}
    found = [name.split(".") for name in imports(path) if name.startswith("study.")]
    return {offered.get(name[depth], name[depth]) for name in found if len(name) > depth}


def ids(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", MODULES, ids=ids)
def test_a_heavy_library_has_one_importer(path):
    for name in imports(path):
        library = name.split(".")[0]
        assert place(path) == ONLY_IMPORTERS.get(library, place(path)), name


@pytest.mark.parametrize("path", MODULES, ids=ids)
def test_imports_run_one_way_and_no_module_is_off_the_map(path):
    here = place(path)
    assert here in MAY_IMPORT, f"{here} is not on the map; say there what it may import"
    assert ours(path, 1) - {here, "__init__"} <= MAY_IMPORT[here]


@pytest.mark.parametrize("path", [p for p in MODULES if place(p) == "guidance"], ids=ids)
def test_inside_guidance_a_claim_uses_the_lab_and_never_the_other_way(path):
    parts = path.relative_to(ROOT / "guidance").parts
    here = parts[0].removesuffix(".py")
    allowed = MAY_IMPORT_IN_GUIDANCE.get(here)
    if allowed is None:
        return
    names = {n.split(".")[2] for n in imports(path) if n.startswith("study.guidance.")}
    assert names - {here} <= allowed
    if here == "claims" and parts[-1] != "__init__.py":
        siblings = [n for n in imports(path) if n.startswith("study.guidance.claims.")]
        assert not siblings, "a claim does not import another claim; what two share belongs in lab/"


@pytest.mark.parametrize("path", MODULES, ids=ids)
def test_a_file_past_400_lines_is_two_files(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400
