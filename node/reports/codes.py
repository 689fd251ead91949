"""Every coded concept that reports write: (value, scheme, meaning).

The standard's meanings are those of PS3.16, which a test compares with pydicom's dictionaries. Our own concepts
stand in the private scheme 99CALCIUM (PS3.16 8.2), which every object that uses it declares.
"""

from pydicom.sr.coding import Code

from node.reports.spelling import ascii_text, ordinal, shortened
from node.uids import derive
from scoring.result import Vessel

PRIVATE = "99CALCIUM"
PRIVATE_UID = derive("coding scheme", PRIVATE)
PRIVATE_NAME = "calcium-node concepts"
PRIVATE_ORGANIZATION = "calcium-node project"


def _dcm(value: str, meaning: str) -> Code:
    return Code(value, "DCM", meaning)


def _sct(value: str, meaning: str) -> Code:
    return Code(value, "SCT", meaning)


def _ucum(value: str, meaning: str) -> Code:
    return Code(value, "UCUM", meaning)


def own(value: str, meaning: str) -> Code:
    """Concept of our private scheme: value at most 16 characters (SH), meaning at most 64 (LO), both ASCII."""
    return Code(value[:16].rstrip("_"), PRIVATE, shortened(ascii_text(meaning), 64))


# the document
TITLE = _dcm("126000", "Imaging Measurement Report")  # CID 7021; with another title viewers draw no contour
TEXT_TITLE = _dcm("121111", "Summary")
ENGLISH = Code("en-US", "RFC5646", "English (United States)")
LANGUAGE = _dcm("121049", "Language of Content Item and Descendants")
DEVICE = _dcm("121007", "Device")
PROCEDURE = Code("25045-6", "LN", "CT unspecified body region")  # TID 1500 asks for CID 100, which has no calcium scan
PERFORMED = _sct("426005005", "Cardiac CT for calcium scoring")  # the exact procedure, in (0040,A372)
FINDING = _dcm("121071", "Finding")
COMMENT = _dcm("121106", "Comment")

# what is measured
AGATSTON = _sct("450360000", "Coronary artery calcium score")  # CID 6142; (112058, DCM) is in no context group
VOLUME = _dcm("122660", "Calcium Volume")
MASS = _dcm("122661", "Calcium Mass")
MASS_UNCALIBRATED = own("MASS_UNCAL", "Calcium mass, uncalibrated")
LESIONS = _dcm("111038", "Number of calcifications")
PEAK = _dcm("112180", "Maximum Attenuation Coefficient")
PERCENTILE = _dcm("121415", "Percentile Ranking of measurement")
POPULATION = _dcm("121405", "Population description")
AUTHORITY = _dcm("121406", "Reference Authority")
THRESHOLD = _dcm("122657", "Agatston Score Threshold")
INTERVAL_LOW = own("INT_LOW", "Lower bound of the repeat interval")
INTERVAL_HIGH = own("INT_HIGH", "Upper bound of the repeat interval")
UNCERTAIN_LESIONS = own("UNCERTAIN_N", "Uncertain lesions in the total")
UNCERTAIN_AGATSTON = own("UNCERTAIN_A", "Agatston score of uncertain lesions")

# how
AGATSTON_METHOD = _dcm("112055", "Agatston scoring method")
VOLUME_METHOD = _dcm("112056", "Volume scoring method")
MASS_METHOD = _dcm("112057", "Mass scoring method")
BOUNDED_BY = _sct("75958009", "Bounded by")
CALCIFICATION = _sct("237897009", "Vascular Calcification")
MORPHOLOGICALLY_ABNORMAL = _sct("49755003", "Morphologically Abnormal Structure")
MORPHOLOGICAL_OPERATIONS = _dcm("123104", "Morphological Operations")
SOURCE_IMAGE = _dcm("121322", "Source image for image processing operation")
ACQUISITION_EQUIPMENT = _dcm("109101", "Acquisition Equipment")

# where
SITES = {
    Vessel.LM: _sct("3227004", "Left Main Coronary Artery"),
    Vessel.LAD: _sct("59438005", "Left Anterior Descending Coronary Artery"),
    Vessel.LCX: _sct("57396003", "Circumflex Coronary Artery"),
    Vessel.RCA: _sct("13647002", "Right Coronary Artery"),
}
CORONARIES = _sct("41801008", "Coronary artery")

