"""A DICOM Segmentation as masks on the grid of a CT series: a hospital's segmenter, or a reader's correction.

Segments are known by their codes (property type, or anatomic region), never by their labels. Frames are placed by
their own plane: the segmentation may lie on another grid of the same frame of reference. Runs inside the sandbox.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pydicom
from pydicom.dataset import Dataset
from pydicom.pixels.utils import iter_pixels
from pydicom.sr.coding import Code
from pydicom.uid import UID, SegmentationStorage

from node.facts import FramePlane
from node.reading.attributes import CONVERSION_FAULTS, items, number, text, whole
from node.reading.header import open_header
from node.reading.planes import frame_plane, plane_headers
from node.reading.series import SeriesRead
from node.reading.unreadable import ReadingError
from scoring.given import GivenMasks
from scoring.result import MaskVolume, Vessel
from scoring.volume import Volume

_Pixels = npt.NDArray[np.generic]

LABEL_MAP = UID("1.2.840.10008.5.1.4.1.1.66.7")
"""Label Map Segmentation Storage, younger than pydicom's dictionary."""

PARALLEL = 0.999
"""Least cosine of the angle between the planes of the segmentation and of the CT: 2.5 degrees."""
FARTHEST_STEP_MM = 10.0
"""A plane stands for a slab of at most this thickness, whatever it says: else one drawn slice would fill the heart."""
FRACTION = 0.5
"""Of a fractional segmentation a voxel belongs to the structure from this share on."""

