"""`calcium-node evaluate`: a site's acceptance test on its own cases with a reference."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from node.cli import exits
from node.cli.progress import progress
from node.cli.render import STANDARD_OUTPUT, say, write_json, write_table
from node.cli.score import PRESETS
from node.cli.series import assessed, read_by_series

if TYPE_CHECKING:
    from node.acceptance import CaseOutcome, Reference
    from node.facts import InstanceFacts
    from node.settings import Settings

NO_IMAGES = (".json", ".csv", ".xml", ".plist")
"""References that may lie beside the images."""
KEPT = "cases"
"""Folder below --out in which the outcomes of finished series are kept."""


def evaluate(
    folder: Annotated[Path, typer.Argument(help="Folder with the images of the cases, searched recursively.")],
    reference: Annotated[
        Path,
        typer.Option(
            help="CSV (series_uid,LM,LAD,LCX,RCA,total), JSON, SEG, contour list, or a folder with such files."
        ),
    ],
    json_file: Annotated[str | None, typer.Option("--json", help="FILE, or - for standard output.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for pictures and finished cases; a stopped run goes on from there.")
    ] = None,
    preset: Annotated[str | None, typer.Option(help=", ".join(PRESETS))] = None,
    config: Annotated[Path | None, typer.Option(help="Configuration file; without it the defaults.")] = None,
) -> None:
    """Compare scores of a site's own cases with a reference: agreement, categories, Bland-Altman, lesions."""
    if preset is not None and preset not in PRESETS:
        raise typer.BadParameter(f"{preset} is none of {', '.join(PRESETS)}", param_hint="--preset")
    if not reference.exists():
        raise typer.BadParameter(f"{reference}: there is no such file or folder", param_hint="--reference")
    from node.acceptance import LeftOut, SeriesHere, evaluation_document, read_references
    from node.cli.files import dicom_files
    from node.reports.identity import PRODUCT
    from node.roles import software_version
    from node.settings import load

    settings = load(config)
    if preset is not None:
        settings = settings.model_copy(update={"score": settings.score.model_copy(update={"preset": preset})})
    images = _images(read_by_series([one for one in dicom_files([folder]) if one.suffix.lower() not in NO_IMAGES]))
    if not images:
        say(f"No CT series found in {folder}: nothing was evaluated.")
        raise typer.Exit(exits.FAILED)
    here = [
        SeriesHere(
            series_uid=uid,
            frame_of_reference_uid=members[0][1].frame_of_reference_uid,
            paths=tuple(path for path, _ in members),
        )
        for uid, members in images.items()
    ]
    references = read_references(reference, here)
    outcomes = _evaluated(settings, images, references.by_series, out)
    named = {*references.by_series, *(one.series_uid for one in references.left_out)}
    unnamed = [
        LeftOut(series_uid=uid, reason="the reference says nothing of this series")
        for uid in images
        if uid not in named
    ]
    document = evaluation_document(
        outcomes,
        [*references.left_out, *unnamed],
        preset=settings.score.preset,
        software={"name": PRODUCT, "version": software_version()},
    )
    _answer(document, json_file, out)
    raise typer.Exit(_status(document, outcomes))


def _images(
    by_series: "Mapping[str, list[tuple[Path, InstanceFacts]]]",
) -> "dict[str, list[tuple[Path, InstanceFacts]]]":
    """Series of CT images: a Segmentation in the folder is a reference, not a case."""
    return {uid: members for uid, members in by_series.items() if members[0][1].modality == "CT"}


def _evaluated(
    settings: "Settings",
    images: "Mapping[str, list[tuple[Path, InstanceFacts]]]",
    references: "Mapping[str, Reference]",
    out: Path | None,
) -> "list[CaseOutcome]":
    from node.acceptance import evaluate_series

    keep = out / KEPT if out else None
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
    outcomes, taken = [], 0
    with progress("evaluating", len(references)) as advance:
        for uid, reference in sorted(references.items()):
            request = _request(settings, uid, images[uid])
            outcome, was_kept = evaluate_series(request, reference, settings.score, keep=keep)
            outcomes.append(outcome)
            taken += was_kept
            advance(1)
    if taken:
        say(f"{taken} of {len(references)} series were finished by an earlier run and taken from {keep}.")
    return outcomes


def _request(settings: "Settings", uid: str, members: "Sequence[tuple[Path, InstanceFacts]]") -> Any:  # noqa: ANN401 - pydantic's own, imported late
    from node.clock import SystemClock
    from node.facts import Verdict
    from node.pipeline.series_job import Refusal, request_for
    from node.roles import software_version

    said = assessed(settings, [facts for _, facts in members])
    return request_for(
        settings,
        paths=tuple(path for path, _ in members),
        study_instance_uid=members[0][1].study_instance_uid,
        series_instance_uid=uid,
        created=SystemClock().now(),
        software_version=software_version(),
        refusal=None if said.verdict is Verdict.WHOLE else Refusal(code=said.code, sentence=said.sentence),
    )


