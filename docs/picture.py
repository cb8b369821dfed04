"""Draw README's picture and write its numbers anew, from the default study in a temporary store."""

import os
import shutil
import tempfile
from pathlib import Path

from study import config, storage
from study.commands import run

HERE = Path(__file__).parent
BEGIN, END = "<!-- study:begin -->", "<!-- study:end -->"


def main() -> None:
    """Run the study, copy its plot of the β×η plane, and replace the numbers between README's two markers."""
    settings = config.load(HERE.parent / "configs" / "diabetes.toml")
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        summary = run.run(settings)
        (plane,) = Path(storage.ARTIFACTS).glob(f"*/{summary.run_id}/artifacts/plots/plane.png")
        shutil.copy(plane, HERE / "plane.png")
    numbers = "\n".join("    " + line for line in run.table(summary).splitlines()[:-2])
    readme = HERE.parent / "README.md"
    before, _, rest = readme.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    readme.write_text(f"{before}{BEGIN}\n{numbers}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