_VESSELS = {
    "3227004": Vessel.LM,
    "59438005": Vessel.LAD,
    "68787002": Vessel.LAD,  # proximal, middle, distal third
    "91748002": Vessel.LAD,
    "36672000": Vessel.LAD,
    "91750005": Vessel.LAD,  # diagonal branches
    "91751009": Vessel.LAD,
    "91752002": Vessel.LAD,
    "57396003": Vessel.LCX,
    "52433000": Vessel.LCX,
    "91753007": Vessel.LCX,
    "6511003": Vessel.LCX,
    "91754001": Vessel.LCX,  # marginal branches
    "91755000": Vessel.LCX,
    "91756004": Vessel.LCX,
    "13647002": Vessel.RCA,
    "91083009": Vessel.RCA,
    "450960006": Vessel.RCA,
    "41879009": Vessel.RCA,
    "53655008": Vessel.RCA,  # posterior descending branch
}
_STRUCTURES = {
    "80891009": "heart",
    "15825003": "aorta",
    "54247002": "aorta",  # ascending
    "57034009": "aorta",  # arch
    "281130003": "aorta",  # descending
    "32672002": "aorta",  # descending thoracic
    "113262008": "aorta",  # thoracic
    "8128003": "aorta",  # root
    "81128002": "aorta",  # sinus of Valsalva
    "41801008": "coronaries",
    "17401000": "valves",
    "34202007": "valves",  # aortic
    "91134007": "valves",  # mitral
    "65197004": "valves",  # mitral annulus
    "46030003": "valves",  # tricuspid
    "39057004": "valves",  # pulmonary
}
"""SNOMED CT codes of PS3.16 CID 3, 4 and 3015."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Segment:
    number: int
    structure: Vessel | str | None  # None: coded as something that scoring has no use for
    meaning: str


def read_masks(path: Path, series: SeriesRead) -> GivenMasks:
    """Masks of a segmentation on the grid of a series.

    Parameters
    ----------
    path : Path
        A Segmentation or Label Map Segmentation object (PS3.3 A.51).
    series : SeriesRead
        The CT to which it must belong: same series, or same frame of reference.

    Returns
    -------
    GivenMasks
        Nearest voxel, slice by slice; segments of one structure are joined.

    Raises
    ------
    ReadingError
        ``not_seg``, ``other_frame``, ``no_segments``, ``geometry``, ``overlap`` or what a file that cannot be read has.
    """
    header, _ = open_header(path)
    if text(header, "SOPClassUID") not in (SegmentationStorage, LABEL_MAP):
        raise ReadingError("not_seg", f"{path.name} is no DICOM Segmentation; give one of this series")
    _check_belongs(header, series)
    segments = [_segment(item) for item in items(header, "SegmentSequence")]
    wanted = {one.number: one for one in segments if one.structure is not None}
    if not wanted:
        said = ", ".join(sorted({one.meaning for one in segments})) or "none"
        raise ReadingError(
            "no_segments",
            "no segment is coded as heart, aorta, heart valve, coronary artery, LM, LAD, LCX or RCA "
            f"(it has: {said}); code the segments in SNOMED CT",
        )
    masks = _masks(path, header, series, wanted)
    vessels = {key: mask for key, mask in masks.items() if isinstance(key, Vessel)}
    _check_apart(vessels)
    return GivenMasks(
        source=_source(header),
        vessels=vessels,
        **{key: mask for key, mask in masks.items() if not isinstance(key, Vessel)},
        unused=tuple(one.meaning for one in segments if one.structure is None),
    )


def _check_belongs(header: Dataset, series: SeriesRead) -> None:
    referenced = {text(item, "SeriesInstanceUID") for item in items(header, "ReferencedSeriesSequence")}
    frame = series.source.frame_of_reference_uid
    if series.source.series_instance_uid in referenced or (frame and text(header, "FrameOfReferenceUID") == frame):
        return
    raise ReadingError(
        "other_frame",
        "the segmentation belongs to another series and another frame of reference than this CT: "
        "give the one that was drawn on it",
    )


def _segment(item: Dataset) -> _Segment:
    meaning, structure = "uncoded", None
    for keyword in ("SegmentedPropertyTypeCodeSequence", "AnatomicRegionSequence"):
        for coded in items(item, keyword):
            meaning = text(coded, "CodeMeaning") or meaning
            structure = structure or _structure(coded)
    return _Segment(number=whole(item, "SegmentNumber") or 0, structure=structure, meaning=meaning)


def _structure(coded: Dataset) -> Vessel | str | None:
    code = Code(text(coded, "CodeValue"), text(coded, "CodingSchemeDesignator"), text(coded, "CodeMeaning") or "?")
    known: dict[str, Vessel | str] = {**_VESSELS, **_STRUCTURES}
    # Code compares equal across SNOMED's old designators (SRT) and SCT.
    return next((what for value, what in known.items() if code == Code(value, "SCT", "?")), None)


def _source(header: Dataset) -> str:
    made = [part for part in (text(header, "Manufacturer"), text(header, "ManufacturerModelName")) if part]
    return f"made with {' '.join(dict.fromkeys(made))}" if made else "of unnamed equipment"


def _masks(
    path: Path, header: Dataset, series: SeriesRead, wanted: dict[int, _Segment]
) -> dict[Vessel | str, MaskVolume]:
    masks: dict[Vessel | str, MaskVolume] = {
        one.structure: np.zeros(series.volume.hu.shape, bool) for one in wanted.values() if one.structure is not None
    }
    chosen = _chosen(header, wanted)
    step = _step_mm([frame.plane for frame in chosen], number(header, "SpacingBetweenSlices"), series.volume)
    for frame, pixels in zip(chosen, _pixels(path, chosen), strict=True):
        for segment in (frame.segment,) if frame.segment is not None else wanted:
            structure = wanted[segment].structure
            held = _held(pixels, header, frame, segment)
            if structure is not None and held.any():
                _lay(masks[structure], held, frame.plane, series.volume, step)
    return masks


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frame:
    place: int
    plane: FramePlane
    segment: int | None  # None: a label map, whose pixels are the numbers of segments


def _chosen(header: Dataset, wanted: dict[int, _Segment]) -> list[_Frame]:
    """Frames that hold something wanted."""
    labelled = text(header, "SOPClassUID") == LABEL_MAP
    chosen = []
    for place, flat in enumerate(plane_headers(header)):
        segment = None if labelled else whole(flat, "ReferencedSegmentNumber")
        if labelled or segment in wanted:
            plane = frame_plane(flat)
            if plane is None or min(plane.pixel_spacing_mm) <= 0:
                raise ReadingError(
                    "geometry", "a frame of the segmentation does not say where it lies; export it again"
                )
            chosen.append(_Frame(place=place, plane=plane, segment=segment))
    return chosen


def _pixels(path: Path, chosen: list[_Frame]) -> Iterator[_Pixels]:
    """Pixels of the frames, one at a time: a segmenter of a hundred organs does not fit into memory."""
    try:
        yield from iter_pixels(pydicom.dcmread(path), indices=[frame.place for frame in chosen])
    except (*CONVERSION_FAULTS, RuntimeError) as fault:
        raise ReadingError(
            "pixels", f"the pixels of the segmentation cannot be read ({type(fault).__name__}); export it again"
        ) from None


def _held(pixels: _Pixels, header: Dataset, frame: _Frame, segment: int) -> npt.NDArray[np.bool_]:
    if frame.segment is None:
        return np.asarray(pixels == segment)
    greatest = number(header, "MaximumFractionalValue") or 1.0
    return np.asarray(pixels.astype(float) >= max(greatest * FRACTION, 1.0))


def _step_mm(planes: list[FramePlane], stated: float | None, volume: Volume) -> float:
    """Distance between planes of the segmentation: how thick a slab each of them stands for."""
    heights = np.unique([round(float(np.dot(volume.normal, plane.position_lps_mm)), 2) for plane in planes])
    steps = [float(np.diff(heights).min())] if len(heights) > 1 else []
    steps += [stated] if stated and stated > 0 else []
    return min(*steps, FARTHEST_STEP_MM) if steps else volume.slice_increment_mm


def _lay(mask: MaskVolume, held: npt.NDArray[np.bool_], plane: FramePlane, volume: Volume, step_mm: float) -> None:
    """Set the voxels of the volume whose nearest place in the frame is held."""
    to_frame = _to_frame(plane, volume)
    if abs(to_frame[0, 1]) < abs(to_frame[0, 2]):  # its rows run along the columns of the CT
        to_frame, held = to_frame[[1, 0, 2, 3]], held.T
    depth = to_frame[2, 0] * np.arange(len(mask)) + to_frame[2, 3]
    reach = max(step_mm, volume.slice_increment_mm) / 2 + 1e-3
    for index in np.flatnonzero(np.abs(depth) <= reach):
        rows = np.rint(to_frame[0, 0] * index + to_frame[0, 1] * np.arange(mask.shape[1]) + to_frame[0, 3])
        columns = np.rint(to_frame[1, 0] * index + to_frame[1, 2] * np.arange(mask.shape[2]) + to_frame[1, 3])
        into_rows = np.flatnonzero((rows >= 0) & (rows < held.shape[0]))
        into_columns = np.flatnonzero((columns >= 0) & (columns < held.shape[1]))
        taken = held[np.ix_(rows[into_rows].astype(np.intp), columns[into_columns].astype(np.intp))]
        mask[index][np.ix_(into_rows, into_columns)] |= taken


def _to_frame(plane: FramePlane, volume: Volume) -> npt.NDArray[np.float64]:
    """(slice, row, column, 1) of the volume to (row, column, millimetres off the plane, 1) of a frame."""
    cosines = np.array(plane.orientation, float)
    if abs(float(np.cross(cosines[:3], cosines[3:]) @ volume.normal)) < PARALLEL:
        raise ReadingError(
            "geometry", "the planes of the segmentation are not parallel to those of the CT: draw it on this CT"
        )
    frame = np.eye(4)
    frame[:3, 0] = cosines[3:] * plane.pixel_spacing_mm[0]
    frame[:3, 1] = cosines[:3] * plane.pixel_spacing_mm[1]
    frame[:3, 2] = volume.normal
    frame[:3, 3] = plane.position_lps_mm
    to_frame: npt.NDArray[np.float64] = np.linalg.inv(frame) @ volume.voxel_to_lps_mm
    return to_frame


def _check_apart(vessels: dict[Vessel, MaskVolume]) -> None:
    names = list(vessels)
    for place, one in enumerate(names):
        for other in names[place + 1 :]:
            both = int((vessels[one] & vessels[other]).sum())
            if both:
                raise ReadingError(
                    "overlap", f"{both} voxels of the segmentation are marked as {one} and as {other}: mark each once"
                )
