"""The imitation modality: a phantom as the CT images that a scanner of a given make would send.

Headers follow real series of the four makes (kernel, ScanOptions, ImageType, signed or unsigned storage); the person
is invented and says so.
"""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filewriter import dcmwrite
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian

from scoring.phantom import Phantom, make_phantom, random_spec

VendorName = Literal["siemens", "ge", "philips", "canon"]
VENDOR_NAMES: tuple[VendorName, ...] = ("siemens", "ge", "philips", "canon")

_NAMESPACE = uuid.UUID("6c3f0c4e-7d0a-5a55-9b2e-3a4a0f8d1c77")


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Whom the images name: nobody. The birth date is made from the phantom's age and the day of the scan."""

    name: str = "SYNTHETIC^PHANTOM"
    patient_id: str = "SYNTHETIC-0001"
    accession_number: str = "SYN0001"
    ethnic_group: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesWritten:
    """A series that lies on disk, in the order of its slices from foot to head."""

    study_instance_uid: str
    series_instance_uid: str
    paths: tuple[Path, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Vendor:
    """What one make writes: the text values (with the slice thickness filled in), and how it stores HU."""

    text: Mapping[str, str | list[str]]
    intercept: int
    bits_stored: int
    signed: bool
    padding_tag: bool = False  # Pixel Padding Value is written where the phantom has padding
    slice_location_sign: int = 1
    mass_factors: tuple[float, ...] = ()


_VENDORS: Mapping[VendorName, _Vendor] = MappingProxyType(
    {
        "siemens": _Vendor(
            text={
                "Manufacturer": "SIEMENS",
                "ManufacturerModelName": "SOMATOM Definition Flash",
                "SoftwareVersions": "syngo CT 2012B",
                "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL", "CT_SOM5 SEQ DUAL", "STD", "SNRG", "DET_AB"],
                "ProtocolName": "DS_CaScSeq",
                "SeriesDescription": "CaScSeq  {thickness:.1f}  B35f  70%",
                "ConvolutionKernel": "B35f",
                "ScanOptions": [
                    "TP70PC1300",
                    "OSCRATEMIN044BPM",
                    "OSCRATEMAX050BPM",
                    "OSCRATEAVG046BPM",
                    "RECONTYPE_TIME",
                ],
                "PatientPosition": "FFS",
            },
            intercept=-1024,
            bits_stored=12,
            signed=False,
            slice_location_sign=-1,
            mass_factors=(0.743, 0.779, 0.812),
        ),
        "ge": _Vendor(
            text={
                "Manufacturer": "GE MEDICAL SYSTEMS",
                "ManufacturerModelName": "Revolution CT",
                "SoftwareVersions": "revo_ct_21b.34",
                "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"],
                "ProtocolName": "5.1 Calcium Scoring",
                "SeriesDescription": "SMART SCORE Gated 0.28 sec",
                "ConvolutionKernel": "STANDARD",
                "ScanOptions": "CINE MODE",
                "PatientPosition": "HFS",
            },
            intercept=-1024,
            bits_stored=16,
            signed=True,
            padding_tag=True,
        ),
        "philips": _Vendor(
            text={
                "Manufacturer": "Philips",
                "ManufacturerModelName": "iCT 256",
                "SoftwareVersions": "4.1.6",
                "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"],
                "ProtocolName": "HeartBeat CS /Cardiac",
                "SeriesDescription": "Ca Scoring",
                "ConvolutionKernel": "XCA",
                "ScanOptions": "AXIAL",
                "PatientPosition": "HFS",
            },
            intercept=-1024,
            bits_stored=12,
            signed=False,
        ),
        "canon": _Vendor(
            text={
                "Manufacturer": "TOSHIBA",
                "ManufacturerModelName": "Aquilion ONE",
                "SoftwareVersions": "V4.95ER003",
                "ImageType": ["DERIVED", "PRIMARY", "MPR"],
                "ProtocolName": "Calcium Score    (Volume)",
                "SeriesDescription": "Cardiac {thickness:.3f}",
                "ConvolutionKernel": "FC12",
                "ScanOptions": "VOLUME_CT",
                "PatientPosition": "FFS",
            },
            intercept=0,
            bits_stored=16,
            signed=True,
        ),
    }
)


