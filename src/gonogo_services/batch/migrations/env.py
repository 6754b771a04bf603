"""What Alembic runs to migrate: on the connection that it is given, within the transaction of that connection."""

from __future__ import annotations

from alembic import context

context.configure(connection=context.config.attributes["connection"], version_table="batch_version")
with context.begin_transaction():
    context.run_migrations()
