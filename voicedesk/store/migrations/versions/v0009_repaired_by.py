"""Who filled a gap: the service by itself, or somebody by command."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("gaps", sa.Column("repaired_by", sa.Text))
