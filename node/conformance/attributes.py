"""The attributes of the objects that the node writes, from samples: fixed values are printed, the others explained."""

import ast
import inspect
import pkgutil
from collections.abc import Iterable, Iterator, Sequence
from importlib import import_module

from pydicom import DataElement, Dataset
from pydicom.datadict import dictionary_description, tag_for_keyword
from pydicom.tag import Tag

import node.reading
from node.conformance.markdown import literal, table
from node.reports.source import VERBATIM

_LONGEST_VALUE = 90
_OPAQUE = ("ContentSequence", "PixelData")
_OF_THE_JOB = {"DA": "date of the job", "TM": "time of the job"}
_OURS = "2.25."


def attribute_table(one: Dataset, other: Dataset, *, as_the_ct: frozenset[str]) -> str:
    """Attributes of one kind of object; `other` is the same kind of another result.

    What both share is fixed; what stands in `as_the_ct` is the CT image's; what is copied verbatim is left to its list.
    """
    rows = list(_rows(one, other, as_the_ct, depth=0))
    return table(("tag", "attribute", "VR", "value"), rows)


def keyword_table(keywords: Iterable[str]) -> str:
    """Attributes by tag and name."""
    tags = sorted(tag for keyword in keywords if (tag := tag_for_keyword(keyword)) is not None)
    return table(("tag", "attribute"), [(_tag(tag), dictionary_description(tag)) for tag in tags])


def verbatim_keywords() -> tuple[str, ...]:
    """Attributes of patient and study that every object repeats byte for byte."""
    return VERBATIM


def keywords_read() -> frozenset[str]:
    """Attributes that the reading room asks for: every keyword of PS3.6 that stands in its source."""
    found = set()
    for module in pkgutil.iter_modules(node.reading.__path__):
        tree = ast.parse(inspect.getsource(import_module(f"node.reading.{module.name}")))
        words = {one.value for one in ast.walk(tree) if isinstance(one, ast.Constant) and isinstance(one.value, str)}
        names = {one.attr for one in ast.walk(tree) if isinstance(one, ast.Attribute)}
        found |= {word for word in words | names if word and tag_for_keyword(word) is not None}
    return frozenset(found)


def _rows(one: Dataset, other: Dataset, as_the_ct: frozenset[str], *, depth: int) -> Iterator[Sequence[str]]:
    for element in one:
        keyword = element.keyword
        if depth == 0 and keyword in VERBATIM:
            continue
        twin = other.get_item(element.tag) and other[element.tag]
        yield (
            literal(">" * depth) + (" " if depth else "") + _tag(element.tag),
            element.name,
            str(element.VR),
            _value(element, twin, as_the_ct if depth == 0 else frozenset()),
        )
        if element.VR == "SQ" and element.value and not _is_code(element) and keyword not in _OPAQUE:
            beside = twin.value[0] if twin is not None and twin.value else Dataset()
            yield from _rows(element.value[0], beside, as_the_ct, depth=depth + 1)


def _value(element: DataElement, twin: DataElement | None, as_the_ct: frozenset[str]) -> str:
    if element.keyword in _OPAQUE:
        return "see below" if element.VR == "SQ" else "the picture or the mask"
    if element.keyword in as_the_ct:
        return "as in the CT image"
    if element.VR == "SQ":
        return _terms(element, twin) if _is_code(element) else _items(element)
    if element.is_empty:
        return "empty"
    return literal(_shown(element)) if twin is not None and element.value == twin.value else _source(element)


def _source(element: DataElement) -> str:
    """Where a value comes from that is not the same in every object."""
    if element.VR == "UI":
        return "derived" if str(element.value).startswith(_OURS) else "of the CT"
    return _OF_THE_JOB.get(str(element.VR), "varies")


def _shown(element: DataElement) -> str:
    parts = element.value if element.VM > 1 else [element.value]
    text = "\\".join(str(part) for part in parts)
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"


def _items(element: DataElement) -> str:
    return "empty" if not element.value else "1 item" if len(element.value) == 1 else "1-n items"


def _terms(element: DataElement, twin: DataElement | None) -> str:
    found = [_code(item) for one in (element, twin) if one is not None for item in one.value]
    several = dict.fromkeys(found)
    return "; ".join(several) if len(several) == 1 else f"one of the coded terms below, as {next(iter(several))}"


def _is_code(element: DataElement) -> bool:
    return bool(element.value) and "CodeValue" in element.value[0] and len(element.value[0]) <= 4


def _code(item: Dataset) -> str:
    return f"({item.CodeValue}, {item.CodingSchemeDesignator}, {item.CodeMeaning})"


def _tag(tag: int) -> str:
    at = Tag(tag)
    return f"({at.group:04X},{at.element:04X})"
