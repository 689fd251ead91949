"""The site's mass calibrations: a JSON file that a person writes, or `calcium-node qa --calibration FILE`.

Read for each job, so that a new entry counts without a restart; checked at start and by `config check`.
"""

import json
from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from node.settings import Settings, SettingsError
from scoring.measures import per_mm3
from scoring.protocol import CalibrationEntry, CalibrationSource

SCHEMA = "calcium-node.calibration/1"

LARGEST_FILE_BYTES = 4 << 20
"""A hospital's scanners fill a few kilobytes."""


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    manufacturer: str = Field(min_length=1, max_length=64, pattern=r"\S")
    model: str = Field(min_length=1, max_length=64, pattern=r"\S")
    station: str | None = Field(default=None, max_length=64)
    kvp: float = Field(ge=40, le=200)
    kernel: str = Field(min_length=1, max_length=64, pattern=r"\S")
    patient_size: Literal["small", "medium", "large"] | None = None
    mg_per_mm3_hu: float
    measured_on: date
    source: CalibrationSource

    @field_validator("mg_per_mm3_hu")
    @classmethod
    def _in_a_known_unit(cls, value: float) -> float:
        converted = per_mm3(value)
        if converted is None:
            raise ValueError(f"{value:g} is no factor per mm3 (0.0003 to 0.0015) or per cm3 (0.3 to 1.5) of calcium")
        return converted


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_name: Literal["calcium-node.calibration/1"] = Field(alias="schema")
    entries: tuple[_Entry, ...]


def calibrations_of(settings: Settings) -> tuple[CalibrationEntry, ...]:
    """Entries of the file that the settings name; none where they name none.

    Raises
    ------
    SettingsError
        With one sentence: the file is missing, is no JSON, or which entry is wrong and how.
    """
    return read_calibrations(Path(settings.score.calibration)) if settings.score.calibration else ()


def read_calibrations(path: Path) -> tuple[CalibrationEntry, ...]:
    """Entries of a calibration file, each factor in mg/(mm3 HU).

    Raises
    ------
    SettingsError
        With one sentence: the file is missing, is no JSON, or which entry is wrong and how.
    """
    try:
        file = _File.model_validate(_json(path))
    except ValidationError as faults:
        first = faults.errors()[0]
        raise _fault(path, f"{_place(first['loc'])}{first['msg'].removeprefix('Value error, ')}") from None
    return tuple(CalibrationEntry(**dict(entry)) for entry in file.entries)


def _json(path: Path) -> object:
    try:
        if path.stat().st_size > LARGEST_FILE_BYTES:
            raise _fault(path, f"it is larger than {LARGEST_FILE_BYTES >> 20} MB, which no calibration file is")
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise _fault(path, 'there is no such file; write it, or leave the key empty ("") for none') from None
    except (OSError, UnicodeDecodeError) as fault:
        raise _fault(path, f"it cannot be read ({fault})") from None
    except (json.JSONDecodeError, RecursionError) as fault:
        raise _fault(path, f"it is no JSON: {fault}") from None


def _place(loc: tuple[int | str, ...]) -> str:
    """Where in the file, in words: an operator counts entries from 1."""
    if not loc:
        return ""
    if loc[0] == "entries" and len(loc) > 1:
        key = f", {loc[2]}" if len(loc) > 2 else ""
        return f"entry {int(loc[1]) + 1}{key}: "
    return f"{loc[0]}: "


def _fault(path: Path, said: str) -> SettingsError:
    return SettingsError([f"[score] calibration, file {path.name}: {said}"])
