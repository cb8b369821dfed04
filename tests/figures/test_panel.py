"""The data of a claim's picture."""

import subprocess
import sys


def test_the_data_of_a_picture_needs_no_matplotlib():
    code = "import sys, study.figures.panel; print('matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
