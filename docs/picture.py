"""Draw README's picture and write its numbers anew, from the default study in a temporary store."""

import os
import shutil
import tempfile
from pathlib import Path

from docs import markers
from study import config, storage
from study.commands import run

HERE = Path(__file__).parent


def main() -> None:
    """Run the study, copy its plot of the β×η plane, and replace the numbers between README's two markers."""
    settings = config.load(HERE.parent / "configs" / "diabetes.toml")
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        summary = run.run(settings)
        (plane,) = Path(storage.ARTIFACTS).glob(f"*/{summary.run_id}/artifacts/plots/plane.png")
        shutil.copy(plane, HERE / "plane.png")
    markers.write("study", "\n".join(run.table(summary).splitlines()[:-2]))


if __name__ == "__main__":
    main()
