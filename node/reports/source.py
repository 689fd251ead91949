"""What every object repeats of the CT, verbatim, and what it says of us."""

import copy
import io
import re
import warnings
from collections.abc import Iterable, MutableSequence
from datetime import datetime

from pydicom import DataElement, Dataset
from pydicom.charset import convert_encodings
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import RawDataElement
from pydicom.dataset import FileMetaDataset
from pydicom.filewriter import dcmwrite
from pydicom.sr.coding import Code
from pydicom.tag import Tag
from pydicom.uid import UID, ExplicitVRLittleEndian

from node.facts import Report, ReportRole, SourceHeader, SourceSlice
from node.reports import codes
from node.reports.identity import IMPLEMENTATION_CLASS_UID, PRODUCT, implementation_version_name
from node.reports.plan import ReportPlan
from node.reports.spelling import ascii_text
from node.uids import derive

TYPE_2 = (
    "StudyDate",
    "StudyTime",
    "AccessionNumber",
    "ReferringPhysicianName",
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyID",
)
"""Patient and study attributes that must be there, empty where the CT has none."""

VERBATIM = (
    "SpecificCharacterSet",
    *TYPE_2,
    "IssuerOfAccessionNumberSequence",
    "StudyDescription",
    "ProcedureCodeSequence",
    "IssuerOfPatientID",
    "IssuerOfPatientIDQualifiersSequence",
    "TypeOfPatientID",
    "OtherPatientIDsSequence",
    "PatientBirthTime",
    "PatientAge",
    "PatientSize",
    "PatientWeight",
    "EthnicGroup",
    "PatientComments",
    "AdmissionID",
    "IssuerOfAdmissionIDSequence",
    "StudyInstanceUID",
    "PatientIdentityRemoved",
    "DeidentificationMethod",
    "DeidentificationMethodCodeSequence",
    "LongitudinalTemporalInformationModified",
    "ClinicalTrialSponsorName",
    "ClinicalTrialProtocolID",
    "ClinicalTrialProtocolName",
    "ClinicalTrialSiteID",
    "ClinicalTrialSiteName",
    "ClinicalTrialSubjectID",
    "ClinicalTrialSubjectReadingID",
    "ClinicalTrialTimePointID",
    "ClinicalTrialTimePointDescription",
    "TimezoneOffsetFromUTC",
)

_OF_IMAGES = ("RequestAttributesSequence",)
_OF_SR = ("ReferencedRequestSequence",)
_DATE_TIME = re.compile(r"\d{8}(\d{6}(\.\d{1,6})?)?")
_EQUIPMENT = (
    "InstitutionName",
    "StationName",
    "ManufacturerModelName",
    "DeviceSerialNumber",
    "SoftwareVersions",
)


def context_for(plan: ReportPlan, modality: str) -> Dataset:
    """A new data set that holds the CT's patient and study, as they came.

    The character set comes along and the elements are copied, not assigned again as text: nothing is re-encoded.
    """
    ds = Dataset()
    ds.Modality = modality
    copy_context(plan.source, ds)
    return ds


def copy_context(source: SourceHeader, ds: Dataset) -> None:
    """Put the CT's patient, study and request into `ds`, and take out whatever stood there instead."""
    wanted = (*VERBATIM, *(_OF_SR if ds.Modality == "SR" else _OF_IMAGES))
    for keyword in wanted:
        if keyword in ds:
            del ds[keyword]
    copy_elements(source.context, ds, wanted)
    if "StudyInstanceUID" not in ds:
        ds.StudyInstanceUID = source.study_instance_uid
    for keyword in TYPE_2:
        if keyword not in ds:
            setattr(ds, keyword, None)


def copy_elements(source: Dataset, target: Dataset, keywords: Iterable[str]) -> None:
    """Copy what is there, byte for byte where the element was never decoded."""
    for keyword in keywords:
        tag = Tag(tag_for_keyword(keyword) or 0)
        if tag in source:
            _copy_element(source, target, tag)


def _copy_element(source: Dataset, target: Dataset, tag: int) -> None:
    element: DataElement | RawDataElement = source.get_item(tag)
    vr = dictionary_VR(tag)
    if not isinstance(element, RawDataElement) or vr == "SQ" or not isinstance(element.value, bytes):
        target[tag] = copy.deepcopy(source[tag])
        return
    padding = b"\0" if vr == "UI" else b" "
    value = element.value + padding * (len(element.value) % 2)
    target[tag] = element._replace(VR=vr, value=value, length=len(value), is_implicit_VR=False, is_little_endian=True)


