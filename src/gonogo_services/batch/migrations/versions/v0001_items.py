"""The table ``items``, and where the database has partial indexes one of the rows without a prediction.

A table ``items`` of the right shape that is already there is kept as it is.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0001"
down_revision = None

_NOW = {
    "mysql": "CURRENT_TIMESTAMP(6)",
    "mariadb": "CURRENT_TIMESTAMP(6)",
    "postgresql": "timezone('utc', now())",
    "sqlite": "CURRENT_TIMESTAMP",
}


def upgrade() -> None:
    """Create the table and the index."""
    kind = op.get_context().dialect.name
    moment = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
    now = sa.text(_NOW[kind])
    op.create_table(
        "items",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("values", sa.JSON, nullable=False),
        sa.Column("prediction", sa.JSON),
        sa.Column("created_datetime", moment, nullable=False, server_default=now),
        sa.Column("updated_datetime", moment, nullable=False, server_default=now),
        if_not_exists=True,
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
    )
    if kind in {"postgresql", "sqlite"}:
        without = sa.text("prediction IS NULL")
        op.create_index(
            "items_unpredicted",
            "items",
            ["id"],
            if_not_exists=True,
            postgresql_where=without,
            sqlite_where=without,
        )


def downgrade() -> None:
    """Drop the index; the table holds its users' rows and stays."""
    if op.get_context().dialect.name in {"postgresql", "sqlite"}:
        op.drop_index("items_unpredicted", "items", if_exists=True)
