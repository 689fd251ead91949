"""`calcium-node qa`: the physical QRM phantom found in a CT, measured and judged."""

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from node.cli import exits
from node.cli.render import STANDARD_OUTPUT, say, write_json, write_table

if TYPE_CHECKING:
    from node.cli.qa_series import QaReply, QaRequest

PRESETS = ("literature", "ge", "philips", "canon", "siemens", "auto", "fqm_canon_published")
SIZES = ("small", "medium", "large")


def qa(  # noqa: PLR0913, PLR0917 - the flags of the command
    paths: Annotated[list[Path], typer.Argument(help="DICOM files or folders with a CT of the phantom.")],
    json_file: Annotated[str | None, typer.Option("--json", help="FILE, or - for standard output.")] = None,
    connectivity: Annotated[int | None, typer.Option(help="Of islands: 4 or 8; without it the preset's.")] = None,
    preset: Annotated[str, typer.Option(help=", ".join(PRESETS))] = "literature",
    factor: Annotated[float | None, typer.Option(help="A known mass factor in mg/(mm3 HU).")] = None,
    size: Annotated[str | None, typer.Option(help="Of the phantom: small, medium or large.")] = None,
    baseline: Annotated[Path | None, typer.Option(help="What --json wrote for an earlier scan.")] = None,
    png: Annotated[Path | None, typer.Option(help="Picture of what was found.")] = None,
    calibration: Annotated[Path | None, typer.Option(help="Calibration file to which the entry is added.")] = None,
) -> None:
    """Find, measure and judge the QRM cardiac calcification insert in a CT of the phantom."""
    _check(connectivity, preset, size, [png, calibration, None if json_file in (None, "-") else Path(json_file)])
    from node.cli.files import dicom_files
    from node.cli.qa_baseline import read_baseline
    from node.cli.qa_series import QaRequest

    if baseline is not None:
        read_baseline(baseline)  # its fault is said before a minute of work
    request = QaRequest(
        paths=(),
        preset=preset,
        connectivity=connectivity,
        factor_mg_per_mm3_hu=_factor(factor),
        size=size,
        baseline=None if baseline is None else baseline.resolve(),
        picture=png is not None,
    )
    replies = _examined(_series(dicom_files(paths)), request)
    if not replies:
        say(f"No CT series found in {', '.join(map(str, paths))}: nothing was measured.")
        raise typer.Exit(exits.FAILED)
    found = _chosen(replies)
    if found is None:
        raise typer.Exit(_not_found(replies))
    written = _write(found, json_file, png, calibration)
    raise typer.Exit(exits.FAILED if found.document["verdict"] == "fail" or not written else exits.DONE)


def _check(connectivity: int | None, preset: str, size: str | None, targets: Sequence[Path | None]) -> None:
    if connectivity not in (None, 4, 8):
        raise typer.BadParameter(f"islands are 4- or 8-connected, not {connectivity}", param_hint="--connectivity")
    if preset not in PRESETS:
        raise typer.BadParameter(f"{preset} is none of {', '.join(PRESETS)}", param_hint="--preset")
    if size is not None and size not in SIZES:
        raise typer.BadParameter(f"{size} is none of {', '.join(SIZES)}", param_hint="--size")
    for target in targets:
        if target is not None and not target.absolute().parent.is_dir():
            raise typer.BadParameter(f"{target}: there is no folder {target.parent}")


def _factor(stated: float | None) -> float | None:
    from scoring.measures import per_mm3

    if stated is None:
        return None
    converted = per_mm3(stated)
    if converted is None:
        raise typer.BadParameter(
            f"{stated:g} is no mass factor: give 0.0003 to 0.0015 mg/(mm3 HU)", param_hint="--factor"
        )
    return converted


