"""Every finding that can be raised is told by a meaning that was written for it."""

import re
from pathlib import Path

import pytest

from node.reports import codes

ROOT = Path(__file__).parents[3]
CODE = re.compile(r'(?:code=|UnfitError\(\s*|Refusal\(\s*code=)"([a-z_]+)"')
NOT_REPORTED = {"waiting", "whole", "scored", "alternative", "defect"}
"""Words of intake and pipeline about a series: no report holds them."""


def raised() -> list[str]:
    """Codes of findings and of refusals in the source of the rooms that make them."""
    sources = [path for room in ("scoring", "node/intake", "node/reading") for path in (ROOT / room).rglob("*.py")]
    found = {code for path in sources for code in CODE.findall(path.read_text(encoding="utf-8"))}
    return sorted(found - NOT_REPORTED)


def test_the_search_finds_codes_of_all_kinds() -> None:
    assert {"contrast", "gap", "mirrored", "image_type", "zero_or_one_uncertain", "mass_factor"} <= set(raised())


@pytest.mark.parametrize("code", raised())
def test_a_finding_has_a_meaning_of_its_own_that_fits_the_standard(code: str) -> None:
    """Mutation: a code without an entry reads as its own name with the first letter large."""
    told = codes.finding(code)
    assert code in codes.FINDINGS
    assert told.meaning == codes.FINDINGS[code]
    assert len(told.value) <= 16
    assert len(told.meaning) <= 64
    assert told.meaning.isascii()


def test_no_two_findings_share_a_code_value() -> None:
    values = [codes.finding(code).value for code in codes.FINDINGS]
    assert len(set(values)) == len(values)
