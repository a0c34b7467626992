"""The error that means: this cell of the table cannot exist."""


class Unsupported(ValueError):
    """The model cannot be written in this format, precision or shape; the message, one line, is the reason."""
