"""Every error that a person can meet.

ValueError
├── DivergenceError      a fit's loss grew without bound
└── UserError            what a person did wrong; a command shows it as one line and exits with 2
    ├── ConfigError      a study's file: a key, its value, what it names
    ├── StoreError       MLflow's or Optuna's store
    ├── StudyError       a study ended without what it was run for
    └── LedgerError      the guidance cannot be graded as asked
"""

from collections.abc import Iterable


class UserError(ValueError):
    """The message is one line that names the thing and the mend; a command shows it and exits with 2."""


class ConfigError(UserError):
    """What is wrong with a config, in one line that names the key and the mend."""


class StoreError(UserError):
    """A store that cannot be opened or written, in one line that names it and the mend."""


class StudyError(UserError):
    """A study ended without what it was run for; the message says why and what to change."""


class LedgerError(UserError):
    """The ledger cannot be made as asked; the message says why and what to change."""


class DivergenceError(ValueError):
    """The loss of a fit grew without bound, or ended above where it started.

    Parameters
    ----------
    message : str
        Names β, η and, where it is known, the stability limit.
    loss_curve : list of float
        Training loss after each epoch, to the last.
    n_iter : int
        Epochs that were run.
    """

    def __init__(self, message: str, loss_curve: Iterable[float] = (), n_iter: int = 0) -> None:
        super().__init__(message)
        self.loss_curve = list(loss_curve)
        self.n_iter = n_iter

    def __reduce__(self) -> tuple[type, tuple[str, list[float], int]]:
        return type(self), (str(self), self.loss_curve, self.n_iter)
