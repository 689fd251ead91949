"""The calibration entry of a phantom scan: into the file that the node reads as `[score] calibration`."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from node import durable
from node.calibration import SCHEMA, read_calibrations
from node.facts import CalciumNodeError

SOURCE = "phantom QA"

_SAME = ("manufacturer", "model", "station", "kvp", "kernel", "patient_size", "source")
"""An entry that agrees in all of these is the same calibration, measured anew."""


class CalibrationNotWrittenError(CalciumNodeError):
    """There is nothing to write, or the file there must not be touched."""


def entry_of(document: Mapping[str, Any], measured_on: date) -> dict[str, Any]:
    """The entry of a judged scan.

    Raises
    ------
    CalibrationNotWrittenError
        The scan failed, has no factor of its own, or does not say what it was made with.
    """
    factor, scanner = document["calibration_mg_per_mm3_hu"], document["scanner"]
    if document["verdict"] == "fail":
        raise CalibrationNotWrittenError("verdict", "no calibration is written: the scan failed")
    if factor is None:
        raise CalibrationNotWrittenError(
            "rods", "no calibration is written: the scan does not show the rods that a mass factor is measured from"
        )
    missing = [name for name in ("manufacturer", "model", "kvp", "kernel") if not scanner[name]]
    if missing:
        raise CalibrationNotWrittenError(
            "scanner", f"no calibration is written: the images do not state {' and '.join(missing)}, which it holds for"
        )
    return {
        "manufacturer": scanner["manufacturer"],
        "model": scanner["model"],
        "station": None,
        "kvp": scanner["kvp"],
        "kernel": scanner["kernel"],
        "patient_size": document["phantom"]["size"],
        "mg_per_mm3_hu": factor,
        "measured_on": measured_on.isoformat(),
        "source": SOURCE,
    }


def put_entry(path: Path, entry: Mapping[str, Any]) -> str:
    """Add the entry to a calibration file, or put it in place of the same one; says which.

    Raises
    ------
    node.settings.SettingsError
        The file is there and is no calibration file: it stays as it is.
    OSError
        The disk refuses; the file stays as it is.
    """
    entries: list[Mapping[str, Any]] = []
    if path.exists():
        read_calibrations(path)
        entries = json.loads(path.read_text(encoding="utf-8"))["entries"]
    kept = [one for one in entries if any(one.get(key) != entry[key] for key in _SAME)]
    text = json.dumps({"schema": SCHEMA, "entries": [*kept, entry]}, ensure_ascii=False, indent=1) + "\n"
    durable.put(path, [text.encode()])
    return "replaced an earlier entry" if len(kept) < len(entries) else "added an entry"


def measured_on(stated: str, now: datetime) -> date:
    """Day of the scan from a DICOM date, or today where it states none.

    Examples
    --------
    >>> measured_on("20160211", datetime(2026, 3, 2, tzinfo=UTC)).isoformat()
    '2016-02-11'
    """
    try:
        return datetime.strptime(stated[:8], "%Y%m%d").replace(tzinfo=UTC).date()
    except ValueError:
        return now.date()
