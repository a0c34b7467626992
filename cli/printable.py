"""Text for the terminal that others had a hand in: names of files, reasons out of files."""


def printable(text: str) -> str:
    """The text with every control character written out, so that a name can neither move the cursor nor colour the screen.

    Example:
        >>> printable("a\\x1b[2Jb")
        'a\\\\x1b[2Jb'
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
