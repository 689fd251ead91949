"""Secondary Capture: the overlay that scrolls with the CT, and the page with the result."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
from pydicom import Dataset
from pydicom.uid import SecondaryCaptureImageStorage

from node.facts import Report, ReportRole, SourceSlice
from node.pictures import WHITE, LegendLine, Plane, Rgb, legend_sizes, lettering, overlay, quiet_place, stamped
from node.reports import codes
from node.reports.plan import COLOURS, Numbers, ReportPlan
from node.reports.source import coded, context_for, copy_elements, dress, reference, report
from node.reports.spelling import one_decimal
from scoring.measures import agatston_by_slice
from scoring.result import EXCLUDED_LABEL, Vessel, printed_agatston

SUMMARY_SERIES_NUMBER = 8000
OVERLAY_SERIES_NUMBER = 8010

LABEL_COLOURS = {vessel.label: colour for vessel, colour in COLOURS.items()}

_GREY = (205, 205, 205)
_UNPAIRED = ("CHEST", "HEART", "THORAX", "ABDOMEN", "WHOLEBODY")  # any other body part, or none, asks for Laterality
_PLACE = (
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "PixelSpacing",
    "SliceThickness",
    "SpacingBetweenSlices",
    "SliceLocation",
    "PositionReferenceIndicator",
)
_MOMENT = ("AcquisitionNumber", "AcquisitionDate", "AcquisitionTime", "PatientPosition")


class Overlays:
    """The overlay pictures of one result; the legend has one size and one place on all of them."""

    def __init__(self, plan: ReportPlan, numbers: Numbers, hu: npt.NDArray[np.generic]) -> None:
        self._plan, self._numbers, self._hu = plan, numbers, hu
        self._by_slice = _by_slice(plan, numbers, hu)
        self._size_px, self._place = self._room_for_legend()

    def _room_for_legend(self) -> tuple[int, tuple[int, int] | None]:
        """Height of the letters and place of the legend, or no place where it would cover the heart."""
        projection = np.asarray(self._numbers.score.heart.any(axis=0))
        busiest = max(self._by_slice, key=lambda index: self._by_slice[index], default=0)
        for size_px in legend_sizes(self._plan.source.rows):
            height, width = lettering(self._lines(busiest), size_px=size_px).rgb.shape[:2]
            place = quiet_place(projection, height=height, width=width)
            if place is not None:
                return size_px, place
        return size_px, None

    @property
    def with_calcium(self) -> tuple[int, ...]:
        """Slices on which a vessel has calcium, ascending."""
        return tuple(sorted({index for counts in self._numbers.pixels.values() for index in counts}))

    def wanted(self) -> tuple[int, ...]:
        """Slices that are sent: from the one before the first with calcium to the one after the last, or all.

        Without a gap: the most common viewer scrolls a series with another only where its slices are evenly spaced.
        """
        count = len(self._plan.source.slices)
        if self._plan.choices.overlay_slices == "all":
            return tuple(range(count))
        found = self.with_calcium
        return tuple(range(max(found[0] - 1, 0), min(found[-1] + 2, count))) if found else ()

    def picture(self, index: int) -> Rgb:
        """One slice with rings, tints and legend."""
        plain = self.plain(index)
        if self._place is None:
            return plain
        return stamped(plain, lettering(self._lines(index), size_px=self._size_px), self._place)

    def plain(self, index: int) -> Rgb:
        """One slice with rings and tints only."""
        labels = self._numbers.score.labels[index]
        hu: Plane = self._hu[index]
        return overlay(hu, labels, LABEL_COLOURS, faint=EXCLUDED_LABEL)

    def _lines(self, index: int) -> tuple[LegendLine, ...]:
        """Scores by vessel, those on this slice marked; the total; what this slice gives to it."""
        vessels = [
            LegendLine(
                words=f"{vessel} {printed_agatston(self._numbers.score.vessels[vessel].agatston)}",
                colour=COLOURS[vessel],
                marked=index in self._numbers.pixels[vessel],
            )
            for vessel in Vessel
        ]
        own = self._by_slice.get(index, 0.0)
        return (
            *vessels,
            LegendLine(words=f"Agatston {self._numbers.total.printed}", colour=WHITE),
            LegendLine(words=f"this slice {one_decimal(own) if own else 0}", colour=WHITE),
            LegendLine(words="preliminary", colour=_GREY),
        )


def _by_slice(plan: ReportPlan, numbers: Numbers, hu: npt.NDArray[np.generic]) -> dict[int, float]:
    """Score of each slice with calcium: only those are looked at."""
    filled = sorted({index for counts in numbers.pixels.values() for index in counts})
    row, column = (float(step) for step in plan.source.slices[0].plane["PixelSpacing"].value)
    sums = agatston_by_slice(hu[filled], numbers.score.labels[filled], numbers.score.protocol, row * column)
    return {filled[place]: agatston for place, agatston in sums.items()}


def overlay_name(index: int) -> str:
    """Name of a slice's picture, counted from 1 in the order of the volume."""
    return f"overlay-{index + 1:04}"


