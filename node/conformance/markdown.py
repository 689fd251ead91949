"""Tables as Markdown text."""

from collections.abc import Iterable, Sequence


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    r"""A table; bars inside cells are escaped.

    Examples
    --------
    >>> print(table(("key", "default"), [("port", "11112"), ("form", "a|b")]))
    | key | default |
    |---|---|
    | port | 11112 |
    | form | a\|b |
    """
    lines = [heads, *rows]
    written = [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines]
    return "\n".join([written[0], "|" + "---|" * len(heads), *written[1:]])


def literal(text: str) -> str:
    """Text as it stands in code or in an object; nothing for nothing."""
    return f"`{text}`" if text else ""