def write_series(
    phantom: Phantom,
    folder: Path,
    *,
    created: datetime,
    uid_seed: str,
    vendor: VendorName = "siemens",
    identity: Identity | None = None,
    transfer_syntax_uid: str = ExplicitVRLittleEndian,
) -> SeriesWritten:
    """Write the phantom's slices as CT Image objects; file names tell nothing of the order.

    Parameters
    ----------
    phantom : Phantom
        HU must fit what the make can store: padding below -1024 HU needs ``ge`` or ``canon``.
    folder : Path
        Made if missing; a file of the same name is replaced.
    created : datetime
        Time of the scan, written as it is.
    uid_seed : str
        The same seed gives the same UIDs (2.25 and a name-based UUID).
    vendor, identity, transfer_syntax_uid
        Make, invented person, and encoding: little endian, or a lossless compression that pydicom can write.

    Raises
    ------
    ValueError
        When the make cannot store a value of the phantom.
    """
    make = _VENDORS[vendor]
    study, series, frame = (_uid(uid_seed, level) for level in ("study", "series", "frame of reference"))
    stored = _stored(phantom, make, vendor)
    common = _common(phantom, make, created, identity or Identity())
    common.StudyInstanceUID, common.SeriesInstanceUID, common.FrameOfReferenceUID = study, series, frame
    common.StudyID, common.SeriesNumber, common.AcquisitionNumber = "1", 2, 1
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for index in range(len(stored)):
        image = _image(common, phantom, make, stored, index)
        image.SOPInstanceUID = _uid(uid_seed, f"image {index}")
        path = folder / f"{_name(uid_seed, index)}.dcm"
        _write(image, path, UID(transfer_syntax_uid))
        paths.append(path)
    return SeriesWritten(study_instance_uid=study, series_instance_uid=series, paths=tuple(paths))


def truth_document(phantom: Phantom, series_instance_uid: str) -> dict[str, Any]:
    """The phantom's truth in the form of `truth.json`, ready for `json.dumps`."""
    truth, expected = phantom.truth, phantom.truth.expectation
    return {
        "series_uid": series_instance_uid,
        "expect": expected.expect,
        **({"reason_code": expected.reason_code} if expected.reason_code else {}),
        "caveats": list(expected.caveats),
        "total": {"agatston": truth.agatston},
        "vessels": {str(vessel): {"agatston": agatston} for vessel, agatston in truth.vessels.items()},
        "lesions": [
            {
                "vessel": str(lesion.vessel),
                "centre_lps_mm": list(lesion.centre_lps_mm),
                "agatston": lesion.agatston,
                "radius_mm": lesion.radius_mm,
            }
            for lesion in truth.lesions
        ],
        "distractors": [
            {"what": other.what, "centre_lps_mm": list(other.centre_lps_mm), "agatston": other.agatston}
            for other in truth.distractors
        ],
    }


def write_cases(out: Path, seed: int, cases: int, created: datetime) -> list[Path]:
    """Write random phantoms of the seeds `seed`, `seed + 1` …, by turns of the four makes.

    Each is a folder ``case-000`` with the series in ``dicom`` and ``truth.json`` beside it.
    """
    folders = []
    for index in range(cases):
        case_seed = seed + index
        phantom = make_phantom(random_spec(case_seed))
        folder = out / f"case-{index:03d}"
        written = write_series(
            phantom,
            folder / "dicom",
            created=created,
            uid_seed=f"case {case_seed}",
            vendor=VENDOR_NAMES[case_seed % len(VENDOR_NAMES)],
            identity=Identity(patient_id=f"SYNTHETIC-{case_seed:04d}", accession_number=f"SYN{case_seed:04d}"),
        )
        text = json.dumps(truth_document(phantom, written.series_instance_uid), indent=1)
        (folder / "truth.json").write_text(text + "\n", encoding="utf-8")
        folders.append(folder)
    return folders


def _uid(seed: str, what: str) -> str:
    return f"2.25.{uuid.uuid5(_NAMESPACE, f'{seed}/{what}').int}"


def _name(seed: str, index: int) -> str:
    return uuid.uuid5(_NAMESPACE, f"{seed}/file {index}").hex[:16]


def _stored(phantom: Phantom, make: _Vendor, vendor: VendorName) -> np.ndarray[Any, Any]:
    values = phantom.volume.hu.astype(np.int32) - make.intercept
    low, high = (-(1 << 15), (1 << 15) - 1) if make.signed else (0, (1 << make.bits_stored) - 1)
    if values.min() < low or values.max() > high:
        raise ValueError(
            f"{vendor} stores {low + make.intercept} to {high + make.intercept} HU, the phantom holds "
            f"{phantom.volume.hu.min()} to {phantom.volume.hu.max()} HU: choose another padding or make"
        )
    return values.astype("<i2" if make.signed else "<u2")


