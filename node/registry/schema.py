"""The tables. Times are UTC text of fixed width, so that they sort; no column holds what names a patient."""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Moment(sa.types.TypeDecorator[datetime]):
    """A point in time as text, ``2026-11-25T11:04:05.123456Z``: the same order and resolution on both databases."""

    impl = sa.String(27)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's door
        """UTC text; a time without a zone is the programmer's mistake."""
        if value is None:
            return None
        if value.utcoffset() is None:
            raise ValueError(f"a moment must carry a time zone, got {value.isoformat()}")
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ANN401, ARG002 - SQLAlchemy's door
        """Aware UTC time."""
        return None if value is None else datetime.strptime(value, "%Y-%m-%dT%H:%M:%S.%f%z")


KEY = sa.String(64)
UID = sa.String(128)  # real objects carry UIDs longer than the 64 that PS3.5 allows
TITLE = sa.String(64)

associations = sa.Table(
    "associations",
    metadata,
    sa.Column("key", KEY, primary_key=True),
    sa.Column("receiver", sa.String(128), nullable=False),
    sa.Column("calling_ae_title", TITLE, nullable=False),
    sa.Column("called_ae_title", TITLE, nullable=False),
    sa.Column("address", sa.String(64), nullable=False),
    sa.Column("opened", Moment, nullable=False),
    sa.Column("closed", Moment),
    sa.Column("end", sa.String(16), nullable=False),
    sa.Index(None, "end"),
)

refused_callers = sa.Table(
    "refused_callers",
    metadata,
    sa.Column("calling_ae_title", TITLE, primary_key=True),
    sa.Column("called_ae_title", TITLE, primary_key=True),
    sa.Column("address", sa.String(64), primary_key=True),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("times", sa.Integer, nullable=False),
    sa.Column("last", Moment, nullable=False),
)

allowed_callers = sa.Table(
    "allowed_callers",
    metadata,
    sa.Column("calling_ae_title", TITLE, primary_key=True),
    sa.Column("since", Moment, nullable=False),
)

instances = sa.Table(
    "instances",
    metadata,
    sa.Column("key", KEY, primary_key=True),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("sop_class_uid", UID, nullable=False),
    sa.Column("sop_instance_uid", UID, nullable=False),
    sa.Column("transfer_syntax_uid", UID, nullable=False),
    sa.Column("association", KEY, nullable=False),
    sa.Column("calling_ae_title", TITLE, nullable=False),
    sa.Column("received", Moment, nullable=False),
    sa.Column("status", sa.String(16), nullable=False),  # stored | read | unreadable | duplicate | ours
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("series_key", KEY),
    sa.Column("facts", sa.Text),
    sa.Index(None, "status"),
    sa.Index(None, "series_key"),
    sa.Index(None, "sop_instance_uid"),
)

series = sa.Table(
    "series",
    metadata,
    sa.Column("key", KEY, primary_key=True),
    sa.Column("series_instance_uid", UID, nullable=False, unique=True),
    sa.Column("study_instance_uid", UID, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("code", sa.String(32), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("first_received", Moment, nullable=False),
    sa.Column("last_received", Moment, nullable=False),
    sa.Column("due", Moment),  # look again then; NULL: nothing is waited for
    sa.Column("updated", Moment, nullable=False),
    sa.Column("job_key", KEY),  # newest job
    sa.Index(None, "state"),
    sa.Index(None, "due"),
    sa.Index(None, "study_instance_uid"),
)

jobs = sa.Table(
    "jobs",
    metadata,
    sa.Column("key", KEY, primary_key=True),
    sa.Column("series_key", KEY, sa.ForeignKey("series.key"), nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("set_digest", sa.String(64), nullable=False),
    sa.Column("created", Moment, nullable=False),  # also the creation time in every object of the result
    sa.Column("finished", Moment),
    sa.Column("state", sa.String(16), nullable=False),  # queued | scoring | scored | refused | failed
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("code", sa.String(32), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("agatston", sa.Float),
    sa.Column("category", sa.String(16)),
    sa.Column("document", sa.Text),  # the element of `results` of the score contract
    sa.UniqueConstraint("series_key", "version"),
    sa.Index(None, "state"),
)

job_instances = sa.Table(
    "job_instances",
    metadata,
    sa.Column("job_key", KEY, sa.ForeignKey("jobs.key"), primary_key=True),
    sa.Column("instance_key", KEY, sa.ForeignKey("instances.key"), primary_key=True),
)

report_objects = sa.Table(
    "report_objects",
    metadata,
    sa.Column("key", KEY, primary_key=True),
    sa.Column("job_key", KEY, sa.ForeignKey("jobs.key"), nullable=False),
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("sequence", sa.Integer, nullable=False),
    sa.Column("sop_class_uid", UID, nullable=False),
    sa.Column("sop_instance_uid", UID, nullable=False),
    sa.Column("series_instance_uid", UID, nullable=False),
    sa.Column("path", sa.Text, nullable=False),
    sa.Index(None, "job_key"),
    sa.Index(None, "sop_instance_uid"),
)

deliveries = sa.Table(
    "deliveries",
    metadata,
    sa.Column("key", KEY, primary_key=True),
    sa.Column("object_key", KEY, sa.ForeignKey("report_objects.key"), nullable=False),
    sa.Column("destination", sa.String(64), nullable=False),
    sa.Column("state", sa.String(24), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("first", Moment, nullable=False),
    sa.Column("due", Moment, nullable=False),
    sa.Column("answer", sa.Text, nullable=False),
    sa.Column("updated", Moment, nullable=False),
    sa.UniqueConstraint("object_key", "destination"),
    sa.Index(None, "destination", "state", "due"),
)
