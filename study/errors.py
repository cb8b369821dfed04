"""What a person did wrong."""


class UserError(ValueError):
    """The message is one line that names the thing and the mend; a command shows it and exits with 2."""
