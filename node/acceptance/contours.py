"""References from contour property lists as OsiriX exports them and the Stanford COCA collection ships them.

One file a patient, named by the patient's number, which is also a folder of the series. Calcium is what lies above the
threshold inside a polygon: the polygons are drawn generously.
"""

import os
import plistlib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from xml.parsers.expat import ExpatError

from node.acceptance.reference import LARGEST_FILE_BYTES, Contour, Gathered, Reference, SeriesHere
from scoring.result import Vessel

SUFFIXES = (".xml", ".plist")

VESSEL_OF_NAME = {
    "left coronary artery": Vessel.LM,
    "left anterior descending artery": Vessel.LAD,
    "left circumflex artery": Vessel.LCX,
    "right coronary artery": Vessel.RCA,
}
"""Other names, misspelt ones too, are refused by name and never guessed: a guess moves calcium between arteries."""

_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_LARGEST_COORDINATE = 1e5


class _BadContoursError(Exception):
    """Why the contours of one patient cannot be used."""


def is_contour_file(path: Path) -> bool:
    """By its name."""
    return path.suffix.lower() in SUFFIXES


def contours_of_file(path: Path, here: Sequence[SeriesHere], gathered: Gathered, *, alone: bool) -> None:
    """Read one patient's contours and match them with the series that lies in a folder of that name.

    With `alone`, where this file is the whole reference, the only series there is needs no such folder.
    """
    number = path.stem
    series = [one for one in here if number in _folders_apart(one, here)]
    if alone and len(here) == 1:
        series = list(here)
    if not series:
        gathered.drop("", f"{path.name}: no series lies in a folder named {number}")
        return
    if len(series) > 1:
        for one in series:
            gathered.drop(one.series_uid, f"{path.name}: {len(series)} series lie in the folder {number}")
        return
    uid = series[0].series_uid
    try:
        contours = tuple(_contours(path))
    except _BadContoursError as fault:
        gathered.drop(uid, f"{path.name}: {fault}")
        return
    gathered.references.append(Reference(series_uid=uid, source=path.name, contours=contours))


def _folders_apart(series: SeriesHere, here: Sequence[SeriesHere]) -> set[str]:
    """Names of the folders that hold this series and not all of them: those above tell no patients apart."""
    files = [file for one in here for file in one.paths]
    common = len(Path(os.path.commonpath(files)).parts) if len(here) > 1 else 0
    return {part for file in series.paths for part in file.parts[common:-1]}


def _contours(path: Path) -> Iterator[Contour]:
    for image in _images(path):
        index = image.get("ImageIndex")
        if not isinstance(index, int):
            raise _BadContoursError("an image has no ImageIndex")
        rois = image.get("ROIs", [])
        if not isinstance(rois, list):
            raise _BadContoursError(f"the ROIs of image {index} are no list")
        for roi in rois:
            contour = _contour(roi, index)
            if contour is not None:
                yield contour


def _images(path: Path) -> list[dict[str, Any]]:
    try:
        if path.stat().st_size > LARGEST_FILE_BYTES:
            raise _BadContoursError(f"it is larger than {LARGEST_FILE_BYTES >> 20} MB")
        with path.open("rb") as file:
            record = plistlib.load(file)
    except (OSError, ValueError, ExpatError, plistlib.InvalidFileException, AttributeError, IndexError, TypeError):
        raise _BadContoursError("it is no property list") from None
    images = record.get("Images") if isinstance(record, dict) else None
    if not isinstance(images, list) or not all(isinstance(image, dict) for image in images):
        raise _BadContoursError("it has no list of Images")
    return images


def _contour(roi: object, index: int) -> Contour | None:
    """One polygon; None for an empty one, of which every export has some."""
    if not isinstance(roi, dict):
        raise _BadContoursError(f"an ROI of image {index} is no dictionary")
    points = roi.get("Point_mm") or []
    if not points or not _positive(roi.get("Area", 1.0)):
        return None
    name = str(roi.get("Name", ""))
    vessel = VESSEL_OF_NAME.get(" ".join(name.split()).casefold())
    if vessel is None:
        known = ", ".join(sorted(VESSEL_OF_NAME))
        raise _BadContoursError(f"a contour of image {index} is named {name[:60]!r}, which is none of: {known}")
    points_mm = tuple(_numbers(point, 3, index) for point in points)
    if len({round(point[2], 2) for point in points_mm}) > 1:
        raise _BadContoursError(f"a contour of image {index} does not lie in one slice")
    pixels = roi.get("Point_px") or []
    points_px = tuple(_numbers(point, 2, index) for point in pixels) if len(pixels) == len(points) else ()
    return Contour(vessel=vessel, points_mm=points_mm, points_px=points_px, image_index=index)


def _positive(area: object) -> bool:
    try:
        return float(str(area)) > 0
    except ValueError:
        raise _BadContoursError(f"the Area {str(area)[:20]!r} of a contour is not a number") from None


def _numbers(point: object, count: int, index: int) -> Any:  # noqa: ANN401 - two or three floats
    """Numbers of a point, written "(x, y, z)"; anything else in it is refused, never evaluated."""
    words = str(point).strip().removeprefix("(").removesuffix(")").split(",")
    if len(words) != count or not all(_NUMBER.fullmatch(word.strip()) for word in words):
        raise _BadContoursError(f"a point of image {index} is written {str(point)[:40]!r}, not as {count} numbers")
    values = tuple(float(word) for word in words)
    if not all(abs(value) < _LARGEST_COORDINATE for value in values):
        raise _BadContoursError(f"a point of image {index} lies outside any scan")
    return values
