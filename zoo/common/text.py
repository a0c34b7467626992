"""Text that comes from elsewhere, such as a file's name or an error, made fit for one line on a terminal."""


def one_line(text: object) -> str:
    """The text with its white space folded, and every character that does not print written out, as `\\x1b` for escape.

    Example:
        >>> one_line(ValueError("two\\nlines \\x1b[31m"))
        'two lines \\\\x1b[31m'
    """
    folded = " ".join(str(text).split())
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in folded)
