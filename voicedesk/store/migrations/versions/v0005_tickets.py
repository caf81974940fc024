"""Tickets (工单), the calls placed for them, and finished calls that the desk has not looked at yet."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "tickets",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("line_group", sa.Text, nullable=False),
        sa.Column("number", sa.Text),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("owner", sa.Text),
        sa.Column("opened_at", sa.BigInteger, nullable=False),
        sa.Column("due_at", sa.BigInteger, nullable=False),
        sa.Column("closed_at", sa.BigInteger),
        sa.Column("outcome", sa.Text),
        sa.Column("open_key", sa.Text, unique=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("packed", sa.LargeBinary, nullable=False),
    )
    op.create_index("tickets_by_due", "tickets", ["closed_at", "due_at"])
    op.create_index("tickets_by_opening", "tickets", ["opened_at", "id"])
    op.create_index("tickets_by_number", "tickets", ["number"])
    op.create_table(
        "ticket_sources",
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("ticket_id", sa.Text, nullable=False),
    )
    op.create_index("ticket_sources_by_ticket", "ticket_sources", ["ticket_id"])
    op.create_table(
        "attempts",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("ticket_id", sa.Text, nullable=False),
        sa.Column("pbx", sa.Text, nullable=False),
        sa.Column("number", sa.Text),
        sa.Column("extension", sa.Text, nullable=False),
        sa.Column("placed_by", sa.Text, nullable=False),
        sa.Column("placed_at", sa.BigInteger, nullable=False),
        sa.Column("result", sa.Text),
        sa.Column("cause", sa.Text),
        sa.Column("call_id", sa.Text),
        sa.Column("ended_at", sa.BigInteger),
    )
    op.create_index("attempts_by_ticket", "attempts", ["ticket_id", "placed_at"])
    op.create_index("attempts_by_time", "attempts", ["placed_at"])
    op.create_table(
        "desk_inbox",
        sa.Column("call_id", sa.Text, primary_key=True),
        sa.Column("ended_at", sa.BigInteger, nullable=False),
    )
    op.create_index("desk_inbox_by_time", "desk_inbox", ["ended_at", "call_id"])
