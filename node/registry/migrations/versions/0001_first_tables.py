"""The first tables.

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make every table of version 0.1."""
    op.create_table(
        "associations",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("receiver", sa.String(length=128), nullable=False),
        sa.Column("calling_ae_title", sa.String(length=64), nullable=False),
        sa.Column("called_ae_title", sa.String(length=64), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("opened", sa.String(length=27), nullable=False),
        sa.Column("closed", sa.String(length=27), nullable=True),
        sa.Column("end", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_associations")),
    )
    op.create_index(op.f("ix_associations_end"), "associations", ["end"], unique=False)
    op.create_table(
        "allowed_callers",
        sa.Column("calling_ae_title", sa.String(length=64), nullable=False),
        sa.Column("since", sa.String(length=27), nullable=False),
        sa.PrimaryKeyConstraint("calling_ae_title", name=op.f("pk_allowed_callers")),
    )
    op.create_table(
        "instances",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sop_class_uid", sa.String(length=128), nullable=False),
        sa.Column("sop_instance_uid", sa.String(length=128), nullable=False),
        sa.Column("transfer_syntax_uid", sa.String(length=128), nullable=False),
        sa.Column("association", sa.String(length=64), nullable=False),
        sa.Column("calling_ae_title", sa.String(length=64), nullable=False),
        sa.Column("received", sa.String(length=27), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("series_key", sa.String(length=64), nullable=True),
        sa.Column("facts", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_instances")),
    )
    op.create_index(op.f("ix_instances_series_key"), "instances", ["series_key"], unique=False)
    op.create_index(op.f("ix_instances_sop_instance_uid"), "instances", ["sop_instance_uid"], unique=False)
    op.create_index(op.f("ix_instances_status"), "instances", ["status"], unique=False)
    op.create_table(
        "refused_callers",
        sa.Column("calling_ae_title", sa.String(length=64), nullable=False),
        sa.Column("called_ae_title", sa.String(length=64), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("last", sa.String(length=27), nullable=False),
        sa.PrimaryKeyConstraint("calling_ae_title", "called_ae_title", "address", name=op.f("pk_refused_callers")),
    )
    op.create_table(
        "series",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("series_instance_uid", sa.String(length=128), nullable=False),
        sa.Column("study_instance_uid", sa.String(length=128), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("first_received", sa.String(length=27), nullable=False),
        sa.Column("last_received", sa.String(length=27), nullable=False),
        sa.Column("due", sa.String(length=27), nullable=True),
        sa.Column("updated", sa.String(length=27), nullable=False),
        sa.Column("job_key", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_series")),
        sa.UniqueConstraint("series_instance_uid", name=op.f("uq_series_series_instance_uid")),
    )
    op.create_index(op.f("ix_series_due"), "series", ["due"], unique=False)
    op.create_index(op.f("ix_series_state"), "series", ["state"], unique=False)
    op.create_index(op.f("ix_series_study_instance_uid"), "series", ["study_instance_uid"], unique=False)
    op.create_table(
        "jobs",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("series_key", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("set_digest", sa.String(length=64), nullable=False),
        sa.Column("created", sa.String(length=27), nullable=False),
        sa.Column("finished", sa.String(length=27), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("agatston", sa.Float(), nullable=True),
        sa.Column("category", sa.String(length=16), nullable=True),
        sa.Column("document", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["series_key"], ["series.key"], name=op.f("fk_jobs_series_key")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_jobs")),
        sa.UniqueConstraint("series_key", "version", name=op.f("uq_jobs_series_key_version")),
    )
    op.create_index(op.f("ix_jobs_state"), "jobs", ["state"], unique=False)
    op.create_table(
        "job_instances",
        sa.Column("job_key", sa.String(length=64), nullable=False),
        sa.Column("instance_key", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["instance_key"], ["instances.key"], name=op.f("fk_job_instances_instance_key")),
        sa.ForeignKeyConstraint(["job_key"], ["jobs.key"], name=op.f("fk_job_instances_job_key")),
        sa.PrimaryKeyConstraint("job_key", "instance_key", name=op.f("pk_job_instances")),
    )
    op.create_table(
        "report_objects",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("job_key", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("sop_class_uid", sa.String(length=128), nullable=False),
        sa.Column("sop_instance_uid", sa.String(length=128), nullable=False),
        sa.Column("series_instance_uid", sa.String(length=128), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["job_key"], ["jobs.key"], name=op.f("fk_report_objects_job_key")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_report_objects")),
    )
    op.create_index(op.f("ix_report_objects_job_key"), "report_objects", ["job_key"], unique=False)
    op.create_index(op.f("ix_report_objects_sop_instance_uid"), "report_objects", ["sop_instance_uid"], unique=False)
    op.create_table(
        "deliveries",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("object_key", sa.String(length=64), nullable=False),
        sa.Column("destination", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("first", sa.String(length=27), nullable=False),
        sa.Column("due", sa.String(length=27), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("updated", sa.String(length=27), nullable=False),
        sa.ForeignKeyConstraint(["object_key"], ["report_objects.key"], name=op.f("fk_deliveries_object_key")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_deliveries")),
        sa.UniqueConstraint("object_key", "destination", name=op.f("uq_deliveries_object_key_destination")),
    )
    op.create_index(
        op.f("ix_deliveries_destination_state_due"), "deliveries", ["destination", "state", "due"], unique=False
    )
