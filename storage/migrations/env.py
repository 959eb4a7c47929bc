"""How Alembic reaches the database: through the connection it is handed, or one it opens.

To write a new step: ``alembic -x url=sqlite:///var/step.db revision --autogenerate -m what``,
on a database brought to the last step.
"""

from __future__ import annotations

import asyncio
from typing import Literal

from alembic import context
from sqlalchemy import Connection

from storage.database import Database
from storage.schema import Moment, metadata


def run(connection: Connection) -> None:
    """Run what was asked for, in the transaction the connection is in."""
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=True,
        render_item=_render,
    )
    with context.begin_transaction():
        context.run_migrations()


def _render(kind: str, item: object, _context: object) -> str | Literal[False]:
    """A step names no type of ours: it must still run when that type has changed."""
    return "sa.DateTime(timezone=True)" if isinstance(item, Moment) and kind == "type" else False


async def from_command_line(url: str) -> None:
    database = Database.open(url)
    try:
        async with database.write() as tx:
            await tx.run_sync(run)
    finally:
        await database.close()


handed = context.config.attributes.get("connection")
if handed is not None:
    run(handed)
else:
    asyncio.run(from_command_line(context.get_x_argument(as_dictionary=True)["url"]))
