"""All judges over what arrived: `make judges` runs the demo and judges it, `make judges FOLDER=...` judges a folder.

It prints the errors per object and ends with 1 on any.

Each judge's verdict is read from its words: dciodvfy, dcentvfy and PixelMed's validator end with 0 whatever they find,
and PixelMed's does so even when it crashes, so a report without its closing sentences is an error. A judge that is not
installed has found nothing and is an error too.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pydicom
from pydicom import Dataset
from pydicom.errors import InvalidDicomError

from node.demo.modality import write_series
from scoring.phantom import demo_spec, make_phantom
from tests.support.report_tree import children, groups, items, unit

BESIDE_PYTHON = Path(sys.executable).parent
PIXELMED_JAR = Path("/usr/share/java/pixelmed.jar")
# Java's limits on XPath are below what the validator's rules need: each of the three stops it with a stack trace.
LIMITS = [f"-Djdk.xml.{name}=0" for name in ("xpathExprGrpLimit", "xpathExprOpLimit", "xpathTotalOpLimit")]
_SHORT_LIVED = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]  # half the time of a process that compiles its rules
TEMPLATE_SENTENCES = ("Found Root Template TID_1500 (MeasurementReport)", "Root Template Validation Complete")
CLOSING_SENTENCE = "IOD validation complete"
MEASUREMENT_REPORT = "126000"
LONGEST_S = 300
TOGETHER_NAME = "all together"
MISSING = "Missing SOPInstanceUID that was referenced"


class NotInstalledError(Exception):
    """A judge is absent; the message is its name."""


@dataclass(frozen=True)
class Tool:
    """One program; the two builds of a judge have one name, so each is called by its path."""

    path: Path

    def said(self, *arguments: object) -> str:
        """All it printed; its status is no verdict."""
        return self.ran(*arguments)[1]

    def ran(self, *arguments: object) -> tuple[int, str]:
        """Exit status and all it printed."""
        if not self.path.exists():
            raise NotInstalledError(str(self.path))
        command = [str(self.path), *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, check=False, timeout=LONGEST_S)
        return done.returncode, (done.stdout + done.stderr).decode(errors="replace")

    def errors(self, *arguments: object) -> list[str]:
        """Lines that start with Error."""
        return _errors(self.said(*arguments))


DCIODVFY = {"wheel": Tool(BESIDE_PYTHON / "dciodvfy"), "debian": Tool(Path("/usr/bin/dciodvfy"))}
DCENTVFY = {"wheel": Tool(BESIDE_PYTHON / "dcentvfy"), "debian": Tool(Path("/usr/bin/dcentvfy"))}


def pixelmed_errors(path: Path) -> list[str]:
    """What PixelMed's SR validator finds; that it came to its end is part of the verdict."""
    if not PIXELMED_JAR.exists():
        raise NotInstalledError(str(PIXELMED_JAR))
    java = Tool(Path(shutil.which("java") or "/usr/bin/java"))
    validator = "com.pixelmed.validate.DicomSRValidator"
    said = java.said(*_SHORT_LIVED, *LIMITS, "-cp", PIXELMED_JAR, validator, path)
    wanted = [CLOSING_SENTENCE, *(TEMPLATE_SENTENCES if _is_measurement_report(path) else ())]
    return _errors(said) + [f"it did not say: {sentence}" for sentence in wanted if sentence not in said]


def dsrdump_errors(path: Path) -> list[str]:
    """What DCMTK's dsrdump says of a document that it cannot read."""
    status, said = Tool(Path(shutil.which("dsrdump") or "/usr/bin/dsrdump")).ran("-q", path)
    return [] if status == 0 else [f"ended with {status}: {said.strip()}"]


def structure_errors(path: Path) -> list[str]:
    """What no judge notices and viewers stumble over: lost regions, lost tracking, a unit that reads as a score."""
    ds = pydicom.dcmread(path)
    found = []
    for number, group in enumerate(groups(ds), start=1):
        if not children(group, "111030", "SCOORD"):
            found.append(f"measurement group {number} has no image region")
        if len(children(group, "112040")) != 1:
            found.append(f"measurement group {number} has no tracking UID")
    numbers = [item for item in items(ds) if item.ValueType == "NUM"]
    found += [f"a unit is {unit(item)!r}" for item in numbers if unit(item).strip().isdigit()]
    return found if groups(ds) else ["there is no measurement group"]


def _errors(said: str) -> list[str]:
    return [line for line in said.splitlines() if line.startswith("Error")]