def _common(phantom: Phantom, make: _Vendor, created: datetime, identity: Identity) -> Dataset:
    """Everything that all images of the series share but the UIDs."""
    common = Dataset()
    common.SpecificCharacterSet = "ISO_IR 100"
    common.SOPClassUID, common.Modality = CTImageStorage, "CT"
    common.PatientName, common.PatientID = identity.name, identity.patient_id
    common.PatientBirthDate = _birth_date(created.date(), phantom.spec.age_years).strftime("%Y%m%d")
    common.PatientSex, common.PatientAge = phantom.spec.sex, f"{phantom.spec.age_years:03d}Y"
    if identity.ethnic_group:
        common.EthnicGroup = identity.ethnic_group
    for what in ("Study", "Series", "Acquisition", "Content"):
        setattr(common, f"{what}Date", created.strftime("%Y%m%d"))
        setattr(common, f"{what}Time", created.strftime("%H%M%S"))
    common.AccessionNumber, common.ReferringPhysicianName = identity.accession_number, ""
    common.StudyDescription, common.InstitutionName = "CT Calcium Score (synthetic phantom)", "Synthetic"
    common.StationName, common.DeviceSerialNumber = "CT1", "0000"
    common.BodyPartExamined, common.PositionReferenceIndicator = "CHEST", ""
    for keyword, value in make.text.items():
        written = value.format(thickness=phantom.spec.slice_thickness_mm) if isinstance(value, str) else value
        setattr(common, keyword, written)
    _add_technique(common, phantom, make)
    return common


def _add_technique(common: Dataset, phantom: Phantom, make: _Vendor) -> None:
    spec = phantom.spec
    common.KVP, common.SliceThickness = _ds(spec.kvp), _ds(spec.slice_thickness_mm)
    common.DataCollectionDiameter, common.ReconstructionDiameter = "500", _ds(spec.fov_mm)
    common.XRayTubeCurrent, common.ExposureTime, common.Exposure = 150, 280, 42
    common.GantryDetectorTilt, common.TableHeight, common.RotationDirection = "0", "150", "CW"
    if make.mass_factors:
        common.CalciumScoringMassFactorDevice = list(make.mass_factors)
    common.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    common.SamplesPerPixel, common.PhotometricInterpretation = 1, "MONOCHROME2"
    common.Rows, common.Columns = spec.matrix, spec.matrix
    common.PixelSpacing = [_ds(spec.pixel_mm), _ds(spec.pixel_mm)]
    common.BitsAllocated, common.BitsStored, common.HighBit = 16, make.bits_stored, make.bits_stored - 1
    common.PixelRepresentation = int(make.signed)
    common.RescaleIntercept, common.RescaleSlope, common.RescaleType = make.intercept, 1, "HU"
    if spec.padding_hu is not None and make.padding_tag:
        common.add_new("PixelPaddingValue", "SS" if make.signed else "US", spec.padding_hu - make.intercept)
    common.WindowCenter, common.WindowWidth = "40", "400"


def _image(common: Dataset, phantom: Phantom, make: _Vendor, stored: np.ndarray[Any, Any], index: int) -> Dataset:
    image = Dataset()
    image.update(common)
    x, y, z = phantom.volume.to_lps_mm(np.array([[index, 0, 0]]))[0].tolist()
    image.ImagePositionPatient = [_ds(x), _ds(y), _ds(z)]
    image.SliceLocation = _ds(make.slice_location_sign * z)
    image.InstanceNumber = len(stored) - index  # scanners number from head to foot
    image.PixelData = stored[index].tobytes()
    image["PixelData"].VR = "OW"
    return image


def _write(image: Dataset, path: Path, transfer_syntax: UID) -> None:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = image.SOPClassUID, image.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    image.file_meta = meta
    if transfer_syntax.is_compressed:
        image.compress(transfer_syntax, generate_instance_uid=False)
    else:
        meta.TransferSyntaxUID = transfer_syntax
    dcmwrite(path, image, enforce_file_format=True)


def _birth_date(day: date, age_years: int) -> date:
    """The first of the month three months before the last birthday that gives this age."""
    months = day.year * 12 + day.month - 1 - age_years * 12 - 3
    return date(months // 12, months % 12 + 1, 1)


def _ds(value: float) -> str:
    return f"{value:.6f}".rstrip("0").rstrip(".") or "0"
