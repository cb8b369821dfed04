"""Every error that a person can meet.

ValueError
├── DivergenceError      a fit's loss grew without bound
└── UserError            what a person did wrong; a command shows it as one line and exits with code 2
    ├── ConfigError      a config has a wrong key or value, or cannot be read
    ├── TableError       a table cannot be read, or cannot be used as it is
    ├── StoreError       MLflow's or Optuna's store cannot be used
    ├── StudyError       a study ended without a result
    └── LedgerError      the guidance cannot be graded as asked
"""

from collections.abc import Iterable


class UserError(ValueError):
    """What a person did wrong. The message is one line that says what is wrong and what to change."""


class ConfigError(UserError):
    """A config is wrong. The message names the key and what to change."""


class TableError(UserError):
    """A table cannot be read, or cannot be used as it is. The message names the file or column and what to change."""


class StoreError(UserError):
    """A store cannot be opened or written. The message names the store and what to change."""


class StudyError(UserError):
    """A study ended without a result. The message says why and what to change."""


class LedgerError(UserError):
    """The guidance cannot be graded as asked. The message says why and what to change."""


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
