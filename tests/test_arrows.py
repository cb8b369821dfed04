"""Imports run one way through the house."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "study"
MODULES = sorted(ROOT.rglob("*.py"))

# Who may import a heavy library.
ONLY_IMPORTERS = {"optuna": {"tune"}, "mlflow": {"tracking"}, "matplotlib": {"figures"}, "numba": {"descent"}}

# What of our own each room may stand on, besides its own files.
MAY_IMPORT = {
    "descent": set(),
    "monitor": set(),
    "fitting": {"descent", "monitor"},
    "regressor": {"descent", "fitting"},
    "config": {"errors"},
    "provenance": set(),
    "records": set(),
    "scales": set(),
    "stores": {"errors"},
    "interrupts": set(),
    "errors": set(),
    "entries": {"records"},
    "data": {"config", "provenance"},
    "figures": {"entries", "records", "scales"},
    "tracking": {"records", "entries", "stores"},
    "objective": {"config", "data", "descent", "fitting", "provenance", "records", "regressor"},
    "optimum": {"config", "descent", "objective"},
    "advise": {"config", "data", "descent", "records"},
    "tune": {"config", "interrupts", "objective", "provenance", "records", "stores"},
    "guidance": {
        "config",
        "data",
        "descent",
        "entries",
        "errors",
        "figures",
        "fitting",
        "interrupts",
        "objective",
        "optimum",
        "provenance",
        "records",
        "regressor",
        "scales",
        "tracking",
        "tune",
    },
}


def room(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imports(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_heavy_libraries_have_one_importer(path):
    for name in imports(path):
        library = name.split(".")[0]
        assert room(path) in ONLY_IMPORTERS.get(library, {room(path)}), name


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_arrows_point_one_way(path):
    here = room(path)
    allowed = MAY_IMPORT.get(here)
    offered = {"MomentumRegressor": "regressor", "DivergenceError": "fitting"}
    names = [name.split(".")[1] for name in imports(path) if name.startswith("study.")]
    ours = {offered.get(name, name) for name in names} - {here}
    if allowed is not None:
        assert ours <= allowed


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_is_two_files(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 450
