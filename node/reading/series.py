"""Files of one series → Volume, Acquisition, Demographics, SourceHeader. Runs inside the sandbox.

Two passes: headers first, so that a series that cannot be stacked costs no decoding; then each slice is decoded
straight into its place in the volume.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import Dataset
from pydicom.uid import UID

from node.facts import FramePlane, SourceHeader
from node.reading.acquisition import acquisition
from node.reading.attributes import CONVERSION_FAULTS, folded, text, whole
from node.reading.header import MAX_PIXEL_BYTES, is_lossy, open_header
from node.reading.person import demographics
from node.reading.pixels import Rescale, Slice, decode, hounsfield, padding_stored, rescale, signs_differ
from node.reading.planes import frame_plane, frames, is_enhanced, plane_headers
from node.reading.source import source_header
from node.reading.unreadable import ReadingError
from scoring.protocol import Acquisition
from scoring.result import Demographics, UnfitError
from scoring.volume import StackGeometry, Volume, stack_geometry

SAME_DIRECTION = 1e-3
"""Largest difference of a direction cosine between slices of one stack: 0.06 degrees."""

SAME_SPACING_SHARE = 1e-3

AIR_RANGE_HU = (-1100.0, -600.0)
LEAST_AIR_SHARE = 0.005
"""Share of the voxels that are air or lung in any scan of a chest."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SeriesRead:
    """One series, ready to be scored and reported."""

    volume: Volume
    acquisition: Acquisition
    demographics: Demographics
    source: SourceHeader


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Slice:
    path: Path
    frame: int
    frame_number: int | None  # 1-based; None for a classic image
    header: Dataset  # flat, without pixels
    plane: FramePlane
    scale: Rescale


def read_series(paths: Sequence[Path], *, default_ethnic_group: str = "") -> SeriesRead:
    """Read all images of one series.

    Parameters
    ----------
    paths : files of one series, in any order; an object that is there twice is used once
    default_ethnic_group : str
        As the site states it; "" where it states none.

    Returns
    -------
    SeriesRead
        Slices ascend along the normal; HU is int16 where every value is whole, else float32, and never below -1024.

    Raises
    ------
    ReadingError
        A file cannot be read, or the files are not one series.
    scoring.result.UnfitError
        The images can be read and make no regular stack: ``too_few``, ``gap``, ``uneven``, ``not_axial``,
        ``duplicate_position``, ``geometry``.
    """
    slices = _without_duplicates([one for path in paths for one in _slices_of(path)])
    _check_one_series(slices)
    first = slices[0].plane
    stack = stack_geometry([one.plane.position_lps_mm for one in slices], first.orientation, first.pixel_spacing_mm)
    ordered = [slices[index] for index in stack.order]
    volume = _volume(ordered, stack)
    headers = [one.header for one in ordered]
    return SeriesRead(
        volume=volume,
        acquisition=acquisition(headers[0], padding_hu=_padding_hu(ordered[0])),
        demographics=demographics(headers[0], ethnic_group=default_ethnic_group),
        source=source_header(headers, [one.frame_number for one in ordered]),
    )


# ------------------------------------------------------------------------------------------ headers


def _slices_of(path: Path) -> list[_Slice]:
    header, layout = open_header(path)
    if not layout.has_pixels:
        raise ReadingError("pixels", "an object of the series has no pixels; send the original images")
    several = is_enhanced(header)
    planes = plane_headers(header)
    if len(planes) != frames(header):
        raise UnfitError(
            "geometry",
            f"an object holds {frames(header)} frames and says where {len(planes)} of them lie; "
            "send the original images",
        )
    slices = []
    for frame, flat in enumerate(planes):
        if is_lossy(flat, layout.transfer_syntax_uid):
            syntax = UID(layout.transfer_syntax_uid).name
            raise ReadingError(
                "lossy",
                f"the images were compressed with loss (now {syntax}): CT numbers are changed; send the originals",
            )
        plane = frame_plane(flat)
        if plane is None:
            raise UnfitError(
                "geometry", "an image states no position, orientation or pixel spacing; send the original images"
            )
        slices.append(
            _Slice(
                path=path,
                frame=frame,
                frame_number=frame + 1 if several else None,
                header=flat,
                plane=plane,
                scale=rescale(flat),
            )
        )
    return slices


def _without_duplicates(slices: list[_Slice]) -> list[_Slice]:
    """One slice for each object and frame; other bytes may hold the same object, other pixels contradict it."""
    by_object: dict[tuple[str, int], list[_Slice]] = defaultdict(list)
    for one in slices:
        by_object[text(one.header, "SOPInstanceUID"), one.frame].append(one)
    for twins in by_object.values():
        if len({one.path for one in twins}) > 1:
            _check_same_pixels(twins)
    return [twins[0] for twins in by_object.values()]


