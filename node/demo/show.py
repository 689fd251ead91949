"""What the demo prints at its end, and the pictures that it leaves."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image
from pydicom import dcmread
from rich.console import Console
from rich.table import Table

from node.demo.walk import SeriesOutcome, Walked

NAMES = {
    "1.2.840.10008.5.1.4.1.1.88.34": "Structured Report",
    "1.2.840.10008.5.1.4.1.1.88.11": "Basic Text SR",
    "1.2.840.10008.5.1.4.1.1.7": "Secondary Capture",
    "1.2.840.10008.5.1.4.1.1.66.4": "Segmentation",
}


def show(walked: Walked) -> None:
    """Print tables on standard output and write the pictures beside what arrived."""
    console = Console(markup=False, highlight=False)
    for one in walked.series:
        _series(console, one)
    _arrivals(console, walked)
    stages = Table("stage", "seconds", title="How long it took", title_justify="left")
    stages.columns[1].justify = "right"
    for name, seconds in walked.stages_s.items():
        stages.add_row(name, f"{seconds:.2f}")
    console.print(stages)
    pictures = _pictures(walked)
    console.print(f"What arrived at the PACS lies in {walked.folder}", soft_wrap=True)
    if pictures:
        rest = f" and {len(pictures) - 1} of the slices beside it" if len(pictures) > 1 else ""
        console.print(f"Pictures to look at: {pictures[0]}{rest}", soft_wrap=True)


def _series(console: Console, one: SeriesOutcome) -> None:
    console.print(f"Series {one.series_instance_uid}: {one.state}", soft_wrap=True)
    document = one.document
    if document is None or document["status"] != "scored":
        console.print(f"  {one.reason}", soft_wrap=True)
        return
    console.print(_numbers(document, one.truth))
    risk = document["risk"]
    percentile = risk["percentile"]
    said = percentile["value"] if percentile and percentile["value"] is not None else None
    console.print(f"Category {risk['category']}, CAC-DRS {risk['cac_drs']}")
    if said is not None:
        console.print(f"Percentile {said} ({percentile['population']})", soft_wrap=True)
    else:
        console.print(f"Percentile: {risk['percentile_withheld']}", soft_wrap=True)
    for finding in document["quality"]:
        console.print(f"{finding['severity']}: {finding['sentence']}", soft_wrap=True)
    console.print("Preliminary: a physician has to verify it.")


def _numbers(document: Mapping[str, Any], truth: Mapping[str, Any] | None) -> Table:
    mass = "mass mg" if document["total"]["mass_calibrated"] else "mass mg (uncalibrated)"
    table = Table("vessel", "Agatston", "volume mm3", mass, "lesions", title="Calcium score", title_justify="left")
    if truth:
        table.add_column("truth Agatston")
    for column in table.columns[1:]:
        column.justify = "right"
    for name, row in [*document["vessels"].items(), ("total", document["total"])]:
        volume = (
            row["volume_isotropic_mm3"]
            if document["protocol"].get("printed_volume") == "isotropic"
            else row["volume_mm3"]
        )
        cells = [name, f"{row['agatston']:.1f}", f"{volume:.1f}", f"{row['mass_mg']:.1f}", str(row["lesions"])]
        if truth:
            true = truth["total"] if name == "total" else truth["vessels"][name]
            cells.append(f"{true['agatston']:.1f}")
        table.add_row(*cells)
    return table


def _arrivals(console: Console, walked: Walked) -> None:
    table = Table("object", "kind", "count", "bytes", title="Arrived at the PACS", title_justify="left")
    table.columns[2].justify = table.columns[3].justify = "right"
    sizes: dict[tuple[str, str], list[int]] = {}
    for one in walked.arrived:
        described = str(
            dcmread(one.path, stop_before_pixels=True, specific_tags=["SeriesDescription"]).SeriesDescription
        )
        kind = NAMES.get(one.sop_class_uid, one.sop_class_uid)
        sizes.setdefault((described, kind), []).append(one.path.stat().st_size)
    for (described, kind), found in sizes.items():
        table.add_row(described, kind, str(len(found)), f"{sum(found):,}")
    console.print(table)


def _pictures(walked: Walked) -> Sequence[Path]:
    """A PNG of each Secondary Capture that arrived: made from the object, so that it shows what a viewer shows."""
    written = []
    for one in walked.arrived:
        if NAMES.get(one.sop_class_uid) == "Secondary Capture":
            picture = one.path.with_suffix(".png")
            Image.fromarray(dcmread(one.path).pixel_array).save(picture)
            written.append(picture)
    return written
