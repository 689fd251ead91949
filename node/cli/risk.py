"""`calcium-node risk`."""

import math
from typing import TYPE_CHECKING, Annotated, Any

import typer

from node.cli.render import STANDARD_OUTPUT, write_json, write_table

if TYPE_CHECKING:
    from scoring.result import Risk

GROUPS = ("black", "white", "hispanic", "chinese")
TABLES = ("mesa", "hoff", "none")
OLDEST_YEARS = 120

CLINICAL = (
    "total_cholesterol", "hdl", "systolic", "lipid_medication", "bp_medication", "diabetes", "smoker", "family_history",
)  # fmt: skip
"""What the MESA risk asks for beside score, age, sex and ethnic group."""

_Answers = dict[str, Any]  # the flags by name, None where not given


def risk(  # noqa: PLR0913, PLR0917 - the flags of the command
    score: Annotated[float, typer.Option(help="Agatston score.")],
    age: Annotated[int | None, typer.Option(help="Completed years.")] = None,
    sex: Annotated[str | None, typer.Option(help="M, F, or O as in DICOM.")] = None,
    ethnic_group: Annotated[str | None, typer.Option(help="black, white, hispanic or chinese.")] = None,
    total_cholesterol: Annotated[float | None, typer.Option(help="mg/dL.")] = None,
    hdl: Annotated[float | None, typer.Option(help="mg/dL.")] = None,
    systolic: Annotated[float | None, typer.Option(help="mmHg.")] = None,
    lipid_medication: Annotated[bool | None, typer.Option()] = None,
    bp_medication: Annotated[bool | None, typer.Option()] = None,
    diabetes: Annotated[bool | None, typer.Option()] = None,
    smoker: Annotated[bool | None, typer.Option(help="At present.")] = None,
    family_history: Annotated[bool | None, typer.Option(help="Heart attack of a parent, sibling or child.")] = None,
    percentile: Annotated[str, typer.Option(help="mesa, hoff or none.")] = "mesa",
    json_file: Annotated[str | None, typer.Option("--json", help="FILE, or - for standard output.")] = None,
) -> None:
    """Say what a score means in published schemes. Never advice."""
    given = {
        "total_cholesterol": total_cholesterol, "hdl": hdl, "systolic": systolic, "lipid_medication": lipid_medication,
        "bp_medication": bp_medication, "diabetes": diabetes, "smoker": smoker, "family_history": family_history,
    }  # fmt: skip
    _check(score, age, sex, ethnic_group, percentile)
    from node.reports import risk_document
    from scoring.result import Demographics
    from scoring.risk import risk as interpret

    told = interpret(
        score, None, Demographics(age_years=age, sex=sex, ethnic_group=ethnic_group), percentile, diabetes=diabetes
    )
    chd, withheld = _chd(score, {"age_years": age, "sex": sex, "ethnic_group": ethnic_group}, given)
    answer = risk_document(told) | {"mesa_chd_risk_percent": chd, "mesa_chd_risk_withheld": withheld}
    if json_file:
        write_json(answer, json_file)
    if json_file != STANDARD_OUTPUT:
        rows = _rows(told, answer, score, percentile)
        write_table("What the score means in published schemes; no advice", ("", ""), rows)


def _check(score: float, age: int | None, sex: str | None, group: str | None, table: str) -> None:
    """Usage errors in one sentence each; what is only unusual is answered with a reason."""
    if not (math.isfinite(score) and score >= 0):
        raise typer.BadParameter(f"an Agatston score is a number of 0 or more, got {score:g}", param_hint="--score")
    if age is not None and not 0 <= age <= OLDEST_YEARS:
        raise typer.BadParameter(f"an age is 0 to {OLDEST_YEARS} years, got {age}", param_hint="--age")
    if sex is not None and sex not in ("M", "F", "O"):
        raise typer.BadParameter(f"{sex} is none of M, F and O", param_hint="--sex")
    if group is not None and group not in GROUPS:
        raise typer.BadParameter(f"{group} is none of {', '.join(GROUPS)}", param_hint="--ethnic-group")
    if table not in TABLES:
        raise typer.BadParameter(f"{table} is none of {', '.join(TABLES)}", param_hint="--percentile")


def _chd(score: float, person: _Answers, given: _Answers) -> tuple[float | None, str | None]:
    """MESA 10-year risk, or why there is none; neither where nothing clinical was given."""
    if all(value is None for value in given.values()):
        return None, None
    missing = [name for name, value in (person | given).items() if value is None]
    if missing:
        flags = ", ".join("--" + name.removesuffix("_years").replace("_", "-") for name in missing)
        return None, f"no MESA 10-year risk: it needs all of its inputs, and {flags} {_is(missing)} missing"
    from scoring.risk import ChdInputs, OutsideModelError, chd_risk

    measured = {
        "total_cholesterol_mg_dl": given["total_cholesterol"],
        "hdl_mg_dl": given["hdl"],
        "systolic_bp_mmhg": given["systolic"],
    }
    answers = {name: given[name] for name in CLINICAL[3:]}
    try:
        return chd_risk(ChdInputs(**person, **measured, **answers, agatston=score)), None
    except OutsideModelError as outside:
        return None, f"no MESA 10-year risk: {outside}"
    except ValueError as fault:
        raise typer.BadParameter(str(fault)) from None


def _is(missing: list[str]) -> str:
    return "is" if len(missing) == 1 else "are"


def _rows(told: "Risk", answer: _Answers, score: float, table: str) -> list[list[str]]:
    from scoring.result import printed_agatston

    rows = [
        ["score as printed", str(printed_agatston(score))],
        ["category", f"{told.category} (scheme {told.category_scheme})"],
        ["classic category", told.category_classic],
        ["CAC-DRS", f"{told.cac_drs} (the N needs the number of vessels)" if told.cac_drs != "A0" else told.cac_drs],
        ["very high (1000 or more)", "yes" if told.very_high else "no"],
        ["percentile", percentile_words(answer)],
        *_population(answer, table),
        ["arterial age", arterial_age_words(answer)],
    ]
    chd, withheld = answer["mesa_chd_risk_percent"], answer["mesa_chd_risk_withheld"]
    if chd is not None or withheld:
        rows.append(["MESA 10-year risk", withheld or f"{chd:.1f} % coronary heart disease (McClelland 2015)"])
    return rows


def _population(answer: _Answers, table: str) -> list[list[str]]:
    """Who the percentile compares with, in full."""
    from scoring.risk import population_of

    return [["compared with", population_of(table)]] if answer["percentile"] else []


def percentile_words(risk_object: _Answers) -> str:
    """Percentile with its population, or the sentence why there is none; `risk_object` is that of the contract."""
    from node.reports.spelling import ordinal

    percentile = risk_object["percentile"]
    if percentile is None:
        return str(risk_object["percentile_withheld"] or "none")
    if percentile["value"] is not None:
        above = " or above" if percentile["value"] == 99 else ""
        place = f"{ordinal(percentile['value'])}{above}"
    else:
        low, high = percentile["band"]
        place = f"{ordinal(low)} to {ordinal(high)}" if high < 100 else f"{ordinal(low)} or above"
        place = f"below {ordinal(high)}" if low == 0 else place
    return f"{place} ({percentile['population']}; {percentile['source']})"


def arterial_age_words(risk_object: _Answers) -> str:
    """Arterial age with whom it is not for, or why there is none."""
    years = risk_object["arterial_age_years"]
    if years is None:
        return str(risk_object["arterial_age_withheld"] or "none")
    return f"{math.floor(years + 0.5)} years (MESA; not for people with diabetes)"