def _check_same_pixels(twins: list[_Slice]) -> None:
    first, *others = [_decoded(one, {}, as_whole=False) for one in twins]
    if not all(np.array_equal(first, other) for other in others):
        raise ReadingError(
            "duplicates",
            "two different images carry the same SOP Instance UID: it is not clear which is right; "
            "send the series again",
        )


def _check_one_series(slices: list[_Slice]) -> None:
    if not slices:
        raise UnfitError("too_few", "the series has no image", measured=0.0, unit="slices")
    headers = [one.header for one in slices]
    if len({text(header, "SeriesInstanceUID") for header in headers}) > 1:
        raise ReadingError("mixed_series", "the files belong to more than one series; each is read for itself")
    people = {
        tuple(folded(text(header, keyword)) for keyword in ("PatientID", "PatientBirthDate")) for header in headers
    }
    if len(people) > 1:
        raise ReadingError(
            "mixed_patients", f"the series holds images of {len(people)} patients; correct it at its source"
        )
    sizes = {(whole(header, "Rows"), whole(header, "Columns")) for header in headers}
    if len(sizes) > 1:
        raise UnfitError(
            "geometry", f"the images of the series have {len(sizes)} different sizes; send the original series"
        )
    rows, columns = sizes.pop()
    if (rows or 0) * (columns or 0) * len(slices) * 2 > MAX_PIXEL_BYTES:
        raise ReadingError(
            "too_large", f"{len(slices)} images of {columns} x {rows} pixels are more than one series of a heart"
        )
    _check_parallel(slices)


def _check_parallel(slices: list[_Slice]) -> None:
    directions = np.array([one.plane.orientation for one in slices])
    if float(np.abs(directions - directions[0]).max()) > SAME_DIRECTION:
        raise UnfitError(
            "geometry", "the images of the series have different orientations; send each stack as a series"
        )
    spacings = np.array([one.plane.pixel_spacing_mm for one in slices])
    if (np.abs(spacings - spacings[0]) > SAME_SPACING_SHARE * np.abs(spacings[0])).any():
        raise UnfitError(
            "geometry",
            f"Pixel Spacing changes within the series from {spacings.min():g} to {spacings.max():g} mm; "
            "send the original series",
        )


# ------------------------------------------------------------------------------------------ pixels


def _volume(ordered: list[_Slice], stack: StackGeometry) -> Volume:
    as_whole = all(one.scale.is_whole for one in ordered)
    rows, columns = whole(ordered[0].header, "Rows") or 0, whole(ordered[0].header, "Columns") or 0
    hu = np.empty((len(ordered), rows, columns), np.int16 if as_whole else np.float32)
    opened: dict[Path, Dataset] = {}
    for index, one in enumerate(ordered):
        hu[index] = _decoded(one, opened, as_whole=as_whole)
    _check_plausible(hu, ordered, opened)
    return Volume(hu=hu, voxel_to_lps_mm=stack.voxel_to_lps_mm)


def _decoded(one: _Slice, opened: dict[Path, Dataset], *, as_whole: bool) -> Slice:
    """HU of one slice; `opened` keeps the object of a multi-frame file, so that it is parsed once."""
    whole_object = opened.get(one.path) or _open_with_pixels(one.path)
    if one.frame_number is not None:
        opened[one.path] = whole_object
    return hounsfield(decode(whole_object, one.frame), one.scale, padding_stored(one.header), as_whole=as_whole)


def _open_with_pixels(path: Path) -> Dataset:
    try:
        return pydicom.dcmread(path, force=True)
    except (OSError, *CONVERSION_FAULTS) as fault:
        raise ReadingError("unreadable", f"an image cannot be read again ({type(fault).__name__})") from None


def _check_plausible(hu: np.ndarray, ordered: list[_Slice], opened: dict[Path, Dataset]) -> None:
    """Where codestream and header disagree about the sign, believe the pixels only if they show air."""
    first = ordered[0]
    if not signs_differ(opened.get(first.path) or _open_with_pixels(first.path), first.frame):
        return
    air = float(np.mean((hu > AIR_RANGE_HU[0]) & (hu < AIR_RANGE_HU[1])))
    if air < LEAST_AIR_SHARE:
        raise ReadingError(
            "pixels",
            "the JPEG 2000 images and their headers disagree about the sign, and the decoded CT numbers show no air; "
            "send the images uncompressed",
        )


def _padding_hu(one: _Slice) -> float | None:
    padding = padding_stored(one.header)
    return None if padding is None else padding[0] * one.scale.slope + one.scale.intercept
