"""Written CT objects: the smallest valid one, with keyword overrides for whatever a test is about."""

import io
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import ExplicitVRLittleEndian

CT = "1.2.840.10008.5.1.4.1.1.2"
ENHANCED_CT = "1.2.840.10008.5.1.4.1.1.2.1"

STUDY = "1.2.826.0.1.3680043.10.1.1"
SERIES = "1.2.826.0.1.3680043.10.1.2"
FRAME = "1.2.826.0.1.3680043.10.1.3"

GONE = object()
"""As a value: leave the attribute out."""


def ct_object(
    place: int = 0, *, increment_mm: float = 3.0, pixels: np.ndarray | None = None, **overrides: object
) -> Dataset:
    """One slice of a gated calcium scan of 16 x 16 pixels; `overrides` are attributes by keyword."""
    stored = np.full((16, 16), 1064, np.uint16) if pixels is None else pixels
    header = Dataset()
    values: dict[str, object] = {
        "SOPClassUID": CT,
        "SOPInstanceUID": f"{SERIES}.{place}",
        "StudyInstanceUID": STUDY,
        "SeriesInstanceUID": SERIES,
        "FrameOfReferenceUID": FRAME,
        "Modality": "CT",
        "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"],
        "PatientName": "Test^Person",
        "PatientID": "T1",
        "PatientBirthDate": "19500101",
        "PatientSex": "F",
        "PatientAge": "058Y",
        "StudyDate": "20080601",
        "StudyTime": "101500",
        "AcquisitionDate": "20080601",
        "AcquisitionTime": "101730",
        "AcquisitionNumber": 2,
        "SeriesNumber": 3,
        "InstanceNumber": place + 1,
        "SeriesDescription": "CaSc 3.0",
        "Manufacturer": "ACME",
        "ManufacturerModelName": "Scanner 1",
        "ScanOptions": ["TP70PC"],
        "KVP": "120",
        "SliceThickness": "3.0",
        "ConvolutionKernel": "B35f",
        "ReconstructionDiameter": "200",
        "ImagePositionPatient": [-100.0, -120.0, 50.0 + place * increment_mm],
        "ImageOrientationPatient": [1.0, 0.0, 0.0, 0.0, 1.0, 0.0],
        "PixelSpacing": [0.5, 0.4],
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "Rows": stored.shape[-2],
        "Columns": stored.shape[-1],
        "BitsAllocated": 16,
        "BitsStored": 16,
        "HighBit": 15,
        "PixelRepresentation": int(stored.dtype.kind == "i"),
        "RescaleIntercept": "-1024",
        "RescaleSlope": "1",
        "PixelData": stored.astype(stored.dtype.newbyteorder("<")).tobytes(),
    }
    for keyword, value in {**values, **overrides}.items():
        if value is not GONE:
            setattr(header, keyword, value)
    header.file_meta = FileMetaDataset()
    header.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return header


def ct_series(count: int = 5, **overrides: object) -> list[Dataset]:
    """Slices of one series, ascending."""
    return [ct_object(place, **overrides) for place in range(count)]


def enhanced_ct(count: int = 4, **overrides: object) -> Dataset:
    """One enhanced object with `count` frames; frame k holds the stored value 1000 + k, and lies below frame k - 1."""
    frames = np.stack([np.full((16, 16), 1000 + frame, np.uint16) for frame in range(count)])
    in_groups = ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SliceThickness", "KVP")
    header = ct_object(
        pixels=frames,
        SOPClassUID=ENHANCED_CT,
        SOPInstanceUID=f"{SERIES}.9",
        NumberOfFrames=count,
        **dict.fromkeys((*in_groups, "RescaleSlope", "RescaleIntercept"), GONE),
    )
    shared = Dataset()
    shared.PlaneOrientationSequence = [_item(ImageOrientationPatient=[1.0, 0.0, 0.0, 0.0, 1.0, 0.0])]
    shared.PixelMeasuresSequence = [_item(PixelSpacing=[0.5, 0.4], SliceThickness="3.0")]
    shared.CTXRayDetailsSequence = [_item(KVP="120")]
    header.SharedFunctionalGroupsSequence = [shared]
    header.PerFrameFunctionalGroupsSequence = DicomSequence(_frame(number) for number in range(count))
    for keyword, value in overrides.items():
        setattr(header, keyword, value)
    return header


def _frame(number: int) -> Dataset:
    groups = Dataset()
    groups.PlanePositionSequence = [_item(ImagePositionPatient=[-100.0, -120.0, 50.0 - 3.0 * number])]
    groups.PixelValueTransformationSequence = [
        _item(RescaleSlope="1", RescaleIntercept=str(-1024 + number), RescaleType="HU")
    ]
    groups.FrameContentSequence = [_item(FrameAcquisitionNumber=4)]
    return groups


def _item(**values: object) -> Dataset:
    item = Dataset()
    for keyword, value in values.items():
        setattr(item, keyword, value)
    return item


def encoded(header: Dataset) -> bytes:
    """The object as a DICOM file."""
    buffer = io.BytesIO()
    header.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def written(folder: Path, headers: Iterable[Dataset]) -> list[Path]:
    """The objects as files of a folder."""
    paths = []
    for number, header in enumerate(headers):
        paths.append(folder / f"{number:04d}.dcm")
        paths[-1].write_bytes(encoded(header))
    return paths