def dress(ds: Dataset, plan: ReportPlan) -> None:
    """Add what every object says of us and of its moment; then the same input gives the same bytes."""
    choices, source = plan.choices, plan.source
    ds.Manufacturer = ds.ManufacturerModelName = PRODUCT
    ds.DeviceSerialNumber, ds.SoftwareVersions = choices.device_serial_number, choices.software_version
    ds.InstanceCreatorUID = derive("device", choices.device_serial_number)
    for what in ("InstanceCreation", "Content"):
        _set_moment(ds, what, plan.created)
    _set_moment(ds, "Series", plan.series_created)
    ds.ContentQualification = choices.content_qualification
    ds.ContributingEquipmentSequence = [_acquisition_equipment(source)]
    if ds.Modality == "SR":
        ds.CodingSchemeIdentificationSequence = [_private_scheme()]


def _set_moment(ds: Dataset, what: str, moment: datetime) -> None:
    setattr(ds, f"{what}Date", f"{moment:%Y%m%d}")
    setattr(ds, f"{what}Time", f"{moment:%H%M%S}")


def coded(concept: Code) -> Dataset:
    """Item of a code sequence."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator = concept.value, concept.scheme_designator
    item.CodeMeaning = concept.meaning
    return item


def reference(one: SourceSlice) -> Dataset:
    """Reference to a source image, with its frame where it is one of several."""
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = one.sop_class_uid, one.sop_instance_uid
    if one.frame_number is not None:
        item.ReferencedFrameNumber = one.frame_number
    return item


def report(ds: Dataset, plan: ReportPlan, role: ReportRole, file_name: str) -> Report:
    """The finished object: dressed, encoded, with its UIDs beside it."""
    return Report(
        role=role,
        sop_class_uid=str(ds.SOPClassUID),
        sop_instance_uid=str(ds.SOPInstanceUID),
        series_instance_uid=str(ds.SeriesInstanceUID),
        file_name=file_name,
        data=encode(ds, plan.choices.software_version),
    )


def encode(ds: Dataset, software_version: str) -> bytes:
    """A DICOM file in explicit VR little endian, with our own implementation in its meta information."""
    ds.file_meta = FileMetaDataset()
    ds.file_meta.FileMetaInformationVersion = b"\x00\x01"
    ds.file_meta.MediaStorageSOPClassUID, ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPClassUID, ds.SOPInstanceUID
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta.ImplementationClassUID = UID(IMPLEMENTATION_CLASS_UID)
    ds.file_meta.ImplementationVersionName = implementation_version_name(software_version)
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        # A character set that nobody knows is the CT's; its bytes are copied as they are, and our own text is ASCII.
        warnings.simplefilter("ignore")
        stated = convert_encodings(ds.get("SpecificCharacterSet") or "iso8859")
        # Elements that were never decoded are written as they came only where the encoding is said to be unchanged.
        ds.set_original_encoding(is_implicit_vr=False, is_little_endian=True, character_encoding=stated)
        dcmwrite(buffer, ds, enforce_file_format=True)
    return buffer.getvalue()


def _acquisition_equipment(source: SourceHeader) -> Dataset:
    """The scanner (PS3.3 C.12.1, Contributing Equipment)."""
    known = _decoded(source.equipment, charset=source.context.get("SpecificCharacterSet") or "iso8859")
    item = Dataset()
    item.PurposeOfReferenceCodeSequence = [coded(codes.ACQUISITION_EQUIPMENT)]
    for keyword in ("Manufacturer", *_EQUIPMENT):
        if known.get(keyword):
            item[keyword] = known[keyword]
    if "Manufacturer" not in item:
        item.Manufacturer = "unknown"  # type 1 in this sequence
    moment = f"{known.get('AcquisitionDate') or ''}{known.get('AcquisitionTime') or ''}"
    if _DATE_TIME.fullmatch(moment):
        item.ContributionDateTime = moment
    return item


def _decoded(elements: Dataset, *, charset: str | MutableSequence[str]) -> Dataset:
    """Elements that go into an item of a sequence: an item's bytes are not copied, so they must be read right first."""
    out = Dataset()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a value that breaks its own representation is the CT's, and repeated as it is
        out.set_original_encoding(
            is_implicit_vr=False, is_little_endian=True, character_encoding=convert_encodings(charset)
        )
        for keyword in ("Manufacturer", *_EQUIPMENT, "AcquisitionDate", "AcquisitionTime"):
            if keyword in elements:
                _copy_element(elements, out, Tag(tag_for_keyword(keyword) or 0))
                _ = out[keyword]
    return out


def _private_scheme() -> Dataset:
    item = Dataset()
    item.CodingSchemeDesignator, item.CodingSchemeUID = codes.PRIVATE, codes.PRIVATE_UID
    item.CodingSchemeName = codes.PRIVATE_NAME
    item.CodingSchemeResponsibleOrganization = ascii_text(codes.PRIVATE_ORGANIZATION)
    return item
