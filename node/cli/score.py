"""`calcium-node score`: the same way as the network's, from files on disk."""

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from node.cli import exits
from node.cli.render import STANDARD_OUTPUT, say, write_json
from node.cli.series import assessed, read_by_series

if TYPE_CHECKING:
    from node.facts import Assessment, InstanceFacts
    from node.settings import Settings

PRESETS = ("literature", "ge", "philips", "canon", "siemens", "auto")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Beside:
    """Where to put what besides the numbers, and what is given besides the images."""

    objects: Path | None = None
    explain: Path | None = None
    segmentation: Path | None = None


def score(
    paths: Annotated[list[Path], typer.Argument(help="DICOM files or folders, searched recursively.")],
    json_file: Annotated[str | None, typer.Option("--json", help="FILE, or - for standard output.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the report objects and pictures, by series.")] = None,
    preset: Annotated[str | None, typer.Option(help=", ".join(PRESETS))] = None,
    seg: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            resolve_path=True,
            help="DICOM Segmentation of the series: a reader's LM, LAD, LCX, RCA decide; or anatomy in place of ours.",
        ),
    ] = None,
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
    by_series = read_by_series(files)
    if not by_series:
        say(f"No CT series found in {', '.join(map(str, paths))}: nothing was scored.")
        raise typer.Exit(exits.FAILED)
    documents = _score_all(settings, by_series, _Beside(objects=out, explain=explain, segmentation=seg))
    _answer(documents, json_file)
    raise typer.Exit(_status(documents))


def _score_all(
    settings: "Settings", by_series: "Mapping[str, list[tuple[Path, InstanceFacts]]]", beside: _Beside
) -> list[dict[str, Any]]:
    from node.facts import Verdict

    judged = {uid: assessed(settings, [facts for _, facts in members]) for uid, members in by_series.items()}
    wanted = {uid for uid, said in judged.items() if said.verdict is not Verdict.INELIGIBLE}
    alternatives = _alternatives({uid: [facts for _, facts in by_series[uid]] for uid in wanted})
    for uid, sentence in sorted(alternatives.items()):
        say(f"{uid}: left out: {sentence}")
    left_out = {uid: said for uid, said in judged.items() if said.verdict is Verdict.INELIGIBLE}
    chosen = sorted(wanted - set(alternatives))
    if not chosen:  # one refused result says why
        uid = min(left_out)
        return [_document(settings, uid, by_series[uid], left_out[uid], _Beside())]
    for uid, said in sorted(left_out.items()):
        say(f"{uid}: left out: {said.sentence}")
    documents = []
    with _progress("scoring", len(chosen)) as advance:
        for uid in chosen:
            documents.append(_document(settings, uid, by_series[uid], judged[uid], beside))
            advance(1)
    return documents


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
    beside: _Beside,
) -> dict[str, Any]:
    from node.clock import SystemClock
    from node.facts import Verdict
    from node.pipeline.series_job import Refusal, request_for, score_images
    from node.roles import software_version

    folder = _folder(beside.objects, uid)
    request = request_for(
        settings,
        paths=tuple(path for path, _ in members),
        folder=folder,
        pictures=folder,
        explain=_folder(beside.explain, uid),
        segmentation=beside.segmentation,
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
    from node.cli.result_table import show
    from node.reports import envelope
    from node.roles import software_version

    if json_file:
        write_json(envelope(documents, software_version()), json_file)
    if json_file != STANDARD_OUTPUT:
        for document in documents:
            show(document)


def _progress(what: str, total: int) -> Any:  # noqa: ANN401 - a context manager that gives a function
    from node.cli.progress import progress

    return progress(what, total)
