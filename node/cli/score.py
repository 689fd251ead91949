"""`calcium-node score`: the same way as the network's, from files on disk."""

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from node.cli import exits
from node.cli.render import STANDARD_OUTPUT, say, write_json, write_table

if TYPE_CHECKING:
    from node.facts import Assessment, InstanceFacts
    from node.settings import Settings

PRESETS = ("literature", "ge", "philips", "canon", "siemens", "auto")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Folders:
    """Where to put what besides the numbers."""

    objects: Path | None = None
    explain: Path | None = None


def score(
    paths: Annotated[list[Path], typer.Argument(help="DICOM files or folders, searched recursively.")],
    json_file: Annotated[str | None, typer.Option("--json", help="FILE, or - for standard output.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the report objects and pictures, by series.")] = None,
    preset: Annotated[str | None, typer.Option(help=", ".join(PRESETS))] = None,
    explain: Annotated[
        Path | None, typer.Option(help="Folder for pages that show why each lesion was counted or not, by series.")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="Configuration file; without it the defaults.")] = None,
) -> None:
    """Score every calcium series below the paths. Results are preliminary until a physician has verified them."""
    if preset is not None and preset not in PRESETS:
        raise typer.BadParameter(f"{preset} is none of {', '.join(PRESETS)}", param_hint="--preset")
    from node.calibration import calibrations_of
    from node.cli.files import dicom_files
    from node.settings import load

    settings = load(config)
    calibrations_of(settings)  # a fault in the file is said before the work, not after it
    if preset is not None:
        settings = settings.model_copy(update={"score": settings.score.model_copy(update={"preset": preset})})
    files = dicom_files(paths)
    by_series = _read(files)
    if not by_series:
        say(f"No CT series found in {', '.join(map(str, paths))}: nothing was scored.")
        raise typer.Exit(exits.FAILED)
    documents = _score_all(settings, by_series, _Folders(objects=out, explain=explain))
    _answer(documents, json_file)
    raise typer.Exit(_status(documents))


def _read(files: Sequence[Path]) -> "dict[str, list[tuple[Path, InstanceFacts]]]":
    """Facts of every readable object with an image, by Series Instance UID."""
    from node.reading import Unreadable, read_headers

    by_series: dict[str, list[tuple[Path, InstanceFacts]]] = {}
    with _progress("reading headers", len(files)) as advance:
        for start in range(0, len(files), 200):
            batch = files[start : start + 200]
            # The token only has to tell patients apart within this call.
            for path, read in zip(batch, read_headers(batch, token_key=b"one call"), strict=True):
                if isinstance(read, Unreadable):
                    say(f"{path.name}: {read.sentence}")
                elif not read.made_by_us:
                    by_series.setdefault(read.series_instance_uid, []).append((path, read))
            advance(len(batch))
    return by_series


def _score_all(
    settings: "Settings", by_series: "Mapping[str, list[tuple[Path, InstanceFacts]]]", folders: _Folders
) -> list[dict[str, Any]]:
    from node.facts import Verdict

    judged = {uid: _judge(settings, [facts for _, facts in members]) for uid, members in by_series.items()}
    wanted = {uid for uid, said in judged.items() if said.verdict is not Verdict.INELIGIBLE}
    alternatives = _alternatives({uid: [facts for _, facts in by_series[uid]] for uid in wanted})
    for uid, sentence in sorted(alternatives.items()):
        say(f"{uid}: left out: {sentence}")
    left_out = {uid: said for uid, said in judged.items() if said.verdict is Verdict.INELIGIBLE}
    chosen = sorted(wanted - set(alternatives))
    if not chosen:  # one refused result says why
        uid = min(left_out)
        return [_document(settings, uid, by_series[uid], left_out[uid], _Folders())]
    for uid, said in sorted(left_out.items()):
        say(f"{uid}: left out: {said.sentence}")
    documents = []
    with _progress("scoring", len(chosen)) as advance:
        for uid in chosen:
            documents.append(_document(settings, uid, by_series[uid], judged[uid], folders))
            advance(1)
    return documents


def _judge(settings: "Settings", facts: "Sequence[InstanceFacts]") -> "Assessment":
    """What intake would say of this set once nothing more comes."""
    from datetime import UTC, datetime, timedelta

    from node.intake import SeriesTiming, assess

    came = datetime(2000, 1, 1, tzinfo=UTC)
    timing = SeriesTiming(first_received=came, last_received=came, open_associations=0, last_association_closed=came)
    later = came + timedelta(seconds=settings.intake.quiet_limit_seconds + settings.intake.quiet_seconds + 1)
    return assess(facts, timing, later, settings.intake, score_non_gated=True)


