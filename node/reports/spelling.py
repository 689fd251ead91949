"""Numbers and words as reports print them: ASCII in DICOM text, so that no character set is ever in the way."""

import math
import unicodedata

_REPLACEMENTS = str.maketrans(
    {
        "\N{EN DASH}": "-",
        "\N{EM DASH}": "-",
        "\N{MINUS SIGN}": "-",
        "\N{GREATER-THAN OR EQUAL TO}": ">=",
        "\N{LESS-THAN OR EQUAL TO}": "<=",
        "\N{MULTIPLICATION SIGN}": "x",
        "\N{MIDDLE DOT}": "-",
        "\N{PLUS-MINUS SIGN}": "+/-",
        "\N{MICRO SIGN}": "u",
        "\N{GREEK SMALL LETTER MU}": "u",
        "\N{DEGREE SIGN}": " deg",
    }
)


def ascii_text(text: str) -> str:
    """The same text in ASCII: encodable under every Specific Character Set, so no byte of a name has to change.

    Examples
    --------
    >>> ascii_text("category ≥ 400, 1 mm², naïve")
    'category >= 400, 1 mm2, naive'
    """
    plain = unicodedata.normalize("NFKD", text.translate(_REPLACEMENTS))
    kept = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return kept.encode("ascii", "replace").decode("ascii")


def decimal_string(value: float) -> str:
    """Decimal String of at most 16 characters and ten significant digits; whole numbers without a point.

    Examples
    --------
    >>> decimal_string(9.0), decimal_string(312.44705882352940), decimal_string(0.0)
    ('9', '312.4470588', '0')
    """
    if not math.isfinite(value):
        raise ValueError(f"a report cannot state {value}: the score holds a number that is none")
    return f"{value:.10g}"


def one_decimal(value: float) -> str:
    """One decimal; what is more than nothing never reads as 0.0.

    Examples
    --------
    >>> [one_decimal(value) for value in (0.0, 0.02, 41.25)]
    ['0.0', '< 0.1', '41.2']
    """
    return "< 0.1" if 0 < value < 0.05 else f"{value:.1f}"


def ordinal(number: int) -> str:
    """English ordinal.

    Examples
    --------
    >>> [ordinal(number) for number in (1, 2, 3, 11, 52, 90)]
    ['1st', '2nd', '3rd', '11th', '52nd', '90th']
    """
    if number % 100 in (11, 12, 13):
        return f"{number}th"
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th') }"


def shortened(text: str, limit: int) -> str:
    """Text that fits a value representation: cut with three points where it is too long."""
    return text if len(text) <= limit else text[: limit - 3].rstrip() + "..."
