"""One result against peers that refuse some of it: `make refusals` prints what was sent and what was said of the rest.

Every peer is somebody else's program: DCMTK's storescp with a profile that accepts only some kinds, and Orthanc (whose
packaged version can be told which transfer syntaxes it takes, but not which classes).
"""

import json
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pydicom
from pydicom import uid

from node.demo.modality import write_series
from scoring.phantom import demo_spec, make_phantom
from tests.support import dcmtk
from tests.support.peers import Orthanc, orthanc, run
from tests.support.running_node import RunningNode

THREE_D, COMPREHENSIVE, ENHANCED = "Comprehensive3DSRStorage", "ComprehensiveSRStorage", "EnhancedSRStorage"
TEXT, SC, SEG = "BasicTextSRStorage", "SecondaryCaptureImageStorage", "SegmentationStorage"
IMPLICIT = "1.2.840.10008.1.2"
ALL = (THREE_D, COMPREHENSIVE, ENHANCED, TEXT, SC, SEG)
NO_TREE = ("summary", "sr", "sc", "seg")
"""Objects of a destination that is not sent the text by itself."""


@dataclass(frozen=True, kw_only=True)
class Refusing:
    """A storescp by what it takes."""

    takes: Sequence[str] = ALL
    syntax: str = "Uncompressed"  # a section of DCMTK's configuration
    objects: Sequence[str] = ()  # of our destination; all by default
    compress: str = "none"


STORESCP: Mapping[str, Refusing] = {
    "takes-all": Refusing(),
    "no-3d-sr": Refusing(takes=(COMPREHENSIVE, ENHANCED, TEXT, SC, SEG)),
    "enhanced-sr": Refusing(takes=(ENHANCED, TEXT, SC, SEG)),
    "text-only-sr": Refusing(takes=(TEXT, SC, SEG), objects=NO_TREE),
    "no-sr": Refusing(takes=(SC, SEG)),
    "no-seg": Refusing(takes=(THREE_D, TEXT, SC)),
    "implicit": Refusing(syntax="ImplicitOnly"),
    "jpeg-ls": Refusing(syntax="Squeezed", compress="jpeg-ls"),
}


@dataclass(frozen=True, kw_only=True)
class Story:
    """What one peer was sent and kept."""

    peer: str
    rows: Sequence[Mapping[str, Any]]  # of `deliveries list`
    kept: Sequence[pydicom.Dataset]

    @property
    def kinds(self) -> Counter[str]:
        """How many objects of each class the peer has."""
        return Counter(uid.UID(ds.SOPClassUID).keyword for ds in self.kept)

    @property
    def syntaxes(self) -> set[str]:
        """Transfer syntaxes in which they arrived."""
        return {ds.file_meta.TransferSyntaxUID.name for ds in self.kept}

    def said(self, what: str) -> set[tuple[str, str]]:
        """State and answer of the objects of a kind, without the peer's address."""
        rows = [row for row in self.rows if row["object"] == what]
        return {(row["state"], row["answer"].replace(_address(row["answer"]), "it")) for row in rows}


@dataclass
class _Running:
    destinations: list[dict[str, Any]] = field(default_factory=list)
    folders: dict[str, Path] = field(default_factory=dict)
    orthancs: dict[str, Orthanc] = field(default_factory=dict)


def stories(scan: Path, folder: Path) -> list[Story]:
    """Push one scan to a node with a destination for each peer, and look at what came of it."""
    with ExitStack() as ends:
        running = _Running()
        for name, one in STORESCP.items():
            _start_storescp(name, one, folder / name, running, ends)
        _start_orthanc("orthanc", folder / "o1", running, ends)
        _start_orthanc("orthanc-implicit", folder / "o2", running, ends, AcceptedTransferSyntaxes=[IMPLICIT])
        node = ends.enter_context(RunningNode(folder / "node", extra=_tables(running.destinations)))
        run("storescu", "-aec", "CALCIUM", "+sd", "+r", "127.0.0.1", str(node.dicom_port), str(scan))
        node.settled(1)
        rows = node.ask("deliveries", "list")
        return [
            Story(peer=name, rows=[row for row in rows if row["destination"] == name], kept=_kept(name, running))
            for name in (*STORESCP, *running.orthancs)
        ]


