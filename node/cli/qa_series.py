"""One series looked at for the phantom: a child of the sandbox reads, measures and draws."""

import base64
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from node.cli.qa_baseline import read_baseline
from node.cli.qa_document import document, facts, page_words, table_heads, table_rows
from node.facts import CalciumNodeError
from node.pictures import png
from node.pictures.phantom import phantom_page
from node.reading import SeriesRead, read_series
from node.sandbox import Limits, SandboxError, run
from scoring.qa import QaChoices, examine
from scoring.result import UnfitError


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class QaRequest(_Message):
    """What the child is told."""

    paths: tuple[Path, ...]
    preset: str
    connectivity: int | None
    factor_mg_per_mm3_hu: float | None
    size: str | None
    baseline: Path | None
    picture: bool


class QaReply(_Message):
    """What came of one series."""

    state: Literal["found", "no phantom", "unreadable"]
    sentence: str = ""  # why not found
    slices: int = 0
    document: dict[str, Any] = {}
    heads: list[str] = []
    rows: list[list[str]] = []
    facts: list[list[str]] = []
    measured_on: str = ""  # DICOM date of the scan, "" where it is not stated
    picture: str = ""  # PNG in base64

    @property
    def has_rods(self) -> bool:
        """Whether the scan gave a mass factor of its own."""
        return self.document.get("calibration_mg_per_mm3_hu") is not None


def examine_series(request: QaRequest, limits: Limits) -> QaReply:
    """Look for the phantom in one series; never raises for what the images hold."""
    try:
        return QaReply.model_validate_json(run(examine_in_child, request.model_dump_json(), limits=limits))
    except SandboxError as fault:
        return QaReply(state="unreadable", sentence=fault.sentence)


def examine_in_child(request_text: str) -> str:
    """Body of the child: a request as JSON to a reply as JSON."""
    request = QaRequest.model_validate_json(request_text)
    try:
        read = read_series(request.paths)
    except UnfitError as fault:
        return QaReply(state="no phantom", sentence=str(fault)).model_dump_json()
    except CalciumNodeError as fault:
        return QaReply(state="unreadable", sentence=fault.sentence).model_dump_json()
    return _examined(request, read).model_dump_json()


def _examined(request: QaRequest, read: SeriesRead) -> QaReply:
    choices = QaChoices(
        preset=request.preset,
        connectivity=request.connectivity,
        stated_factor_mg_per_mm3_hu=request.factor_mg_per_mm3_hu,
        stated_size=request.size,
    )
    baseline = None if request.baseline is None else read_baseline(request.baseline)
    made = examine(read.volume, read.acquisition, choices, baseline)
    if made is None:
        return QaReply(state="no phantom", sentence="the images show no QRM cardiac calcification insert")
    picture = ""
    if request.picture:
        picture = base64.b64encode(png(phantom_page(page_words(made, read.volume)))).decode()
    return QaReply(
        state="found",
        slices=len(read.volume.hu),
        document=document(made, read.source.series_instance_uid),
        heads=table_heads(made.measured),
        rows=table_rows(made.measured),
        facts=facts(made),
        measured_on=_date(read),
        picture=picture,
    )


def _date(read: SeriesRead) -> str:
    stated = (
        str(read.source.equipment.get("AcquisitionDate", "") or ""),
        str(read.source.equipment.get("SeriesDate", "") or ""),
        str(read.source.context.get("StudyDate", "") or ""),
    )
    return next((date for date in stated if date), "")
