"""References from our own JSON: results of `calcium-node score`, and `truth.json` beside a series."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from node.acceptance.reference import AcceptanceError, Gathered, KnownLesion, Reference, fault_of_numbers, text_of
from scoring.result import Vessel

SCHEMA = "calcium-node.score/1"
BEYOND_MM = 1.5
"""Blur carries a deposit beyond the ball that it was made in."""
LONG_FOR_ITS_VOLUME = 1.6
"""Plaques are longer than balls of their volume."""


def read_json(path: Path, gathered: Gathered, *, must_be: bool) -> None:
    """Read results or truths; other JSON is passed over in a folder, and is an error where it `must_be` one."""
    try:
        record = json.loads(text_of(path))
    except (ValueError, RecursionError) as fault:
        raise AcceptanceError("reference", f"{path.name} is no JSON ({type(fault).__name__})") from None
    documents = record.get("results") if isinstance(record, dict) and record.get("schema") == SCHEMA else record
    listed = documents if isinstance(documents, list) else [documents]
    usable = [one for one in listed if isinstance(one, dict) and {"series_uid", "total", "vessels"} <= set(one)]
    if must_be and not usable:
        raise AcceptanceError(
            "reference",
            f"{path.name} holds neither results of calcium-node score nor a truth with series_uid and total",
        )
    for one in usable:
        _read_one(one, path.name, gathered)


def _read_one(document: Mapping[str, Any], source: str, gathered: Gathered) -> None:
    uid = document["series_uid"]
    if not isinstance(uid, str) or not uid:
        gathered.drop("", f"{source} names no series")
        return
    if document.get("expect") == "refused":
        gathered.references.append(Reference(series_uid=uid, source=source, must_be_refused=True))
        return
    if document.get("status", "scored") != "scored":
        gathered.drop(uid, f"{source}: the reference itself was {document['status']}")
        return
    try:
        total = float(document["total"]["agatston"])
        vessels = {vessel: float(document["vessels"][vessel]["agatston"]) for vessel in Vessel}
        lesions = tuple(filter(None, (_lesion(one, document) for one in document.get("lesions") or ())))
    except (TypeError, KeyError, ValueError, IndexError):
        gathered.drop(uid, f"{source}: total, vessels or lesions do not have the form of the contract")
        return
    fault = fault_of_numbers(total, vessels)
    if fault:
        gathered.drop(uid, f"{source}: {fault}")
        return
    gathered.references.append(
        Reference(
            series_uid=uid,
            source=source,
            total=total,
            vessels=vessels,
            lesions=lesions if "lesions" in document else None,
        )
    )


def _lesion(lesion: Mapping[str, Any], document: Mapping[str, Any]) -> KnownLesion | None:
    """The ball that holds a lesion; None for a deposit of which the image shows nothing."""
    if not float(lesion["agatston"]) > 0:
        return None
    x, y, z = (float(value) for value in lesion["centre_lps_mm"])
    if "radius_mm" in lesion:
        radius = float(lesion["radius_mm"]) + BEYOND_MM
    else:
        ball = (0.75 / 3.14159 * float(lesion["volume_mm3"])) ** (1 / 3)
        increment = float(document["protocol"]["slice_increment_mm"])
        radius = max(LONG_FOR_ITS_VOLUME * ball, len(lesion["slices"]) * increment / 2) + BEYOND_MM
    return KnownLesion(vessel=Vessel(lesion["vessel"]), centre_lps_mm=(x, y, z), radius_mm=radius)
