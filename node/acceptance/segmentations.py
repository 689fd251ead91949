"""References from DICOM Segmentations: which series each belongs to. Their voxels are read when it is compared."""

import json
from collections.abc import Sequence
from pathlib import Path

from pydicom.uid import SegmentationStorage

from node import sandbox
from node.acceptance.reference import AcceptanceError, Gathered, Reference, SeriesHere
from node.reading import HEADER_LIMITS, ReadingError
from node.reading.attributes import items, text
from node.reading.header import open_header

FILES_AT_ONCE = 200


def read_segmentations(paths: Sequence[Path], here: Sequence[SeriesHere], gathered: Gathered, *, must_be: bool) -> None:
    """Match every Segmentation among the files with the series that it names, or with the one of its frame.

    Raises
    ------
    AcceptanceError
        With `must_be`, where the file is none.
    """
    found = 0
    for start in range(0, len(paths), FILES_AT_ONCE):
        batch = paths[start : start + FILES_AT_ONCE]
        answer = sandbox.run(targets_of_files, json.dumps([str(path) for path in batch]), limits=HEADER_LIMITS)
        for path, target in zip(batch, json.loads(answer), strict=True):
            if target is not None:
                found += 1
                _match(path, target["series"], target["frame"], here, gathered)
    if must_be and not found:
        raise AcceptanceError(
            "reference", f"{paths[0].name} is no reference: it is neither CSV, JSON, SEG nor contours"
        )


def targets_of_files(paths_json: str) -> str:
    """Body of the child: for each file the series and the frame of reference that it segments; null for other files."""
    return json.dumps([_target(Path(path)) for path in json.loads(paths_json)])


def _target(path: Path) -> dict[str, object] | None:
    try:
        header, _ = open_header(path)
    except ReadingError:
        return None
    if text(header, "SOPClassUID") != SegmentationStorage:
        return None
    named = [text(item, "SeriesInstanceUID") for item in items(header, "ReferencedSeriesSequence")]
    return {"series": [uid for uid in named if uid], "frame": text(header, "FrameOfReferenceUID")}


def _match(path: Path, named: Sequence[str], frame: str, here: Sequence[SeriesHere], gathered: Gathered) -> None:
    present = {one.series_uid for one in here}
    of_series = [uid for uid in named if uid in present]
    of_frame = [one.series_uid for one in here if frame and one.frame_of_reference_uid == frame]
    if len(of_series) == 1 or (not named and len(of_frame) == 1):
        uid = (of_series or of_frame)[0]
        gathered.references.append(Reference(series_uid=uid, source=path.name, segmentation=path))
    elif not of_series and not of_frame:
        gathered.drop(named[0] if named else "", f"no image of the series that {path.name} segments lies in the folder")
    else:
        gathered.drop("", f"{path.name} does not say which of {len(of_series or of_frame)} series it segments")
