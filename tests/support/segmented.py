"""Segmentations as a hospital's segmenter or a reader's workstation writes them, with foreign codes and grids."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import highdicom as hd
import numpy as np
import pydicom
from pydicom.sr.coding import Code

LAD = Code("59438005", "SCT", "Left Anterior Descending Coronary Artery")
RCA = Code("13647002", "SCT", "Right Coronary Artery")
OLD_RCA = Code("T-43200", "SRT", "Right Coronary Artery")
HEART = Code("80891009", "SCT", "Heart")
AORTA = Code("15825003", "SCT", "Aorta")
CORONARIES = Code("41801008", "SCT", "Coronary artery")
LIVER = Code("10200004", "SCT", "Liver")
ORGAN = Code("123037004", "SCT", "Anatomical Structure")


def images_of(folder: Path) -> list[pydicom.Dataset]:
    """The CT slices of a folder, ascending."""
    images = [pydicom.dcmread(path) for path in sorted(folder.glob("*.dcm"))]
    return sorted(images, key=lambda image: float(image.ImagePositionPatient[2]))


def write_segmentation(
    path: Path,
    images: Sequence[pydicom.Dataset],
    masks: Mapping[Code, np.ndarray],
    kind: str = "BINARY",
) -> Path:
    """A SEG with one segment for each code; masks have the axes (slice, row, column) of the images."""
    stacked = np.stack(list(masks.values()), axis=-1)
    pixels: np.ndarray = stacked.astype(np.uint8)
    if kind == "LABELMAP":
        pixels = (stacked * np.arange(1, len(masks) + 1)).max(axis=-1).astype(np.uint8)
    elif kind == "FRACTIONAL":
        pixels = stacked.astype(np.float32) * 0.8
    described = [
        hd.seg.SegmentDescription(
            segment_number=number,
            segment_label="structure",
            segmented_property_category=ORGAN,
            segmented_property_type=code,
            algorithm_type=hd.seg.SegmentAlgorithmTypeValues.MANUAL,
        )
        for number, code in enumerate(masks, start=1)
    ]
    written = hd.seg.Segmentation(
        source_images=list(images),
        pixel_array=pixels,
        segmentation_type=kind,
        segment_descriptions=described,
        series_instance_uid=hd.UID(),
        series_number=900,
        sop_instance_uid=hd.UID(),
        instance_number=1,
        manufacturer="ACME",
        manufacturer_model_name="Segmenter",
        software_versions="1",
        device_serial_number="1",
        omit_empty_frames=True,
    )
    written.save_as(path)
    return path
