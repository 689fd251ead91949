"""The content tree of a report as a table: which item stands where, how often in each kind of result."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pydicom import Dataset

from node.conformance.markdown import literal, table

_MANY_VALUES = 4
_ABBREVIATED = {
    "CONTAINS": "C",
    "HAS CONCEPT MOD": "HCM",
    "HAS OBS CONTEXT": "HOC",
    "HAS PROPERTIES": "HP",
    "INFERRED FROM": "IF",
    "SELECTED FROM": "SF",
}


@dataclass(slots=True)
class _Node:
    """One kind of item, gathered over all samples."""

    relation: str = ""
    value_type: str = ""
    concept: str = ""
    values: dict[str, None] = field(default_factory=dict)
    counts: dict[str, list[int]] = field(default_factory=dict)
    children: dict[tuple[str, ...], "_Node"] = field(default_factory=dict)


def content_tree(roots: Mapping[str, Dataset]) -> str:
    """Table of the tree; `roots` are documents by the kind of their result."""
    top = _Node()
    for kind, root in roots.items():
        _gather(top, [root], kind)
    rows: list[Sequence[str]] = []
    _write(top, rows, list(roots), depth=0)
    return table(("nesting", "rel", "VT", "concept name", "value", *roots), rows)


def _gather(parent: _Node, items: Sequence[Dataset], kind: str) -> None:
    same: dict[tuple[str, ...], list[Dataset]] = {}
    for item in items:
        same.setdefault(_sort_of(item), []).append(item)
    for sort, found in same.items():
        node = parent.children.setdefault(sort, _Node(relation=sort[0], value_type=sort[1], concept=sort[2]))
        node.counts.setdefault(kind, []).append(len(found))
        for item in found:
            node.values |= dict.fromkeys(_values(item))
            _gather(node, item.get("ContentSequence", ()), kind)


def _sort_of(item: Dataset) -> tuple[str, ...]:
    """What tells items apart: relation, type, name; groups by what they track, scores by whether they name a vessel."""
    name = _code(item.ConceptNameCodeSequence[0]) if "ConceptNameCodeSequence" in item else ""
    children = item.get("ContentSequence", ())
    tracked = [child.TextValue for child in children if child.ValueType == "TEXT" and _named(child, "112039")]
    sited = item.ValueType == "NUM" and any(_named(child, "363698007") for child in children)
    which = "total" if "Calcium total" in tracked else "vessel" if tracked else "of a vessel" if sited else ""
    return (item.get("RelationshipType", ""), item.ValueType, name, which)


def _named(item: Dataset, code: str) -> bool:
    return "ConceptNameCodeSequence" in item and item.ConceptNameCodeSequence[0].CodeValue == code


def _values(item: Dataset) -> list[str]:
    if item.ValueType == "NUM":
        return [f"in {_code(item.MeasuredValueSequence[0].MeasurementUnitsCodeSequence[0])}"]
    if item.ValueType == "CODE":
        return [_code(item.ConceptCodeSequence[0])]
    if item.ValueType == "SCOORD":
        return [item.GraphicType]
    if item.ValueType == "CONTAINER":
        template = item.get("ContentTemplateSequence")
        return [item.ContinuityOfContent + (f", template {template[0].TemplateIdentifier}" if template else "")]
    return []


def _write(node: _Node, rows: list[Sequence[str]], kinds: Sequence[str], *, depth: int) -> None:
    for sort, child in node.children.items():
        name = f"{child.concept} ({sort[3]})" if sort[3] else child.concept
        many = len(child.values) > _MANY_VALUES
        value = "one of the coded terms below" if many else "; ".join(child.values)
        often = [_often(child.counts.get(kind, [])) for kind in kinds]
        relation = _ABBREVIATED.get(child.relation, child.relation)
        rows.append((literal(">" * depth), relation, child.value_type, name, value, *often))
        _write(child, rows, kinds, depth=depth + 1)


def _often(counts: Sequence[int]) -> str:
    """In words of a table: never, once, several."""
    if not counts:
        return "-"
    return "1" if max(counts) == 1 else "1-n"


def _code(item: Dataset) -> str:
    return f"({item.CodeValue}, {item.CodingSchemeDesignator}, {item.CodeMeaning})"
