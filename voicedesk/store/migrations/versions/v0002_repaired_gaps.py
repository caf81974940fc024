"""A gap that was filled from the switch's logs says when, and how many calls that concerned."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("gaps", sa.Column("repaired_at", sa.BigInteger))
    op.add_column("gaps", sa.Column("repaired_calls", sa.Integer))
