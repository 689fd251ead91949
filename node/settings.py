"""The configuration: a pydantic model of config/node.toml; every key has its docstring and its unit in the name.

Order of authority: environment (`CALCIUM_NODE_RECEIVE__PORT=…`), then the file, then the defaults. A name that ends in
`_FILE` (`CALCIUM_NODE_DATABASE__URL_FILE=/run/secrets/db`) takes its value from that file.
"""

import difflib
import json
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from node.facts import CalciumNodeError, Compression, Destination, ReportRole

ENVIRONMENT_PREFIX = "CALCIUM_NODE_"

AeTitle = Field(min_length=1, max_length=16, pattern=r"^[ -\[\]-~]*[!-\[\]-~][ -\[\]-~]*$")
Port = Field(ge=1, le=65535)


class SettingsError(CalciumNodeError):
    """The configuration cannot be used; `sentences` has one for each fault."""

    def __init__(self, sentences: list[str]) -> None:
        super().__init__("config", "\n".join(sentences))
        self.sentences = sentences


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class NodeSettings(_Section):
    """Where the node keeps what it has."""

    data: Path = Path("data")
    """Folder of spool, results and SQLite files; made if missing. A backup is this folder."""
    minimum_free_megabytes: int = Field(default=2048, ge=0)
    """Below this free space no new object is taken: the sender gets 0xA700, and nothing stored is lost."""


class ReceiveSettings(_Section):
    """The listener: who may send, and where."""

    ae_title: str = AeTitle
    """Our AE title, as called and, when we send, as calling."""
    host: str = "0.0.0.0"  # noqa: S104 - scanners and PACS are other machines; who may send is `callers`
    """Address to listen on."""
    port: int = Field(default=11112, ge=0, le=65535)
    """TCP port to listen on; 0 takes a free one."""
    callers: tuple[str, ...] = ()
    """Calling AE titles that may send; ["*"] lets anyone in and says so at start."""
    check_called_ae_title: bool = True
    """Reject callers that call us by another AE title."""
    maximum_associations: int = Field(default=32, ge=1, le=1000)
    """Associations served at once; the next one is rejected as transient."""
    maximum_pdu_bytes: int = Field(default=131072, ge=4096, le=1048576)
    """Largest PDU that we announce."""
    idle_seconds: float = Field(default=60.0, gt=0)
    """An association on which nothing comes for so long is aborted."""

    @model_validator(mode="before")
    @classmethod
    def _default_title(cls, values: Any) -> Any:  # noqa: ANN401 - pydantic hands over whatever stood in the file
        return {"ae_title": "CALCIUM", **values} if isinstance(values, dict) else values


class IntakeSettings(_Section):
    """When a series counts as whole."""

    quiet_seconds: float = Field(default=5.0, ge=0)
    """After the last association of a geometrically whole series closed."""
    quiet_limit_seconds: float = Field(default=120.0, ge=0)
    """Without a whole geometry, or with an association that stays open: since the last image."""
    hard_cap_seconds: float = Field(default=3600.0, gt=0)
    """Since the first image; then incomplete."""


class ScoreSettings(_Section):
    """How series are scored."""

    workers: int = Field(default=1, ge=1, le=64)
    """Series scored at once; each takes one core."""
    preset: Literal["literature", "ge", "philips", "canon", "siemens", "auto"] = "literature"
    """Protocol preset; auto chooses by manufacturer."""
    score_non_gated: bool = False
    """Score a scorable chest CT from the network too; the command `score` always does."""
    kvp_rule: Literal["adapt", "flag", "refuse"] = "adapt"
    """Tube voltages other than 120 kVp: adapted thresholds, 130 HU with a flag, or a refusal."""
    assume_kvp: float = Field(default=0.0, ge=0, le=200)
    """Used when KVP is empty; 0 refuses."""
    calibration: str = ""
    """JSON file of the mass calibrations of the scanners, used where images state no factor; empty: none."""
    time_limit_seconds: float = Field(default=180.0, gt=0)
    """Wall-clock limit of scoring one series."""
    memory_limit_megabytes: int = Field(default=6144, ge=1024)
    """Address space of the scoring process."""


