"""The staff's phones: breaks, what was found of them, and how each stands."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "phone_breaks",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("pbx", sa.Text, nullable=False),
        sa.Column("endpoint", sa.Text, nullable=False),
        sa.Column("from_at", sa.BigInteger, nullable=False),
        sa.Column("to_at", sa.BigInteger),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("agent", sa.Text),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("asked_by", sa.Text, nullable=False),
        sa.Column("end_seen", sa.Boolean, nullable=False),
    )
    op.create_index("phone_breaks_by_time", "phone_breaks", ["from_at", "id"])
    op.create_index("phone_breaks_by_end", "phone_breaks", ["to_at"])
    op.create_table(
        "phone_findings",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("pbx", sa.Text, nullable=False),
        sa.Column("endpoint", sa.Text),
        sa.Column("line", sa.Text),
        sa.Column("from_at", sa.BigInteger, nullable=False),
        sa.Column("to_at", sa.BigInteger),
        sa.Column("evidence", sa.Text, nullable=False),
        sa.Column("agent", sa.Text),
        sa.Column("about", sa.Text, nullable=False),
        sa.Column("end_seen", sa.Boolean, nullable=False),
        sa.Column("told", sa.Integer, nullable=False),
    )
    op.create_index("phone_findings_by_time", "phone_findings", ["from_at", "id"])
    op.create_index("phone_findings_by_end", "phone_findings", ["to_at"])
    op.create_table(
        "phone_states",
        sa.Column("pbx", sa.Text, primary_key=True),
        sa.Column("endpoint", sa.Text, primary_key=True),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("is_current", sa.Boolean, nullable=False),
        sa.Column("on_break_since", sa.BigInteger),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("dnd", sa.Boolean),
        sa.Column("member", sa.Text),
        sa.Column("signs", sa.Text, nullable=False),
    )
