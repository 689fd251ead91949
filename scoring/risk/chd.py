"""MESA 10-year risk of coronary heart disease (McClelland 2015), with and without the calcium score."""

import math
from dataclasses import dataclass

from scoring.risk.percentiles import ETHNIC_GROUPS
from scoring.risk.tables import table

_LIMITS = {
    "total_cholesterol_mg_dl": (50.0, 600.0, "mg/dL (mmol/L x 38.67)"),
    "hdl_mg_dl": (10.0, 200.0, "mg/dL (mmol/L x 38.67)"),
    "systolic_bp_mmhg": (60.0, 260.0, "mmHg"),
}
"""What a person can have: a value outside is most likely in another unit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChdInputs:
    """All that the MESA risk asks for; one missing, and there is no risk."""

    age_years: int  # 45 to 85
    sex: str  # "M" or "F"
    ethnic_group: str  # "black", "white", "hispanic" or "chinese"
    total_cholesterol_mg_dl: float
    hdl_mg_dl: float
    systolic_bp_mmhg: float
    lipid_medication: bool
    bp_medication: bool
    diabetes: bool
    smoker: bool  # at present
    family_history: bool  # of a heart attack: parents, siblings or children
    agatston: float | None  # None: the model without calcium


def chd_risk(inputs: ChdInputs) -> float:
    """10-year risk in per cent, not rounded and not clamped.

    The outcome is myocardial infarction, resuscitated arrest, coronary death, or revascularisation with angina.

    Raises
    ------
    ValueError
        Age, sex or group is outside the model, or a value cannot be in the unit of its name.
    """
    published = table("mesa_chd_2015")
    _check(inputs, tuple(published["ages"]))
    model = published["models"]["without_cac" if inputs.agatston is None else "with_cac"]
    terms = {
        "age": inputs.age_years,
        "male": inputs.sex == "M",
        "diabetes": inputs.diabetes,
        "smoker": inputs.smoker,
        "total_cholesterol_mg_dl": inputs.total_cholesterol_mg_dl,
        "hdl_mg_dl": inputs.hdl_mg_dl,
        "lipid_medication": inputs.lipid_medication,
        "systolic_bp_mmhg": inputs.systolic_bp_mmhg,
        "bp_medication": inputs.bp_medication,
        "family_history_heart_attack": inputs.family_history,
    }
    if inputs.ethnic_group != "white":  # the group that the others are compared with
        terms[inputs.ethnic_group] = 1
    if inputs.agatston is not None:
        terms["ln_cac_plus_1"] = math.log1p(inputs.agatston)
    total = sum(float(model[name]) * float(value) for name, value in terms.items())
    return float(100.0 * (1.0 - model["s0"] ** math.exp(total)))


def _check(inputs: ChdInputs, ages: tuple[int, ...]) -> None:
    if not ages[0] <= inputs.age_years <= ages[1]:
        raise ValueError(f"the MESA risk holds for ages {ages[0]} to {ages[1]}, got {inputs.age_years}")
    if inputs.sex not in ("M", "F"):
        raise ValueError(f"the MESA risk holds for the sexes M and F, got {inputs.sex!r}")
    if inputs.ethnic_group not in ETHNIC_GROUPS:
        raise ValueError(f"the MESA risk holds for {', '.join(ETHNIC_GROUPS)} people, got {inputs.ethnic_group!r}")
    for name, (low, high, unit) in _LIMITS.items():
        value = getattr(inputs, name)
        if not low <= value <= high:
            raise ValueError(f"{name} is {value:g}; a person has {low:g} to {high:g} {unit}")
    if inputs.agatston is not None and not (math.isfinite(inputs.agatston) and inputs.agatston >= 0):
        raise ValueError(f"an Agatston score is 0 or more, got {inputs.agatston}")
