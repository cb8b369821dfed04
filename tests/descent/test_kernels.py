"""What numba compiles, and when it compiles again."""

import numpy as np
import scipy.sparse

from study.descent import kernels, rules, solvers
from tests.descent.test_batches import CONSTANTS, assert_same, problem, run


def test_one_compiled_signature_serves_every_caller(rng, tmp_path):
    X, y, states = problem(rng)
    weights, order = np.ones(len(y)), rng.permutation(len(y))
    mapped = np.memmap(tmp_path / "X", X.dtype, "w+", shape=X.shape)
    mapped[:] = X
    for a in (frozen := [a.copy() for a in (X, y, weights, order)]):
        a.flags.writeable = False
    constants = CONSTANTS | {"solver": "momentum"}
    for kind, kernel in [(np.asarray, kernels.dense_kernel), (scipy.sparse.csr_array, kernels.sparse_kernel)]:
        expected = run(kind(X), y, None, order, 8, states, **constants)
        signatures = len(kernel.signatures)
        for x in [X, frozen[0], mapped]:
            for rest in [(y, weights, order), frozen[1:], (y, None, order)]:
                assert_same(run(kind(x), *rest, 8, states, **constants), expected, tolerance=0)
        run(kind(X), y, None, None, np.int32(8), states, **constants | {"solver": "adam", "alpha": 0})
        assert len(kernel.signatures) == signatures


def test_what_is_compiled_depends_on_the_text_of_the_rules_and_of_their_table(tmp_path, monkeypatch):
    """Numba's key of what it keeps on disk holds what a function closes over, but no other file's text."""
    (known,) = [cell.cell_contents for cell in kernels.dense_kernel.py_func.__closure__]
    assert [cell.cell_contents for cell in kernels.sparse_kernel.py_func.__closure__] == [known]
    assert kernels._fingerprint() == known
    for module in (rules, solvers):
        with monkeypatch.context() as patch:
            edited = tmp_path / "edited.py"
            with open(module.__file__, encoding="utf-8") as file:
                edited.write_text(file.read() + "# another text\n", encoding="utf-8")
            patch.setattr(module, "__file__", str(edited))
            assert kernels._fingerprint() != known
