"""Every coded term that the reports use, from node.reports.codes."""

from collections.abc import Iterator

from pydicom.sr.coding import Code

from node.conformance.markdown import table
from node.reports import codes
from node.reports.plan import COLOURS


def standard_terms() -> str:
    """Terms of the standard's schemes."""
    return _table(code for code in _all() if code.scheme_designator != codes.PRIVATE)


def private_terms() -> str:
    """Terms of our private scheme."""
    return _table(code for code in _all() if code.scheme_designator == codes.PRIVATE)


def private_scheme() -> str:
    """How the private scheme is declared in every object that uses it."""
    rows = [
        ("Coding Scheme Designator (0008,0102)", codes.PRIVATE),
        ("Coding Scheme UID (0008,010C)", codes.PRIVATE_UID),
        ("Coding Scheme Name (0008,0115)", codes.PRIVATE_NAME),
        ("Coding Scheme Responsible Organization (0008,0116)", codes.PRIVATE_ORGANIZATION),
    ]
    return table(("attribute", "value"), rows)


def vessel_terms() -> str:
    """The arteries: anatomic code and colour, the same in SR, SEG and pictures."""
    rows = [
        (str(vessel), f"({site.value}, {site.scheme_designator}, {site.meaning})", ", ".join(map(str, COLOURS[vessel])))
        for vessel, site in codes.SITES.items()
    ]
    return table(("vessel", "anatomic region", "colour (RGB)"), rows)


def _all() -> Iterator[Code]:
    for value in vars(codes).values():
        if isinstance(value, Code):
            yield value
        elif isinstance(value, dict):
            yield from (one for one in value.values() if isinstance(one, Code))
    yield from (codes.finding(code) for code in codes.FINDINGS)


def _table(found: Iterator[Code]) -> str:
    unique = {(code.scheme_designator, code.value): code.meaning for code in found}
    rows = [(value, scheme, meaning) for (scheme, value), meaning in sorted(unique.items())]
    return table(("code value", "scheme", "code meaning"), rows)
