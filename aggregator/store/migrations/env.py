"""What Alembic runs: every migration in the caller's own transaction."""

from alembic import context

from aggregator.store.tables import metadata

# The tables name SQLite's alone: to read the other's, SQLAlchemy would load its PostgreSQL dialect at every start.
for table in metadata.tables.values():
    for index in table.indexes:
        index.dialect_kwargs["postgresql_where"] = index.dialect_options["sqlite"]["where"]

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
context.run_migrations()
