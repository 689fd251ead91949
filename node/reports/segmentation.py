"""The segmentation: one binary segment a vessel, tracked by the UIDs of the Structured Report."""

import highdicom as hd
import numpy as np
from pydicom import Dataset

from node.facts import Report, ReportRole, SourceSlice
from node.reports import codes
from node.reports.identity import PRODUCT
from node.reports.plan import COLOURS, Line, Numbers, ReportPlan
from node.reports.source import TYPE_2, copy_context, copy_elements, dress, report

SEG_SERIES_NUMBER = 8020

_PLANE = ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SliceThickness", "SpacingBetweenSlices")


def cannot_segment(plan: ReportPlan) -> str | None:
    """Why no segmentation is written for this series although it has calcium, in a sentence; None when one can be."""
    if any(one.frame_number is not None for one in plan.source.slices):
        return "no segmentation: the series is an enhanced CT, whose frames this version does not segment"
    if not plan.source.frame_of_reference_uid:
        return "no segmentation: the CT states no Frame of Reference UID, which every segmentation needs"
    return None


def segmentation(plan: ReportPlan, numbers: Numbers) -> Report:
    """Segmentation of the vessels with calcium; there must be at least one, on a classic CT."""
    found = [line for line in numbers.vessels if line.vessel and numbers.has_voxels(line.vessel)]
    # Only slices that hold calcium: the frames are the same, for an eighth of the time.
    slices = sorted({index for line in found if line.vessel for index in numbers.pixels[line.vessel]})
    labels = numbers.score.labels[slices]
    masks = np.stack([labels == line.vessel.label for line in found if line.vessel], axis=-1).astype(np.uint8)
    ds = hd.seg.Segmentation(
        source_images=[_stand_in(plan, plan.source.slices[index]) for index in slices],
        pixel_array=masks,
        segmentation_type=hd.seg.SegmentationTypeValues.BINARY,
        segment_descriptions=[_segment(plan, number, line) for number, line in enumerate(found, 1)],
        series_instance_uid=plan.series_uid("seg", plan.choices.version),
        series_number=SEG_SERIES_NUMBER,
        sop_instance_uid=plan.instance_uid("seg"),
        instance_number=1,
        manufacturer=PRODUCT,
        manufacturer_model_name=PRODUCT,
        software_versions=plan.choices.software_version,
        device_serial_number=plan.choices.device_serial_number,
        content_label="CALCIUM",
        content_description="Coronary calcium by vessel",
        content_creator_name=f"{PRODUCT}^",
        specific_character_set="ISO_IR 192",
    )
    ds.SeriesDescription = "Calcium score segmentation"
    ds["PixelData"].VR = "OB"  # the library leaves it open; bits are bytes
    for item in (*ds.DimensionOrganizationSequence, *ds.DimensionIndexSequence):  # the library draws it at random
        item.DimensionOrganizationUID = plan.instance_uid("dimensions")
    copy_context(plan.source, ds)
    dress(ds, plan)
    return report(ds, plan, ReportRole.SEG, "seg.dcm")


def _segment(plan: ReportPlan, number: int, line: Line) -> hd.seg.SegmentDescription:
    if line.vessel is None:
        raise ValueError("the total is no segment: only vessels are")
    algorithm = hd.AlgorithmIdentificationSequence(
        name=PRODUCT, family=codes.MORPHOLOGICAL_OPERATIONS, version=plan.choices.software_version, source=PRODUCT
    )
    return hd.seg.SegmentDescription(
        segment_number=number,
        segment_label=f"{line.vessel} calcium",
        segmented_property_category=codes.MORPHOLOGICALLY_ABNORMAL,
        segmented_property_type=codes.CALCIFICATION,
        algorithm_type=hd.seg.SegmentAlgorithmTypeValues.AUTOMATIC,
        algorithm_identification=algorithm,
        tracking_uid=line.tracking_uid,
        tracking_id=line.tracking_id,
        anatomic_regions=[line.site],
        display_color=hd.color.CIELabColor.from_rgb(*COLOURS[line.vessel]),
    )


def _stand_in(plan: ReportPlan, one: SourceSlice) -> Dataset:
    """Header of a CT slice without a person in it.

    The library reads type 2 attributes that a CT may lack, refuses character sets whose first value is empty and
    warns of names with one component; the person's own elements are copied in afterwards.
    """
    source, ds = plan.source, Dataset()
    for keyword in TYPE_2:
        setattr(ds, keyword, None)
    ds.StudyInstanceUID, ds.SeriesInstanceUID = source.study_instance_uid, source.series_instance_uid
    ds.SOPClassUID, ds.SOPInstanceUID = one.sop_class_uid, one.sop_instance_uid
    ds.FrameOfReferenceUID, ds.PositionReferenceIndicator = source.frame_of_reference_uid, None
    ds.Modality, ds.Rows, ds.Columns = "CT", source.rows, source.columns
    copy_elements(one.plane, ds, _PLANE)
    return ds
