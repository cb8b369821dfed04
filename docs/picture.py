"""Draw README's picture and write its numbers anew: the default study, run in a store of its own."""

import os
import shutil
import tempfile
from pathlib import Path

from study import config
from study.commands import run

HERE = Path(__file__).parent
BEGIN, END = "<!-- study:begin -->", "<!-- study:end -->"


def main() -> None:
    settings = config.load(HERE.parent / "configs" / "diabetes.toml")
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        summary = run.run(settings)
        (plane,) = Path("mlruns/artifacts").glob(f"*/{summary['run_id']}/artifacts/plots/plane.png")
        shutil.copy(plane, HERE / "plane.png")
    numbers = "\n".join("    " + line for line in run.table(summary).splitlines()[:-2])
    readme = HERE.parent / "README.md"
    before, _, rest = readme.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    readme.write_text(f"{before}{BEGIN}\n{numbers}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
