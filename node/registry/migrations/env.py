"""Alembic's door: runs the revisions on the connection that `migrate` hands over."""

from alembic import context

from node.registry.schema import metadata

OURS = set(metadata.tables)

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    version_table="registry_version",
    # The job engine keeps its tables in the same database: they are not ours to touch.
    include_name=lambda name, kind, _parents: kind != "table" or name in OURS,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
