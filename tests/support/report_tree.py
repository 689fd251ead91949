"""Reading a report's content tree back: what a consumer of the Structured Report does."""

from collections.abc import Iterator

from pydicom import Dataset


def items(root: Dataset) -> Iterator[Dataset]:
    """Every content item below the root, depth first."""
    for child in root.get("ContentSequence", ()):
        yield child
        yield from items(child)


def groups(sr: Dataset) -> list[Dataset]:
    """Measurement groups in their order: the total, then the vessels with calcium."""
    return [item for item in items(sr) if item.ValueType == "CONTAINER" and concept(item) == "125007"]


def concept(item: Dataset) -> str:
    """Code value of the item's concept name."""
    return str(item.ConceptNameCodeSequence[0].CodeValue)


def children(group: Dataset, code: str, value_type: str | None = None) -> list[Dataset]:
    """Children with a concept name, by its code value."""
    return [
        child for child in group.ContentSequence if concept(child) == code and value_type in (None, child.ValueType)
    ]


def site(item: Dataset) -> str | None:
    """Code value of the Finding Site directly below an item."""
    found = [child for child in item.get("ContentSequence", ()) if concept(child) == "363698007"]
    return str(found[0].ConceptCodeSequence[0].CodeValue) if found else None


def number(num: Dataset) -> float:
    """The exact value of a NUM: the floating point value where there is one."""
    value = num.MeasuredValueSequence[0]
    return float(value.get("FloatingPointValue", value.NumericValue))


def unit(num: Dataset) -> str:
    """Code value of a NUM's unit."""
    return str(num.MeasuredValueSequence[0].MeasurementUnitsCodeSequence[0].CodeValue)


def coded_items(ds: Dataset) -> Iterator[tuple[str, str, str]]:
    """Every coded triplet of a data set, at any depth: value, scheme, meaning."""
    for element in ds:
        if element.VR != "SQ":
            continue
        for item in element.value:
            if "CodeMeaning" in item:
                yield str(item.CodeValue), str(item.CodingSchemeDesignator), str(item.CodeMeaning)
            yield from coded_items(item)
