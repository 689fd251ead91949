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


class OutsideModelError(ValueError):
    """The model was not made for such a person; the message is the sentence that says why."""


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
    McClelland 2015, doi 10.1016/j.jacc.2015.08.035, table 2; the sum is not centred, white is the reference group.

    Raises
    ------
    OutsideModelError
        Age, sex or group is outside the model.
    ValueError
        A value cannot be in the unit of its name: cholesterol is in mg/dL, not in mmol/L.

    Examples
    --------
    >>> inputs = ChdInputs(
    ...     age_years=65, sex="M", ethnic_group="white", total_cholesterol_mg_dl=210, hdl_mg_dl=45,
    ...     systolic_bp_mmhg=140, lipid_medication=False, bp_medication=False, diabetes=False, smoker=False,
    ...     family_history=False, agatston=400.0,
    ... )
    >>> round(chd_risk(inputs), 2)
    13.76
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
    for name, (low, high, unit) in _LIMITS.items():
        value = getattr(inputs, name)
        if not low <= value <= high:
            raise ValueError(f"{name} is {value:g}; a person has {low:g} to {high:g} {unit}")
    if inputs.agatston is not None and not (math.isfinite(inputs.agatston) and inputs.agatston >= 0):
        raise ValueError(f"an Agatston score is 0 or more, got {inputs.agatston}")
    if not ages[0] <= inputs.age_years <= ages[1]:
        raise OutsideModelError(f"the MESA risk holds for ages {ages[0]} to {ages[1]}, got {inputs.age_years}")
    if inputs.sex not in ("M", "F"):
        raise OutsideModelError(f"the MESA risk holds for the sexes M and F, got {inputs.sex!r}")
    if inputs.ethnic_group not in ETHNIC_GROUPS:
        raise OutsideModelError(
            f"the MESA risk holds for {', '.join(ETHNIC_GROUPS)} people, got {inputs.ethnic_group!r}"
        )
