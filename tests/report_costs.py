"""What a result costs: time by object, bytes by encoding. `make costs` prints it; `--write` puts it into the docs.

The demo's patient on some 64 slices of 512 x 512 pixels with a chest's noise. Times are of one core and of the machine
that ran it: what counts is their proportion. Bytes are the same everywhere.
"""

import io
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pydicom
from pydicom import uid

from node.facts import Report, ReportRole
from node.reports import Built, ReportChoices, build
from scoring.phantom import demo_spec, make_phantom
from scoring.protocol import ScoringChoices
from scoring.result import Score
from scoring.score import score
from tests.support.report_case import ReportCase, source_header

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
BEGIN, END = "<!-- begin: make costs -->", "<!-- end: make costs -->"
ROUNDS = 3
SPACING_MM = 2.25  # slices so close that the demo's patient has 64 of them or one more
CHOICES = ReportChoices(
    created=datetime(2026, 1, 2, tzinfo=UTC), software_version="costs", device_serial_number="SITE-1"
)
ENCODINGS = {
    "uncompressed": uid.ExplicitVRLittleEndian,
    "RLE Lossless": uid.RLELossless,
    "JPEG-LS Lossless": uid.JPEGLSLossless,
    "JPEG 2000 Lossless": uid.JPEG2000Lossless,
}


@dataclass(frozen=True, kw_only=True)
class Encoded:
    """The overlay slices of one result in one encoding."""

    name: str
    slice_bytes: float
    slice_ms: float
    findings_bytes: int
    all_bytes: int


def case() -> ReportCase:
    """The scored scan."""
    phantom = make_phantom(replace(demo_spec(), slice_increment_mm=SPACING_MM, slice_thickness_mm=SPACING_MM))
    result = score(phantom.volume, phantom.acquisition, phantom.demographics, ScoringChoices())
    if not isinstance(result, Score):
        raise TypeError(f"the demo's patient is refused: {result.reason.sentence}")
    slices, size, _ = phantom.volume.hu.shape
    fov_mm = phantom.volume.pixel_spacing_mm[0] * size
    return ReportCase(
        result=result, hu=phantom.volume.hu, source=source_header(slices=slices, size=size, fov_mm=fov_mm)
    )


def best_ms(what: Callable[[], object]) -> float:
    """Least processor time of some rounds."""
    spent = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        what()
        spent.append(time.process_time() - begun)
    return 1000 * min(spent)


def encoded(name: str, findings: Sequence[Report], every: Sequence[Report]) -> Encoded:
    """Bytes and time of one encoding, as delivery applies it to a file that is not compressed."""
    syntax = ENCODINGS[name]
    sample = findings[len(findings) // 2]
    slice_ms = best_ms(lambda: _bytes(sample, syntax)) if syntax.is_compressed else 0.0
    sizes = [_bytes(report, syntax) for report in every]
    by_name = dict(zip((report.file_name for report in every), sizes, strict=True))
    return Encoded(
        name=name,
        slice_bytes=sum(sizes) / len(sizes),
        slice_ms=slice_ms,
        findings_bytes=sum(by_name[report.file_name] for report in findings),
        all_bytes=sum(sizes),
    )


def _bytes(report: Report, syntax: uid.UID) -> int:
    if not syntax.is_compressed:
        return len(report.data)
    ds = pydicom.dcmread(io.BytesIO(report.data))
    ds.compress(syntax, generate_instance_uid=False)
    buffer = io.BytesIO()
    ds.save_as(buffer, enforce_file_format=True)
    return len(buffer.getvalue())


def of_role(built: Built, *roles: ReportRole) -> list[Report]:
    """Objects of some roles."""
    return [report for report in built.reports if report.role in roles]


def lines() -> list[str]:
    """Both tables as Markdown."""
    scan = case()
    findings, every = scan.built(CHOICES), scan.built(replace(CHOICES, overlay_slices="all"))
    milliseconds = {
        "findings and neighbours": best_ms(lambda: build(scan.result, scan.hu, scan.source, CHOICES)),
        "all slices": best_ms(lambda: build(scan.result, scan.hu, scan.source, replace(CHOICES, overlay_slices="all"))),
    }
    rows = [
        f"{len(scan.hu)} slices of 512 x 512, calcium in four vessels; page, SR, text, overlay, segmentation and PNGs:",
        "",
        "| Overlay | Slices sent | Bytes of all objects | Processor time |",
        "|---|---|---|---|",
    ]
    for (name, spent), built in zip(milliseconds.items(), (findings, every), strict=True):
        sent = len(of_role(built, ReportRole.SC))
        size = sum(len(report.data) for report in built.reports)
        rows.append(f"| {name} | {sent} | {size / 1e6:.1f} MB | {spent:.0f} ms |")
    rows += ["", "| Object | Bytes |", "|---|---|"]
    rows += [f"| {report.file_name} | {len(report.data):,} |" for report in findings.reports if report.role != "sc"]
    rows += [
        "",
        "The overlay by encoding (`compress` of a destination; JPEG-LS is the one that is built):",
        "",
        "| Encoding | Bytes a slice | Findings and neighbours | All slices | Time a slice |",
        "|---|---|---|---|---|",
    ]
    for name in ENCODINGS:
        one = encoded(name, of_role(findings, ReportRole.SC), of_role(every, ReportRole.SC))
        rows.append(
            f"| {one.name} | {one.slice_bytes:,.0f} | {one.findings_bytes / 1e6:.2f} MB | "
            f"{one.all_bytes / 1e6:.1f} MB | {f'{one.slice_ms:.0f} ms' if one.slice_ms else '-'} |"
        )
    return rows


def main() -> None:
    """Print the tables, or put them between the marks of docs/performance.md."""
    told = "\n".join(lines())
    sys.stdout.write(told + "\n")
    if "--write" in sys.argv[1:]:
        text = PAGE.read_text(encoding="utf-8")
        before, after = text.split(BEGIN)[0], text.split(END)[1]
        PAGE.write_text(f"{before}{BEGIN}\n{told}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