def _is_measurement_report(path: Path) -> bool:
    title = pydicom.dcmread(path, stop_before_pixels=True).ConceptNameCodeSequence[0]
    return bool(title.CodeValue == MEASUREMENT_REPORT)


# ------------------------------------------------------------------------------------------ over a folder


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What one judge found in one object, or in all together."""

    about: str
    judge: str
    errors: Sequence[str]


ONE: Mapping[str, Callable[[Path], list[str]]] = {
    "dciodvfy wheel": DCIODVFY["wheel"].errors,
    "dciodvfy debian": DCIODVFY["debian"].errors,
    "dsrdump": dsrdump_errors,
    "PixelMed": pixelmed_errors,
    "structure": structure_errors,
}
"""Judges of single objects, by the head of their column."""

TOGETHER: Mapping[str, Callable[..., list[str]]] = {
    f"dcentvfy {build}": tool.errors for build, tool in DCENTVFY.items()
}


def judged(folder: Path, images: Path | None = None) -> Iterator[Verdict]:
    """Every judge over every object that it can judge, then over all of them together with the scan they refer to."""
    objects = _objects(folder)
    scan = list(_objects(images)) if images else []
    cases = [(path, ds, name) for path, ds in objects.items() for name in ONE if _judges(name, ds)]
    with ThreadPoolExecutor(2) as pool:
        yield from pool.map(lambda case: _verdict(case[0].name, case[2], ONE[case[2]], case[0]), cases)
    for name, judge in TOGETHER.items():
        together = _verdict(TOGETHER_NAME, name, judge, *objects, *scan)
        if not scan and not any(ds.get("Modality") == "CT" for ds in objects.values()):
            # The scan is elsewhere: that every reference leads there is no fault of what is judged.
            together = replace(together, errors=[error for error in together.errors if MISSING not in error])
        yield together


def _verdict(about: str, name: str, judge: Callable[..., list[str]], *paths: Path) -> Verdict:
    try:
        errors = judge(*paths)
    except NotInstalledError as absent:
        errors = [f"not installed: {absent}"]
    except subprocess.TimeoutExpired:
        errors = [f"no verdict within {LONGEST_S} s"]
    return Verdict(about=about, judge=name, errors=errors)


def _objects(folder: Path) -> dict[Path, Dataset]:
    found = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        try:
            found[path] = pydicom.dcmread(path, stop_before_pixels=True)
        except InvalidDicomError:
            continue  # pictures and logs that lie beside
    return found


def _judges(name: str, ds: Dataset) -> bool:
    if name.startswith("dciodvfy"):
        return True
    if ds.get("Modality") != "SR":
        return False
    return name != "structure" or ds.ConceptNameCodeSequence[0].CodeValue == MEASUREMENT_REPORT


def table(verdicts: Sequence[Verdict]) -> list[str]:
    """Errors by object and judge, a blank where a judge has nothing to say of such an object; the errors below."""
    counts = {(one.about, one.judge): str(len(one.errors)) for one in verdicts}
    rows = [("object", *ONE, *TOGETHER)]
    rows += [
        (about, *(counts.get((about, judge), "") for judge in (*ONE, *TOGETHER)))
        for about in dict.fromkeys(one.about for one in verdicts)
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join([row[0].ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(row[1:], widths[1:], strict=True))])
        for row in rows
    ]
    return lines + [f"{one.about}, {one.judge}: {error}" for one in verdicts for error in one.errors]


def main() -> int:
    """Print the table; 0 where no judge found an error, 1 else, also where a judge or every object is absent."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", help="what arrived; without it the demo is run and judged")
    parser.add_argument("--images", type=Path, help="the scan, so that references to it are looked up too")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder, images = (given.folder, given.images) if given.folder else _demo(Path(scratch))
        verdicts = list(judged(folder, images))
    errors = sum(len(one.errors) for one in verdicts)
    objects = len({one.about for one in verdicts} - {TOGETHER_NAME})
    if not objects:
        sys.stdout.write(f"no DICOM object in {folder}\n")
        return 1
    sys.stdout.write("\n".join([*table(verdicts), f"{objects} objects, {errors} errors"]) + "\n")
    return 1 if errors else 0


def _demo(scratch: Path) -> tuple[Path, Path]:
    """The demo's results and its scan."""
    scan, arrived = scratch / "scan", scratch / "arrived"
    scan.mkdir()
    write_series(
        make_phantom(demo_spec()), scan, vendor="siemens", created=datetime.now(UTC), uid_seed=str(scratch.name)
    )
    command = [sys.executable, "-m", "node.cli", "demo", "--input", str(scan), "--keep", str(arrived)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return arrived, scan


if __name__ == "__main__":
    sys.exit(main())
