"""Secondary Capture: the overlay that scrolls with the CT, and the page with the result."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
from pydicom import Dataset
from pydicom.uid import SecondaryCaptureImageStorage

from node.facts import Report, ReportRole, SourceSlice
from node.pictures import WHITE, LegendLine, Lettering, Plane, Rgb, lettering, overlay, quietest_corner, stamped
from node.reports import codes
from node.reports.plan import COLOURS, Numbers, ReportPlan
from node.reports.source import coded, context_for, copy_elements, dress, reference, report
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
    """The overlay pictures of one result: the legend is drawn once for each set of vessels on a slice."""

    def __init__(self, plan: ReportPlan, numbers: Numbers, hu: npt.NDArray[np.generic]) -> None:
        self._plan, self._numbers, self._hu = plan, numbers, hu
        self._legends: dict[tuple[Vessel, ...], Lettering] = {}
        legend = self._legend(())
        height, width = legend.rgb.shape[:2]
        projection = np.asarray(numbers.score.heart.any(axis=0))
        self._corner = quietest_corner(projection, height=height, width=width)

    @property
    def with_calcium(self) -> tuple[int, ...]:
        """Slices on which a vessel has calcium, ascending."""
        return tuple(sorted({index for counts in self._numbers.pixels.values() for index in counts}))

    def wanted(self) -> tuple[int, ...]:
        """Slices that are sent: those with calcium and their neighbours, or all."""
        count = len(self._plan.source.slices)
        if self._plan.choices.overlay_slices == "all":
            return tuple(range(count))
        near = {index + step for index in self.with_calcium for step in (-1, 0, 1)}
        return tuple(sorted(index for index in near if 0 <= index < count))

    def picture(self, index: int) -> Rgb:
        """One slice with rings, tints and legend."""
        present = tuple(vessel for vessel in Vessel if index in self._numbers.pixels[vessel])
        return stamped(self.plain(index), self._legend(present), self._corner)

    def plain(self, index: int) -> Rgb:
        """One slice with rings and tints only."""
        labels = self._numbers.score.labels[index]
        hu: Plane = self._hu[index]
        return overlay(hu, labels, LABEL_COLOURS, faint=EXCLUDED_LABEL)

    def _legend(self, present: tuple[Vessel, ...]) -> Lettering:
        if present not in self._legends:
            total = self._numbers.total
            lines = [
                LegendLine(
                    words=f"{vessel} {printed_agatston(self._numbers.score.vessels[vessel].agatston)}",
                    colour=COLOURS[vessel],
                    marked=vessel in present,
                )
                for vessel in Vessel
            ]
            lines.append(LegendLine(words=f"Agatston {total.printed}", colour=WHITE))
            lines.append(LegendLine(words="preliminary", colour=_GREY))
            self._legends[present] = lettering(tuple(lines), rows=self._plan.source.rows)
        return self._legends[present]


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
