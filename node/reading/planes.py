"""One flat header per image plane: a classic image itself, or a frame of an enhanced one with its functional groups."""

from pydicom.dataset import Dataset

from node.facts import FramePlane
from node.reading.attributes import CONVERSION_FAULTS, items, number, numbers, whole, words

MAX_FRAMES = 10_000

_GROUPS = ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")
_FRAME_NAMES = {
    "ImageType": "FrameType",
    "AcquisitionNumber": "FrameAcquisitionNumber",
    "AcquisitionDateTime": "FrameAcquisitionDateTime",
}


def is_enhanced(header: Dataset) -> bool:
    """Whether the object says where its frames lie in functional groups."""
    return "PerFrameFunctionalGroupsSequence" in header


def plane_headers(header: Dataset) -> list[Dataset]:
    """Flat headers, one for each frame in the order of the frames; of a classic image the header itself.

    The macros of PS3.3 C.7.6.16 hold one item each: its attributes are laid over those of the object, shared groups
    first, so that the rest of reading asks one flat header whatever the SOP class.
    """
    if not is_enhanced(header):
        return [header]
    base = Dataset()
    base.update(header)
    for keyword in _GROUPS:
        base.pop(keyword, None)
    for shared in items(header, _GROUPS[0])[:1]:
        _lay_over(base, shared)
    planes = []
    for frame in items(header, _GROUPS[1])[:MAX_FRAMES]:
        flat = Dataset()
        flat.update(base)
        _lay_over(flat, frame)
        _use_frame_names(flat)
        planes.append(flat)
    return planes


def _lay_over(flat: Dataset, groups: Dataset) -> None:
    for keyword in groups.dir():
        for item in items(groups, keyword)[:1]:
            flat.update(item)


def _use_frame_names(flat: Dataset) -> None:
    for classic, of_frame in _FRAME_NAMES.items():
        if words(flat, of_frame):
            try:
                setattr(flat, classic, flat[of_frame].value)
            except CONVERSION_FAULTS:
                continue


def frame_plane(header: Dataset) -> FramePlane | None:
    """Where a plane lies, or None where its header does not say."""
    position = numbers(header, "ImagePositionPatient")
    orientation = numbers(header, "ImageOrientationPatient")
    spacing = numbers(header, "PixelSpacing")
    if len(position) != 3 or len(orientation) != 6 or len(spacing) != 2:
        return None
    x, y, z = position
    a, b, c, d, e, f = orientation
    return FramePlane(
        position_lps_mm=(x, y, z),
        orientation=(a, b, c, d, e, f),
        pixel_spacing_mm=(spacing[0], spacing[1]),
        slice_thickness_mm=number(header, "SliceThickness"),
    )


def frames(header: Dataset) -> int:
    """Number of Frames, 1 where it is absent."""
    return whole(header, "NumberOfFrames") or 1