def overlay_reports(plan: ReportPlan, pictures: Iterable[tuple[int, Rgb]]) -> tuple[Report, ...]:
    """One Secondary Capture a slice, each with the plane of its CT slice, so that viewers scroll both together."""
    return tuple(_overlay_report(plan, index, rgb) for index, rgb in pictures)


def page_report(plan: ReportPlan, rgb: Rgb) -> Report:
    """The summary or refusal page."""
    ds = _capture(plan, rgb, "summary")
    ds.SeriesNumber, ds.InstanceNumber = SUMMARY_SERIES_NUMBER, plan.choices.version
    ds.SeriesDescription = "Calcium score summary"
    ds.ImageType = ["DERIVED", "SECONDARY"]
    dress(ds, plan)
    return report(ds, plan, ReportRole.SUMMARY, "summary.dcm")


def _overlay_report(plan: ReportPlan, index: int, rgb: Rgb) -> Report:
    one = plan.source.slices[index]
    ds = _capture(plan, rgb, "overlay", index)
    ds.SeriesNumber = OVERLAY_SERIES_NUMBER
    ds.InstanceNumber = one.instance_number if one.frame_number is None else one.frame_number
    ds.SeriesDescription = "Calcium score overlay"
    ds.ImageType = ["DERIVED", "SECONDARY", "AXIAL"]
    _copy_plane(plan, one, ds)
    source = reference(one)
    source.PurposeOfReferenceCodeSequence = [coded(codes.SOURCE_IMAGE)]
    ds.SourceImageSequence = [source]
    ds.DerivationDescription = "Calcium found by software drawn in colour on the CT slice"
    dress(ds, plan)
    return report(ds, plan, ReportRole.SC, f"{overlay_name(index)}.dcm")


def _copy_plane(plan: ReportPlan, one: SourceSlice, ds: Dataset) -> None:
    """The CT's plane. Without a frame of reference positions mean nothing: then none is claimed."""
    copy_elements(one.plane, ds, _MOMENT)
    if plan.source.frame_of_reference_uid:
        copy_elements(one.plane, ds, _PLACE)
        ds.FrameOfReferenceUID = plan.source.frame_of_reference_uid
        if "PositionReferenceIndicator" not in ds:
            ds.PositionReferenceIndicator = None


def _capture(plan: ReportPlan, rgb: Rgb, kind: str, *more: object) -> Dataset:
    ds = context_for(plan, "OT")
    ds.SOPClassUID = SecondaryCaptureImageStorage
    ds.SOPInstanceUID = plan.instance_uid(kind, *more)
    ds.SeriesInstanceUID = plan.series_uid(kind, plan.choices.version)
    ds.ConversionType = "WSD"
    ds.BodyPartExamined = plan.source.body_part if plan.source.body_part in _UNPAIRED else "HEART"
    ds.BurnedInAnnotation = "NO"  # words about the result, no word about the person
    ds.PatientOrientation = None
    ds.DateOfSecondaryCapture, ds.TimeOfSecondaryCapture = f"{plan.created:%Y%m%d}", f"{plan.created:%H%M%S}"
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PlanarConfiguration = 3, "RGB", 0
    ds.Rows, ds.Columns = rgb.shape[:2]
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 8, 8, 7, 0
    ds.PixelData = rgb.tobytes() + b"\0" * (rgb.size % 2)
    ds["PixelData"].VR = "OB"
    return ds
