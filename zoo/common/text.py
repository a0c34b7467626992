"""Text that comes from elsewhere, such as a file's name or an error, made fit for one line on a terminal."""


def printable(text: str) -> str:
    """The text with every character that does not print written out: a name can neither move the cursor, nor colour the screen.

    Example:
        >>> printable("a\\x1b[2Jb")
        'a\\\\x1b[2Jb'
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)


def one_line(text: object) -> str:
    """The text with its white space folded, and every character that does not print written out, as `\\x1b` for escape.

    Example:
        >>> one_line(ValueError("two\\nlines \\x1b[31m"))
        'two lines \\\\x1b[31m'
    """
    return printable(" ".join(str(text).split()))