def table(told: Sequence[Story]) -> list[str]:
    """Lines of the table, as Markdown; a plain success is not repeated."""
    lines = ["| Peer | Arrived there | Transfer syntax | Said of the rest |", "|---|---|---|---|"]
    for story in told:
        has = ", ".join(f"{count} {name.removesuffix('Storage')}" for name, count in sorted(story.kinds.items()))
        lines.append(f"| {story.peer} | {has} | {', '.join(sorted(story.syntaxes))} | {'<br>'.join(_rest(story))} |")
    return lines


def _rest(story: Story) -> list[str]:
    """Everything but a plain success: objects, state, answer."""
    objects: dict[tuple[str, str], list[str]] = {}
    for what in dict.fromkeys(row["object"] for row in story.rows):
        for said in story.said(what):
            objects.setdefault(said, []).append(what)
    return [
        f"{', '.join(what)}: {state}, {answer}"
        for (state, answer), what in objects.items()
        if (state, answer) != ("delivered", "it answered: success (0x0000)")
    ]


def main() -> None:
    """Print the table for the demo's patient."""
    with tempfile.TemporaryDirectory() as name:
        scan = Path(name) / "scan"
        scan.mkdir()
        phantom = make_phantom(replace(demo_spec(), matrix=256))
        write_series(phantom, scan, vendor="siemens", created=datetime.now(UTC), uid_seed="refusals")
        sys.stdout.write("\n".join(table(stories(scan, Path(name)))) + "\n")


def _start_storescp(name: str, one: Refusing, folder: Path, running: _Running, ends: ExitStack) -> None:
    folder.mkdir(parents=True)
    profile = folder / "storescp.cfg"
    profile.write_text(_profile(one))
    at = ends.enter_context(dcmtk.storescp(folder / "kept", "-xf", str(profile), "Ours"))
    running.folders[name] = folder / "kept"
    running.destinations.append(
        {
            "name": name,
            "ae_title": at.ae_title,
            "host": at.host,
            "port": at.port,
            "compress": one.compress,
            **({"objects": list(one.objects)} if one.objects else {}),
        }
    )


def _start_orthanc(name: str, folder: Path, running: _Running, ends: ExitStack, **settings: object) -> None:
    peer = ends.enter_context(orthanc(folder, **settings))
    running.orthancs[name] = peer
    running.destinations.append({"name": name, "ae_title": peer.ae_title, "host": "127.0.0.1", "port": peer.port})


def _kept(name: str, running: _Running) -> list[pydicom.Dataset]:
    if name in running.folders:
        return [pydicom.dcmread(path) for path in sorted(running.folders[name].iterdir())]
    peer = running.orthancs[name]
    return [pydicom.dcmread(pydicom.filebase.DicomBytesIO(peer.file(one))) for one in peer.instances()]


def _tables(destinations: Sequence[Mapping[str, Any]]) -> str:
    rows = ("\n".join(f"{key} = {json.dumps(value)}" for key, value in one.items()) for one in destinations)
    return "\n".join(f"[[destinations]]\n{row}" for row in rows)


def _profile(one: Refusing) -> str:
    contexts = "\n".join(
        f"PresentationContext{number} = {name}\\{one.syntax if name == SC else _plain(one.syntax)}"
        for number, name in enumerate(one.takes, start=2)
    )
    return f"""
[[TransferSyntaxes]]
[Uncompressed]
TransferSyntax1 = LocalEndianExplicit
TransferSyntax2 = LittleEndianImplicit
[ImplicitOnly]
TransferSyntax1 = LittleEndianImplicit
[Squeezed]
TransferSyntax1 = JPEGLSLossless
TransferSyntax2 = LocalEndianExplicit
[[PresentationContexts]]
[Some]
PresentationContext1 = VerificationSOPClass\\ImplicitOnly
{contexts}
[[Profiles]]
[Ours]
PresentationContexts = Some
"""


def _plain(syntax: str) -> str:
    return "ImplicitOnly" if syntax == "ImplicitOnly" else "Uncompressed"


def _address(answer: str) -> str:
    """The peer as an answer names it: title, host and port."""
    words = answer.removeprefix("not sent: ")
    return words[: words.index(")") + 1] if ")" in words else ""


if __name__ == "__main__":
    main()
