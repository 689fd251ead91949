"""What the scanner said of the acquisition, and the evidence that it was triggered by the ECG."""

import re

from pydicom.dataset import Dataset

from node.reading.attributes import folded, items, number, numbers, text, words
from scoring.protocol import Acquisition, Gating

SMALL_FIELD_MM = 260.0
"""A field of view made for the heart."""

FULL_CHEST_MM = 300.0

_SCAN_OPTIONS = re.compile(r"TP\d+PC|OSCRATE|ECG|GATED|CARDIAC|SMARTSCORE|DIASTOL|SYSTOL|TRIGGER", re.IGNORECASE)
_PROTOCOL = re.compile(
    r"\becg\b|\bekg\b|prospective|retrospective|cardiac|heart|coronar"
    r"|calcium|ca[ -]?sc|cacs|smart ?score|step ?(and|&) ?shoot"
)
_TIN_FILTER = re.compile(r"\b(?:TIN|SN)\b|\bSN ?\d{2,3}\b", re.IGNORECASE)
_TIN_IN_WORDS = re.compile(r"(?<![a-z])sn ?1[0-5]0(?!\d)|(?<!\d)1[0-5]0 ?(?:kvp? ?)?sn(?![a-z])|tin[ -]?filter")
_NO_CONTRAST = frozenset(("", "none", "no", "no contrast", "without", "non contrast", "non-contrast", "n/a", "0"))
_NUMBERS_OF_A_GATED_SCAN = (
    "TriggerTime", "CardiacRRIntervalSpecified", "NominalPercentageOfCardiacPhase", "HeartRate",
    "NominalCardiacTriggerDelayTime",
)  # fmt: skip


def protocol_words(header: Dataset) -> str:
    """Series description and protocol name for comparing: they hint, they never decide."""
    return folded(f"{text(header, 'SeriesDescription')} {text(header, 'ProtocolName')}")


def gating_is_stated(header: Dataset) -> bool:
    """Whether anything in the header says ECG; Low R-R Value (0018,1082) is not the phase and says nothing here."""
    options = text(header, "ScanOptions")
    # Gating by breathing writes the same word.
    breathing = re.search(r"resp|breath", options + protocol_words(header), re.IGNORECASE)
    if _SCAN_OPTIONS.search(options) and not breathing:
        return True
    if any((number(header, keyword) or 0) > 0 for keyword in _NUMBERS_OF_A_GATED_SCAN):
        return True
    if set(words(header, "CardiacSynchronizationTechnique")) & {"PROSPECTIVE", "RETROSPECTIVE", "REALTIME", "PACED"}:
        return True
    return bool(_PROTOCOL.search(protocol_words(header))) or _steps_over_the_heart(header)


def _steps_over_the_heart(header: Dataset) -> bool:
    field = number(header, "ReconstructionDiameter")
    thickness = number(header, "SliceThickness")
    stepped = text(header, "AcquisitionType") in ("SEQUENCED", "STATIONARY", "STEP")
    return (
        stepped and field is not None and field <= SMALL_FIELD_MM and thickness is not None and 2.0 <= thickness <= 3.5
    )


def has_tin_filter(header: Dataset) -> bool:
    """Whether the beam was filtered by tin: by Filter Type, Filter Material, or the vendor's word for it ("Sn100").

    KVP says 100 for Sn100 as for plain 100 kVp, and calcium looks otherwise; a word too many costs a refusal, a word
    too few a wrong score.
    """
    stated = (text(header, "FilterType"), text(header, "FilterMaterial"))
    words = f"{protocol_words(header)} {folded(text(header, 'ConvolutionKernel'))}"
    return any(_TIN_FILTER.search(value) for value in stated) or bool(_TIN_IN_WORDS.search(words))


def acquisition(header: Dataset, *, padding_hu: float | None) -> Acquisition:
    """Facts of the acquisition from one flat header of the series."""
    field = number(header, "ReconstructionDiameter")
    gating = Gating.NOT_STATED
    if gating_is_stated(header):
        gating = Gating.STATED
    elif field is not None and field > FULL_CHEST_MM:
        gating = Gating.NOT_GATED
    kvp = number(header, "KVP")
    thickness = number(header, "SliceThickness")
    return Acquisition(
        kvp=kvp or None,
        slice_thickness_mm=thickness or None,
        kernel=text(header, "ConvolutionKernel"),
        manufacturer=text(header, "Manufacturer"),
        model=text(header, "ManufacturerModelName"),
        station=text(header, "StationName"),
        tin_filter=has_tin_filter(header),
        contrast_stated=states_contrast(contrast_agent(header)),
        gating=gating,
        reconstruction_diameter_mm=field,
        mass_factor_patient=number(header, "CalciumScoringMassFactorPatient"),
        mass_factor_device=numbers(header, "CalciumScoringMassFactorDevice"),
        padding_hu=padding_hu,
    )


def contrast_agent(header: Dataset) -> str | None:
    """Contrast agent as stated, "" where the attribute is there and empty, None where it is absent."""
    if "ContrastBolusAgent" in header:
        return text(header, "ContrastBolusAgent")
    if items(header, "ContrastBolusAgentSequence"):
        return "coded"
    return None


def states_contrast(agent: str | None) -> bool:
    """Whether that value says that contrast medium was given."""
    return folded(agent or "") not in _NO_CONTRAST
