"""`calcium-node risk`."""

from typing import Annotated, Any

import typer

from node.cli.render import write_json, write_table


def risk(  # noqa: PLR0913, PLR0917 - the flags of the command
    score: Annotated[float, typer.Option(help="Agatston score.", min=0)],
    age: Annotated[int | None, typer.Option(help="Completed years.")] = None,
    sex: Annotated[str | None, typer.Option(help="M or F.")] = None,
    ethnic_group: Annotated[str | None, typer.Option(help="black, white, hispanic or chinese.")] = None,
    total_cholesterol: Annotated[float | None, typer.Option(help="mg/dL.")] = None,
    hdl: Annotated[float | None, typer.Option(help="mg/dL.")] = None,
    systolic: Annotated[float | None, typer.Option(help="mmHg.")] = None,
    lipid_medication: Annotated[bool | None, typer.Option()] = None,
    bp_medication: Annotated[bool | None, typer.Option()] = None,
    diabetes: Annotated[bool | None, typer.Option()] = None,
    smoker: Annotated[bool | None, typer.Option()] = None,
    family_history: Annotated[bool | None, typer.Option()] = None,
    percentile: Annotated[str, typer.Option(help="mesa, hoff or none.")] = "mesa",
    json_file: Annotated[str | None, typer.Option("--json", help="FILE, or - for standard output.")] = None,
) -> None:
    """Say what a score means in published schemes. Never advice."""
    if sex is not None and sex not in ("M", "F"):
        raise typer.BadParameter(f"{sex} is neither M nor F", param_hint="--sex")
    if ethnic_group is not None and ethnic_group not in ("black", "white", "hispanic", "chinese"):
        raise typer.BadParameter(
            f"{ethnic_group} is not black, white, hispanic or chinese", param_hint="--ethnic-group"
        )
    if percentile not in ("mesa", "hoff", "none"):
        raise typer.BadParameter(f"{percentile} is not mesa, hoff or none", param_hint="--percentile")
    from node.reports import risk_document
    from scoring.result import Demographics
    from scoring.risk import ChdInputs, chd_risk
    from scoring.risk import risk as interpret

    told = interpret(score, None, Demographics(age_years=age, sex=sex, ethnic_group=ethnic_group), percentile)
    person = {"age_years": age, "sex": sex, "ethnic_group": ethnic_group}
    measured = {"total_cholesterol_mg_dl": total_cholesterol, "hdl_mg_dl": hdl, "systolic_bp_mmhg": systolic}
    answers = {
        "lipid_medication": lipid_medication,
        "bp_medication": bp_medication,
        "diabetes": diabetes,
        "smoker": smoker,
        "family_history": family_history,
    }
    inputs: dict[str, Any] = {**person, **measured, **answers}
    chd = None
    if all(value is not None for value in inputs.values()):
        try:
            chd = chd_risk(ChdInputs(**inputs, agatston=score))
        except ValueError as fault:
            raise typer.BadParameter(str(fault)) from None
    answer = risk_document(told) | {"mesa_chd_risk_percent": chd}
    if json_file:
        write_json(answer, json_file)
        return
    write_table("Risk", ("", ""), [[key.replace("_", " "), str(value)] for key, value in answer.items()])
