"""The progress of a study, on standard error."""

import math
import sys

from tqdm import tqdm

from study.trial import TrialRecord

LINES = 10
"""How many lines a study prints where standard error is not a terminal."""


class Progress:
    """A bar on a terminal, and a line every tenth of the trials elsewhere.

    Parameters
    ----------
    total : int
        Trials that the study is to have.
    done : int
        Trials that it has already.
    quiet : bool
        Show nothing.
    """

    def __init__(self, total: int, done: int, quiet: bool) -> None:
        self._total, self._done, self._best = total, done, math.inf
        is_terminal = sys.stderr.isatty()
        self._bar = tqdm(total=total, initial=done, unit="trial", disable=quiet or not is_terminal)
        self._prints_lines = not quiet and not is_terminal

    def advance(self, record: TrialRecord) -> None:
        """Count a trial that has ended."""
        self._done += 1
        if record.objective is not None:
            self._best = min(self._best, record.objective)
        self._bar.set_postfix(best=f"{self._best:.6g}", refresh=False)
        self._bar.update()
        is_due = self._done % max(self._total // LINES, 1) == 0 or self._done == self._total
        if self._prints_lines and is_due:
            print(f"trial {self._done}/{self._total}  best {self._best:.6g}", file=sys.stderr, flush=True)

    def close(self) -> None:
        """Leave the bar as it is."""
        self._bar.close()
