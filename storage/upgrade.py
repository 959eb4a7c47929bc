"""Bringing the tables to the newest version: alembic, which is loaded only when it is needed."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection


class TooNew(Exception):
    """The tables were made by a version that this code does not know."""


def alembic_config(connection: Connection) -> Config:
    """Alembic's settings, made here: no file is looked for in the current folder."""
    config = Config()
    config.set_main_option("script_location", "storage:migrations")
    config.attributes["connection"] = connection
    return config


def upgrade(connection: Connection) -> None:
    """Raises :class:`TooNew`."""
    try:
        command.upgrade(alembic_config(connection), "head")
    except CommandError as error:  # a step that this code does not know
        raise TooNew from error
