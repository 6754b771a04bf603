"""The tables of the jobs: failures, leases and marks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the tables, and the mark under whose lock leases are taken."""
    op.create_table(
        "batch_failures",
        sa.Column("item_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("retry_at", sa.Double, nullable=False),
        sa.Column("parked", sa.Boolean, nullable=False),
        if_not_exists=True,
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
    )
    op.create_table(
        "batch_leases",
        sa.Column("token", sa.String(32), primary_key=True),
        sa.Column("first_id", sa.BigInteger, nullable=False),
        sa.Column("last_id", sa.BigInteger, nullable=False),
        sa.Column("until", sa.Double, nullable=False),
        if_not_exists=True,
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
    )
    op.create_table(
        "batch_marks",
        sa.Column("name", sa.String(32), primary_key=True),
        if_not_exists=True,
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
    )
    # MySQL commits every CREATE TABLE, so an upgrade that was cut short may have come past this line.
    marks = sa.table("batch_marks", sa.column("name", sa.String))
    there = op.get_bind().execute(sa.select(marks.c.name).where(marks.c.name == "claims")).first()
    if there is None:
        op.execute(marks.insert().values(name="claims"))


def downgrade() -> None:
    """Drop the tables; what failed and what was parked is forgotten, predictions stay."""
    for name in ("batch_marks", "batch_leases", "batch_failures"):
        op.drop_table(name, if_exists=True)