def _status(document: Mapping[str, Any], outcomes: "Sequence[CaseOutcome]") -> int:
    if any(one.status == "failed" for one in outcomes):
        return exits.FAILED
    if any(one.status == "refused" and not one.must_be_refused for one in outcomes):
        return exits.REFUSED
    if not document["n"] and not document["refused"]["must_be_refused"]:
        say("No series could be compared.")
        return exits.FAILED
    return exits.DONE


# ------------------------------------------------------------------------------------------ the answer


def _answer(document: Mapping[str, Any], json_file: str | None, out: Path | None) -> None:
    if json_file:
        write_json(document, json_file)
    if json_file != STANDARD_OUTPUT:
        _show(document)
    if out is not None:
        _draw(document, out)


def _show(document: Mapping[str, Any]) -> None:
    write_table(f"Agreement of {document['n']} series", ("", ""), _figures(document), right=(1,))
    heads, rows = _categories(document)
    write_table("Reference (rows) against score (columns)", heads, rows, right=range(1, len(heads)))
    if document["excluded"]:
        rows = [[one["series_uid"], one["reason"]] for one in document["excluded"]]
        write_table(f"Not compared: {len(rows)}", ("series", "reason"), rows)
    if document["notes"]:
        write_table("Notes", ("series", "note"), [[one["series_uid"], one["note"]] for one in document["notes"]])


def _figures(document: Mapping[str, Any]) -> list[list[str]]:
    """Names and values of everything that was measured."""
    rows = [[f"ICC {name}", _said(value)] for name, value in document["icc"].items()]
    refused, lesions = document["refused"], document["lesions"]
    rows += [
        ["ICC LM and LAD together", _said(document["icc_lm_and_lad"])],
        ["kappa, linear weights", _said(document["kappa"])],
        ["category agreement", _said(document["category_agreement"])],
    ]
    if refused["n"]:
        wrong = f"{refused['n']} refused as wrong"
        rows += [
            [f"kappa, {wrong}", _said(refused["kappa_refusals_wrong"])],
            [f"category agreement, {wrong}", _said(refused["category_agreement_refusals_wrong"])],
        ]
    if refused["must_be_refused"]:
        rows.append(["rightly refused", f"{refused['rightly_refused']} of {refused['must_be_refused']}"])
    limits = document["bland_altman"]
    rows.append(["mean difference, Agatston", "not defined" if limits["mean"] is None else f"{limits['mean']:+.1f}"])
    rows.append(
        ["95 % limits", "not defined" if limits["low"] is None else f"{limits['low']:+.1f} to {limits['high']:+.1f}"]
    )
    rows.append(["zeros right", f"{document['zeros']['right']} of {document['zeros']['cases']}"])
    rows.append(["calcium scored 0", str(document["zeros"]["missed"])])
    if lesions:
        rows += [
            [f"lesion sensitivity, {lesions['found']} of {lesions['reference']}", _said(lesions["sensitivity"])],
            ["false lesions a scan", _said(lesions["false_per_scan"])],
        ]
        if lesions["volume_f1"] is not None:
            rows.append(["F1 of volume", _said(lesions["volume_f1"])])
    return rows


def _categories(document: Mapping[str, Any]) -> tuple[list[str], list[list[str]]]:
    names = document["categories"]
    rows = [[name, *map(str, row)] for name, row in zip(names, document["category_table"], strict=True)]
    return ["", *names], rows


def _said(value: float | None) -> str:
    return "not defined" if value is None else f"{value:.3f}"


def _draw(document: Mapping[str, Any], out: Path) -> None:
    """The plot and the page that holds it."""
    from node.pictures import AgreementWords, Limits, agreement_page, bland_altman_plot, png

    pairs = [
        (one["reference"]["total"], one["score"]["total"])
        for one in document["cases"]
        if one["reference"] and one["score"]
    ]
    limits = document["bland_altman"]
    plot = bland_altman_plot(pairs, Limits(**limits) if limits["mean"] is not None else None)
    heads, rows = _categories(document)
    software = document["software"]
    words = AgreementWords(
        title=f"{software['name']} {software['version']}: agreement of {document['n']} series with a reference",
        figures=tuple((name, value) for name, value in _figures(document)),
        table_title="Reference (rows), score (columns)",
        table_heads=tuple(heads[1:]),
        table_rows=tuple(tuple(row) for row in rows),
        foot=(f"Preset {document['preset']}. Not compared: {len(document['excluded'])}; the JSON says why.",),
    )
    (out / "bland_altman.png").write_bytes(png(plot))
    (out / "summary.png").write_bytes(png(agreement_page(words, plot)))
