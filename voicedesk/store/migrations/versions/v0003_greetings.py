"""What staff said at the answer: the verdict, and what was heard as its evidence."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "greetings",
        sa.Column("pbx", sa.Text, primary_key=True),
        sa.Column("uniqueid", sa.Text, primary_key=True),
        sa.Column("call_id", sa.Text, nullable=False),
        sa.Column("line", sa.Text),
        sa.Column("endpoint", sa.Text, nullable=False),
        sa.Column("agent", sa.Text),
        sa.Column("answered_at", sa.BigInteger, nullable=False),
        sa.Column("verdict", sa.Text),
        sa.Column("reason", sa.Text),
        sa.Column("needs_review", sa.Boolean, nullable=False),
        sa.Column("forbidden", sa.Integer, nullable=False),
        sa.Column("is_final", sa.Boolean, nullable=False),
        sa.Column("rules_version", sa.Text),
        sa.Column("model", sa.Text),
        sa.Column("recording", sa.Text),
        sa.Column("evidence", sa.LargeBinary, nullable=False),
    )
    op.create_index("greetings_by_time", "greetings", ["answered_at"])
    op.create_index("greetings_by_call", "greetings", ["call_id"])