# units: none whose code value is a digit. A viewer that leaves out a value of 0 then shows no wrong number.
U_AGATSTON = _ucum("{Agatston}", "Agatston score")
U_MM3 = _ucum("mm3", "cubic millimeter")
U_MG = _ucum("mg", "milligram")
U_MG_UNCALIBRATED = _ucum("mg{uncalibrated}", "milligram, uncalibrated")
U_LESION = _ucum("{lesion}", "lesions")
U_HU = _ucum("[hnsf'U]", "Hounsfield unit")
U_PERCENTILE = _ucum("{percentile}", "percentile")

# what is judged
RESULT = own("RESULT", "Calcium scoring result")
SCORED = own("SCORED", "Scored")
NOT_SCORED = own("NOT_SCORED", "Not scored")
REASON = own("REASON", "Reason for not scoring")
CAVEAT = own("CAVEAT", "Caveat")
CATEGORY = own("CATEGORY", "Calcium category")
CACDRS = own("CACDRS", "CAC-DRS category")
PERCENTILE_BAND = own("PERCENTILE_BAND", "Percentile band of the score")
PERCENTILE_WITHHELD = own("PCTL_WITHHELD", "Percentile withheld")
QUALITY = _dcm("122739", "Overall study quality")
GOOD_QUALITY = _dcm("122741", "Good image quality")
POOR_QUALITY = _dcm("122742", "Poor image quality")

_CATEGORIES = {
    "0": own("CAT_0", "0: no calcium"),
    "1–99": own("CAT_1_99", "1-99: mild"),
    "100–399": own("CAT_100_399", "100-399: moderate"),
    "≥400": own("CAT_400", ">= 400: severe"),
}

FINDINGS = {
    "contrast": "Contrast medium in the heart",
    "no_heart": "No heart found",
    "coverage": "Heart not covered",
    "coverage_z": "Heart cut at the end of the stack",
    "coverage_fov": "Heart cut by the field of view",
    "noise": "Image noise",
    "thickness": "Slice thickness",
    "increment": "Slice increment",
    "kvp": "Tube voltage",
    "kernel": "Reconstruction kernel",
    "gating": "ECG gating",
    "motion_possible": "Motion possible",
    "metal": "Metal",
    "stent_possible": "Stent possible",
    "cabg_possible": "Bypass graft possible",
    "streak": "Streaks",
    "tilt": "Tilted slices",
    "demographics": "Age or sex",
    "saturation": "Saturated pixels",
    "duplicates": "Slices at one position",
    "duplicate_position": "Slices at one position",
    "padding": "Padding inside the heart",
    "not_ct": "Not a CT",
    "not_axial": "Not axial",
    "too_few": "Too few slices",
    "gap": "Images missing",
    "uneven": "Slices not evenly spaced",
    "geometry": "Geometry not usable",
    "several_phases": "Several phases in one series",
    "zero_or_one_uncertain": "Score made of specks within noise only",
    "zero": "Zero that this scan does not make certain",
    "specks": "Specks within noise are part of the score",
    "not_judged": "Faults of a scan that are not recognised",
    "anatomy": "Anatomy found with low confidence",
    "mirrored": "Images mirrored",
    "mass_factor": "Mass calibration",
    "segmentation": "Segmentation given from outside",
    "mixed_patients": "Images of several patients",
    "image_type": "Type of image",
    "lossy": "Compressed with loss",
    "pixels": "Pixels not usable",
    "rescale": "Rescale to HU not usable",
}


def category(words: str) -> Code:
    """Concept of a category, by its spelling in `Risk.category`."""
    return _CATEGORIES.get(words, own("CAT_OTHER", words))


def cac_drs(words: str) -> Code:
    """Concept of a CAC-DRS category: "A2/N3" becomes A2_N3.

    Examples
    --------
    >>> cac_drs("A2/N3").value, cac_drs("A2/N3").meaning
    ('A2_N3', 'CAC-DRS A2/N3')
    """
    return own(words.replace("/", "_"), f"CAC-DRS {words}")


def band(low: int, high: int) -> Code:
    """Concept of a percentile band, for tables that allow no single value.

    Examples
    --------
    >>> band(75, 90).value, band(75, 90).meaning
    ('P75_P90', '75th to 90th percentile')
    """
    return own(f"P{low}_P{high}", f"{ordinal(low)} to {ordinal(high)} percentile")


def finding(code: str) -> Code:
    """Concept of a finding or of a reason: its own code in upper case, 16 characters at most.

    Examples
    --------
    >>> finding("contrast").value, finding("zero_or_one_uncertain").value, finding("new_rule").meaning
    ('CONTRAST', 'ZERO_OR_ONE_UNCE', 'New rule')
    """
    return own(ascii_text(code).upper(), FINDINGS.get(code, code.replace("_", " ").capitalize()))