def _series(files: Sequence[Path]) -> dict[str, list[Path]]:
    """CT images by Series Instance UID; eligibility for patients is not asked."""
    from node.cli.progress import progress
    from node.reading import Unreadable, read_headers

    by_series: dict[str, list[Path]] = {}
    with progress("reading headers", len(files)) as advance:
        for start in range(0, len(files), 200):
            batch = files[start : start + 200]
            for path, read in zip(batch, read_headers(batch, token_key=b"one call"), strict=True):
                if isinstance(read, Unreadable):
                    say(f"{path.name}: {read.sentence}")
                elif read.modality == "CT" and read.has_pixels and not read.made_by_us:
                    by_series.setdefault(read.series_instance_uid, []).append(path)
            advance(len(batch))
    return by_series


def _examined(by_series: Mapping[str, list[Path]], request: "QaRequest") -> "dict[str, QaReply]":
    from node.cli.progress import progress
    from node.cli.qa_series import examine_series
    from node.sandbox import Limits
    from node.settings import ScoreSettings

    bounds = ScoreSettings()
    limits = Limits(
        wall_seconds=bounds.time_limit_seconds,
        cpu_seconds=int(bounds.time_limit_seconds) + 1,
        memory_bytes=bounds.memory_limit_megabytes << 20,
        file_bytes=0,
    )
    replies = {}
    with progress("looking for the phantom", len(by_series)) as advance:
        for uid, members in sorted(by_series.items()):
            replies[uid] = examine_series(request.model_copy(update={"paths": tuple(members)}), limits)
            advance(1)
    return replies


def _chosen(replies: "Mapping[str, QaReply]") -> "QaReply | None":
    """The series that shows the phantom best: with its rods, then with most slices; the others are named."""
    found = {uid: reply for uid, reply in replies.items() if reply.state == "found"}
    if not found:
        return None
    best = max(found, key=lambda uid: (found[uid].has_rods, found[uid].slices))
    if len(replies) > 1:
        say(f"The phantom is measured in series {best}.")
    for uid, reply in replies.items():
        if uid != best:
            why = "it shows the phantom too; give its files alone to measure it" if uid in found else reply.sentence
            say(f"{uid}: left out: {why}")
    return found[best]


def _not_found(replies: "Mapping[str, QaReply]") -> int:
    for uid, reply in replies.items():
        say(f"Series {uid}: {'not readable' if reply.state == 'unreadable' else 'no phantom found'}: {reply.sentence}.")
    return exits.FAILED if any(reply.state == "unreadable" for reply in replies.values()) else exits.REFUSED


def _write(found: "QaReply", json_file: str | None, png: Path | None, calibration: Path | None) -> bool:
    """Write what was asked for; whether all of it could be written."""
    from node import durable
    from node.roles import software_version

    answer = {"software": {"name": "calcium-node", "version": software_version()}, **found.document}
    written = True
    try:
        if json_file:
            write_json(answer, json_file)
        if png is not None:
            durable.put(png, [base64.b64decode(found.picture)])
    except OSError as fault:
        say(f"{fault.filename}: it cannot be written ({fault.strerror}).")
        written = False
    if json_file != STANDARD_OUTPUT:
        title = f"QRM cardiac calcification insert in series {found.document['series_uid']}"
        write_table(title, found.heads, found.rows, right=range(1, len(found.heads)))
        write_table("", ("", ""), found.facts)
    return (calibration is None or _calibrated(calibration, found)) and written


def _calibrated(path: Path, found: "QaReply") -> bool:
    from node.cli.qa_calibration import entry_of, measured_on, put_entry
    from node.clock import SystemClock
    from node.facts import CalciumNodeError

    try:
        entry = entry_of(found.document, measured_on(found.measured_on, SystemClock().now()))
        said = put_entry(path, entry)
    except CalciumNodeError as fault:
        say(fault.sentence)
        return False
    except OSError as fault:
        say(f"{path}: it cannot be written ({fault.strerror}).")
        return False
    size = f"the {entry['patient_size']} size" if entry["patient_size"] else "every patient size; --size states one"
    say(f"{path.name}: {said} of {entry['mg_per_mm3_hu']:.7f} mg/(mm3 HU) for {size}.")
    return True