class RiskSettings(_Section):
    """Percentiles."""

    percentile: Literal["mesa", "hoff", "none"] = "mesa"
    """Table of the percentile; no silent fallback to another."""
    ethnic_group: Literal["", "black", "white", "hispanic", "chinese"] = ""
    """Default for sites that may state one; else the percentile is withheld with the reason."""


class ReportsSettings(_Section):
    """What goes back."""

    refusal_page: bool = True
    """Send a page that says why, when a series that looked like a calcium scan is refused."""
    overlay_slices: Literal["findings", "all"] = "findings"
    """Overlay images from the slice before the first with calcium to the one after the last, or of all slices."""
    content_qualification: Literal["RESEARCH", "PRODUCT"] = "RESEARCH"
    """Content Qualification (0018,9004) of every object."""
    device_serial_number: str = Field(default="SITE-1", min_length=1, max_length=64, pattern=r"^[ -\[\]-~]+$")
    """Device Serial Number (0018,1000) of this installation."""


class DeliverSettings(_Section):
    """How results are sent, and how long they are tried."""

    connect_timeout_seconds: float = Field(default=10.0, gt=0)
    """For the TCP connection and for the answer to the association request."""
    answer_timeout_seconds: float = Field(default=60.0, gt=0)
    """For the answer to each C-STORE."""
    first_retry_seconds: float = Field(default=10.0, gt=0)
    """Wait after the first failure; doubled after each further one."""
    longest_retry_seconds: float = Field(default=3600.0, gt=0)
    """Longest wait between two attempts."""
    give_up_days: float = Field(default=14.0, gt=0)
    """Then the delivery is parked, never deleted."""


class DatabaseSettings(_Section):
    """Where the registry and the job engine keep their tables."""

    url: str = Field(default="sqlite", pattern=r"^(sqlite|postgresql\+psycopg://.+)$")
    """sqlite = a file under data; else postgresql+psycopg://…"""


class WebSettings(_Section):
    """Health, metrics and the status page."""

    host: str = "127.0.0.1"
    """Address to listen on; the page has no login, so keep it on loopback."""
    port: int = Field(default=8080, ge=0, le=65535)
    """0 switches it off."""


