"""An earlier answer of `calcium-node qa --json` as the baseline of a new scan."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from node.facts import CalciumNodeError
from scoring.qa import Baseline, Scanner


class _Loose(BaseModel):
    """Keys that later versions add are passed over."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class _Scanner(_Loose):
    manufacturer: str
    model: str
    kvp: float | None
    kernel: str


class _Protocol(_Loose):
    preset: str
    connectivity: int
    slice_thickness_mm: float | None
    slice_increment_mm: float = Field(gt=0)


class _Insert(_Loose):
    density_mg_cm3: int
    diameter_mm: int
    agatston: float = Field(ge=0)


class _Phantom(_Loose):
    size: str | None


class _Document(_Loose):
    schema_name: str = Field(alias="schema", pattern=r"^calcium-node\.qa/1$")
    scanner: _Scanner
    protocol: _Protocol
    inserts: tuple[_Insert, ...]
    phantom: _Phantom
    calibration_mg_per_mm3_hu: float | None
    noise_sd_hu: float | None


class BaselineError(CalciumNodeError):
    """A file that is no earlier answer of this command."""


def read_baseline(path: Path) -> Baseline:
    """An earlier `qa --json` file as a baseline.

    Raises
    ------
    BaselineError
        The file cannot be read, or is no such answer: a sentence.
    """
    try:
        read = _Document.model_validate_json(path.read_bytes())
        agatston = {insert.density_mg_cm3: insert.agatston for insert in read.inserts if insert.diameter_mm == 5}
        scores = (agatston[800], agatston[400], agatston[200])
    except OSError as fault:
        raise BaselineError("baseline", f"--baseline {path.name} cannot be read ({fault.strerror})") from None
    except (ValidationError, KeyError):
        raise BaselineError(
            "baseline", f"--baseline {path.name} is no answer of calcium-node qa: give a file that --json wrote"
        ) from None
    return Baseline(
        scanner=Scanner(**dict(read.scanner)),
        preset=read.protocol.preset,
        connectivity=read.protocol.connectivity,
        slice_thickness_mm=read.protocol.slice_thickness_mm,
        slice_increment_mm=read.protocol.slice_increment_mm,
        size=read.phantom.size,
        agatston_5mm=scores,
        mg_per_mm3_hu=read.calibration_mg_per_mm3_hu,
        noise_sd_hu=read.noise_sd_hu,
    )
