"""Values of a header, whatever stands there: a value that cannot be understood counts as absent, never as an exception.

pydicom converts an element when it is first looked at, so a bad one raises in the middle of the work; here it is
caught.
"""

import math
import re
import struct

from pydicom.dataset import Dataset
from pydicom.errors import BytesLengthException
from pydicom.multival import MultiValue

CONVERSION_FAULTS = (
    ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, NotImplementedError, LookupError,
    struct.error, EOFError, BytesLengthException,
)  # fmt: skip
"""What pydicom raises for a value that breaks its VR, seen in the odd files and in its issues."""


def words(header: Dataset, keyword: str) -> tuple[str, ...]:
    """All values of an attribute as text, stripped; () where it is absent or empty."""
    try:
        value = header[keyword].value if keyword in header else None
        if value is None or value == "":
            return ()
        # A person's name can be iterated too, over its letters.
        parts = list(value) if isinstance(value, MultiValue | list | tuple) else [value]
        return tuple(str(part).strip(" \0") for part in parts)
    except CONVERSION_FAULTS:
        return ()


def text(header: Dataset, keyword: str) -> str:
    """An attribute as text, several values joined by a backslash as in the file; "" where it is absent."""
    return "\\".join(words(header, keyword))


def folded(value: str) -> str:
    """Text for comparing: lower case, runs of blanks as one."""
    return re.sub(r"\s+", " ", value).strip().lower()


def numbers(header: Dataset, keyword: str) -> tuple[float, ...]:
    """All values as finite numbers; () where one is none."""
    try:
        values = tuple(float(word) for word in words(header, keyword))
    except ValueError:
        return ()
    return values if all(math.isfinite(value) for value in values) else ()


def number(header: Dataset, keyword: str) -> float | None:
    """First value as a finite number, or None."""
    values = numbers(header, keyword)
    return values[0] if values else None


def whole(header: Dataset, keyword: str) -> int | None:
    """First value as a whole number, or None."""
    value = number(header, keyword)
    return int(value) if value is not None and value == int(value) else None


def items(header: Dataset, keyword: str) -> list[Dataset]:
    """Items of a sequence; [] where it is absent or no sequence."""
    try:
        value = header[keyword].value if keyword in header else None
        return [item for item in value or () if isinstance(item, Dataset)]
    except CONVERSION_FAULTS:
        return []