class LogSettings(_Section):
    """Diagnostic log, on standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """Least level that is written."""
    form: Literal["json", "console"] = "json"
    """One JSON object a line, or lines for a terminal."""


class DestinationSettings(_Section):
    """One peer that results go to."""

    name: str = Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._-]+$")
    """Name in lists, pages and metrics; unique."""
    kind: Literal["dimse"] = "dimse"
    """How it is spoken to: C-STORE. (stow is kept for DICOMweb and not built yet.)"""
    ae_title: str = AeTitle
    """AE title that we call."""
    host: str = Field(min_length=1)
    """Host name or address."""
    port: int = Port
    """TCP port."""
    objects: tuple[ReportRole, ...] = tuple(ReportRole)
    """What is sent there: sr, text, sc, seg, summary."""
    compress: Compression = Compression.NONE
    """How pictures go where the peer takes it: none | jpeg-ls (a quarter of the bytes)."""

    def destination(self) -> Destination:
        """Travelling form."""
        return Destination(
            name=self.name,
            ae_title=self.ae_title.strip(),
            host=self.host,
            port=self.port,
            objects=self.objects,
            compress=self.compress,
        )


class Settings(_Section):
    """The whole configuration."""

    node: NodeSettings = NodeSettings()
    receive: ReceiveSettings = ReceiveSettings(ae_title="CALCIUM")
    intake: IntakeSettings = IntakeSettings()
    score: ScoreSettings = ScoreSettings()
    risk: RiskSettings = RiskSettings()
    reports: ReportsSettings = ReportsSettings()
    deliver: DeliverSettings = DeliverSettings()
    database: DatabaseSettings = DatabaseSettings()
    web: WebSettings = WebSettings()
    log: LogSettings = LogSettings()
    destinations: tuple[DestinationSettings, ...] = ()

    @model_validator(mode="after")
    def _unique_names(self) -> "Settings":
        names = [destination.name for destination in self.destinations]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two destinations are called {twice[0]}: give each its own name")
        return self


def load(path: Path | None, environment: Mapping[str, str] | None = None) -> Settings:
    """Read the configuration; None is the defaults.

    Raises
    ------
    SettingsError
        With one sentence for each fault: file, key, what is wrong, what is near.
    """
    name = str(path) if path else "environment"
    values = _file(path) if path else {}
    for place, value in _from_environment(os.environ if environment is None else environment).items():
        _put(values, place, value)
    try:
        return Settings.model_validate(values)
    except ValidationError as faults:
        raise SettingsError([_sentence(name, dict(fault)) for fault in faults.errors()]) from None


def _file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SettingsError([f"{path}: there is no such file; write one after config/node.toml"]) from None
    except (OSError, UnicodeDecodeError) as fault:
        raise SettingsError([f"{path}: cannot be read ({fault})"]) from None
    except tomllib.TOMLDecodeError as fault:
        raise SettingsError([f"{path}: is no TOML: {fault}"]) from None


def _from_environment(environment: Mapping[str, str]) -> dict[tuple[str, ...], Any]:
    found: dict[tuple[str, ...], Any] = {}
    for name, text in sorted(environment.items()):
        if not name.startswith(ENVIRONMENT_PREFIX) or "__" not in name:
            continue
        place = tuple(name.removeprefix(ENVIRONMENT_PREFIX).lower().split("__"))
        if place[-1].endswith("_file"):
            place = (*place[:-1], place[-1].removesuffix("_file"))
            found[place] = _secret(name, Path(text))
        else:
            found[place] = _value(text)
    return found


def _secret(name: str, path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as fault:
        raise SettingsError([f"{name}: its file cannot be read ({fault})"]) from None


def _value(text: str) -> Any:  # noqa: ANN401 - a list or table is given as JSON, all else as text
    if text[:1] in "[{":
        try:
            return json.loads(text)
        except json.JSONDecodeError:
            return text
    return text


def _put(values: dict[str, Any], place: tuple[str, ...], value: Any) -> None:  # noqa: ANN401 - as above
    for key in place[:-1]:
        inner = values.setdefault(key, {})
        values = inner if isinstance(inner, dict) else {}
    values[place[-1]] = value


def _sentence(name: str, fault: dict[str, Any]) -> str:
    place = [str(part) for part in fault["loc"]]
    section, key = ".".join(place[:-1]), place[-1] if place else ""
    where = f"[{section}] {key}" if section else f"[{key}]" if key else ""
    if fault["type"] == "extra_forbidden":
        near = difflib.get_close_matches(key, _known(fault["loc"][:-1]), n=1, cutoff=0.5)
        hint = f"; did you mean {near[0]}?" if near else ""
        return f"{name}: {where} is not a key that calcium-node knows{hint}"
    secret = place[-1:] == ["url"]  # may hold a password
    given = "" if secret or fault["type"] in ("missing", "value_error") else f" (given: {fault['input']!r})"
    return f"{name}: {where}: {fault['msg']}{given}"


def _known(place: tuple[int | str, ...]) -> list[str]:
    fields: dict[str, Any] = dict(Settings.model_fields)
    if not place:
        return list(fields)
    first = fields.get(str(place[0]))
    section = DestinationSettings if place[0] == "destinations" else first.annotation if first else None
    return list(section.model_fields) if isinstance(section, type) and issubclass(section, BaseModel) else []
