"""Seeds depend on their names alone, and a hash on every value."""

import importlib.metadata
import subprocess
from pathlib import Path

import pandas as pd

from study.provenance import commit, data_hash, derive_seed, versions


def test_a_seed_depends_on_the_seed_and_the_names_and_is_below_two_to_the_32():
    seeds = [derive_seed(0, "a"), derive_seed(0, "b"), derive_seed(1, "a"), derive_seed(0, "a", 1)]
    assert len(set(seeds)) == 4
    assert all(0 <= seed < 2**32 for seed in seeds)
    # printf 0/folds | sha256sum | cut -c1-8
    assert derive_seed(0, "folds") == 0x7E805F83


def test_a_hash_changes_with_a_value_and_with_a_name():
    table = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]})
    others = [table.rename(columns={"b": "c"}), table + 1e-12, table.iloc[::-1].reset_index(drop=True)]
    assert data_hash(table) == data_hash(table.copy())
    assert len({data_hash(table), *map(data_hash, others)}) == 4


def test_versions_are_those_that_are_installed():
    assert versions()["numpy"] == importlib.metadata.version("numpy")
    assert versions()["python"].startswith("3.")


def test_the_commit_is_the_one_that_git_names():
    folder = Path(__file__).parent.parent
    head = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=folder, capture_output=True, text=True
    ).stdout.strip()
    if head:
        assert commit().removesuffix("-dirty") == head