def _alternatives(rivals: "Mapping[str, list[InstanceFacts]]") -> dict[str, str]:
    from node.intake import Alternative, choose

    studies: dict[str, dict[str, list[InstanceFacts]]] = {}
    for uid, facts in rivals.items():
        studies.setdefault(facts[0].study_instance_uid, {})[uid] = facts
    found: dict[str, str] = {}
    for study in studies.values():
        for uid, choice in choose(study).items():
            if isinstance(choice, Alternative):
                found[uid] = choice.sentence
    return found


def _document(
    settings: "Settings",
    uid: str,
    members: "Sequence[tuple[Path, InstanceFacts]]",
    said: "Assessment",
    folders: _Folders,
) -> dict[str, Any]:
    from node.clock import SystemClock
    from node.facts import Verdict
    from node.pipeline.series_job import Refusal, request_for, score_images
    from node.roles import software_version

    folder = _folder(folders.objects, uid)
    request = request_for(
        settings,
        paths=tuple(path for path, _ in members),
        folder=folder,
        pictures=folder,
        explain=_folder(folders.explain, uid),
        study_instance_uid=members[0][1].study_instance_uid,
        series_instance_uid=uid,
        created=SystemClock().now(),
        software_version=software_version(),
        refusal=None if said.verdict is Verdict.WHOLE else Refusal(code=said.code, sentence=said.sentence),
    )
    limits = settings.score
    reply = score_images(
        request, wall_seconds=limits.time_limit_seconds, memory_megabytes=limits.memory_limit_megabytes
    )
    return reply.document


def _folder(out: Path | None, uid: str) -> Path | None:
    """A folder for one series below `out`, by a name of our own: the UID is a stranger's."""
    if out is None:
        return None
    out.mkdir(parents=True, exist_ok=True)
    if set(uid) <= set("0123456789.") and 0 < len(uid) <= 64:
        folder = (out / uid).resolve()
        folder.mkdir(exist_ok=True)
        return folder
    return Path(tempfile.mkdtemp(prefix="series-", dir=out)).resolve()


def _status(documents: Iterable[Mapping[str, Any]]) -> int:
    states = {str(document["status"]) for document in documents}
    if "failed" in states:
        return exits.FAILED
    return exits.REFUSED if "refused" in states else exits.DONE


def _answer(documents: Sequence[dict[str, Any]], json_file: str | None) -> None:
    from node.reports import envelope
    from node.roles import software_version

    if json_file:
        write_json(envelope(documents, software_version()), json_file)
    if json_file != STANDARD_OUTPUT:
        for document in documents:
            _show(document)


def _show(document: Mapping[str, Any]) -> None:
    title = f"Series {document['series_uid']}: {document['status']}"
    if document["status"] != "scored":
        write_table(title, ("reason",), [[document["reason"]["sentence"]]])
        return
    mass = "mass mg" if document["total"]["mass_calibrated"] else "mass mg, uncalibrated"
    rows = [
        [name, *(f"{row[key]:.1f}" for key in ("agatston", "volume_mm3", "mass_mg")), str(row["lesions"])]
        for name, row in [*document["vessels"].items(), ("total", document["total"])]
    ]
    write_table(title, ("vessel", "Agatston", "volume mm3", mass, "lesions"), rows, right=(1, 2, 3, 4))
    risk = document["risk"]
    said = [["category", risk["category"]], ["CAC-DRS", risk["cac_drs"]]]
    percentile = risk["percentile"]
    said.append(["percentile", _percentile(percentile) if percentile else risk["percentile_withheld"] or ""])
    said += [[finding["severity"], finding["sentence"]] for finding in document["quality"]]
    write_table("Preliminary, to be verified by a physician", ("", ""), said)


def _percentile(percentile: Mapping[str, Any]) -> str:
    value = percentile["value"] if percentile["value"] is not None else "{}-{}".format(*percentile["band"])
    return f"{value} ({percentile['population']})"


def _progress(what: str, total: int) -> Any:  # noqa: ANN401 - a context manager that gives a function
    from node.cli.progress import progress

    return progress(what, total)
