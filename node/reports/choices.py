"""What the caller chose and what it gets back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from node.facts import Picture, Report, ReportRole


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportChoices:
    """The moment, the version and the site's choices.

    `created` is taken once, when the job is recorded, and repeated by every re-run: then the bytes are the same.
    `first_created` is the moment of version 1, whose Series Date and Time every later instance of a series repeats;
    `predecessors` names the SOP Instance UIDs of the version before, by role (SR and TEXT have Predecessor Documents).
    """

    created: datetime
    software_version: str
    device_serial_number: str
    version: int = 1
    first_created: datetime | None = None
    content_qualification: Literal["RESEARCH", "PRODUCT"] = "RESEARCH"
    overlay_slices: Literal["findings", "all"] = "findings"
    refusal_page: bool = True
    predecessors: Mapping[ReportRole, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for what, moment in (("created", self.created), ("first_created", self.first_created)):
            if moment is not None and moment.utcoffset() is None:
                raise ValueError(f"ReportChoices.{what} must carry a time zone, got {moment.isoformat()}")
        if self.version < 1:
            raise ValueError(f"ReportChoices.version counts from 1, got {self.version}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """Every object of one result, in sending order, the pictures for people, and what was left out in words."""

    reports: tuple[Report, ...]
    pictures: tuple[Picture, ...]
    left_out: tuple[str, ...] = ()
