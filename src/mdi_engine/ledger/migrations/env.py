"""Alembic runs this; `store.open_ledger` hands over its connection, inside its own transaction."""

from alembic import context

_config = getattr(context, "config", None)  # absent when something other than Alembic imports the file

if _config is not None:
    context.configure(connection=_config.attributes["connection"], transactional_ddl=True)
    context.run_migrations()
