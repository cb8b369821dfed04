"""The progress of a study, on standard error or in a notebook."""

import math
import sys
from collections import Counter
from collections.abc import Iterable

from tqdm import auto
from tqdm.notebook import tqdm_notebook

from study.notation import setting
from study.trial import TrialOutcome

LINES = 10
"""How many lines a study prints where standard error is not a terminal."""


class Progress:
    """A bar on a terminal and in a notebook, and a line every tenth of the trials elsewhere.

    The bar has the best objective, the trials by state, and the time that is left. It has no colours, so that there is
    nothing for the variable NO_COLOR to switch off.

    Parameters
    ----------
    total : int
        Trials that the study is to have.
    ended : iterable of TrialOutcome
        Trials that it has already.
    quiet : bool
        Show nothing.
    verbose : bool
        Show a line for each trial too: its setting, its state and its objective.
    """

    def __init__(
        self, total: int, ended: Iterable[TrialOutcome] = (), *, quiet: bool = False, verbose: bool = False
    ) -> None:
        self._total, self._best, self._states = total, math.inf, Counter[str]()
        for trial in ended:
            self._count(trial)
        has_bar = sys.stderr.isatty() or issubclass(auto.tqdm, tqdm_notebook)
        self._bar = auto.tqdm(
            total=total, initial=self._done, unit="trial", disable=quiet or not has_bar, dynamic_ncols=True
        )
        self._prints_lines = not quiet and not has_bar and not verbose
        self._prints_trials = verbose and not quiet

    def advance(self, trial: TrialOutcome) -> None:
        """Count a trial that has ended."""
        self._count(trial)
        if self._prints_trials:
            self._bar.write(_line(trial), file=sys.stderr)
        self._bar.set_postfix_str(self._so_far(), refresh=False)
        if trial.state == "failed":
            return
        self._bar.update()
        is_due = self._done % max(self._total // LINES, 1) == 0 or self._done == self._total
        if self._prints_lines and is_due:
            print(f"trial {self._done}/{self._total}  best {self._best:.6g}", file=sys.stderr, flush=True)

    def close(self) -> None:
        """Leave the bar as it is."""
        self._bar.close()

    @property
    def _done(self) -> int:
        """Trials that count towards the total, as a failed one does not."""
        return self._states.total() - self._states["failed"]

    def _count(self, trial: TrialOutcome) -> None:
        self._states[trial.state] += 1
        if trial.objective is not None:
            self._best = min(self._best, trial.objective)

    def _so_far(self) -> str:
        states = [f"{count} {state}" for state, count in self._states.items() if count]
        return ", ".join([f"best {self._best:.6g}", *states])


def _line(trial: TrialOutcome) -> str:
    """Return a trial as a line of text.

    Examples
    --------
    >>> _line(TrialOutcome(number=3, state="diverged", params={"beta": 0.9, "eta": 30.0}))
    'trial 3: β = 0.9, η = 30, diverged'
    """
    words = [f"trial {trial.number}: {setting(trial.params)}", trial.state]
    return ", ".join(words if trial.objective is None else [*words, f"{trial.objective:.6g}"])
