"""What callers were told by the IVR (咨询台账), what they asked of the desk, and outages that are announced."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    _create_consultations()
    _create_notices()
    _create_desk_requests()
    _create_outages()


def _create_consultations() -> None:
    op.create_table(
        "consultations",
        sa.Column("code", sa.Text, primary_key=True),
        sa.Column("pbx", sa.Text, nullable=False),
        sa.Column("uniqueid", sa.Text, nullable=False),
        sa.Column("call_id", sa.Text),
        sa.Column("line", sa.Text),
        sa.Column("caller_number", sa.Text),
        sa.Column("entry", sa.Text, nullable=False),
        sa.Column("started_at", sa.BigInteger, nullable=False),
        sa.Column("ended_at", sa.BigInteger, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("exit", sa.Text),
        sa.Column("sms_to", sa.Text),
        sa.Column("sms_outcome", sa.Text),
        sa.Column("keys", sa.LargeBinary, nullable=False),
    )
    op.create_index("consultations_by_time", "consultations", ["started_at"])
    op.create_index("consultations_by_call", "consultations", ["call_id"])
    op.create_index("consultations_by_number", "consultations", ["caller_number"])


def _create_notices() -> None:
    op.create_table(
        "notices",
        sa.Column("code", sa.Text, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("item", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("started_at", sa.BigInteger, nullable=False),
        sa.Column("ended_at", sa.BigInteger, nullable=False),
        sa.Column("is_complete", sa.Boolean, nullable=False),
        sa.Column("slow", sa.Boolean, nullable=False),
        sa.Column("parts", sa.Text, nullable=False),
    )
    op.create_index("notices_by_item", "notices", ["item", "started_at"])


def _create_desk_requests() -> None:
    op.create_table(
        "desk_requests",
        sa.Column("code", sa.Text, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("asked_at", sa.BigInteger, nullable=False),
        sa.Column("call_back_number", sa.Text),
        sa.Column("recording", sa.Text),
        sa.Column("seconds", sa.Float),
        sa.Column("earlier", sa.Text),
        sa.Column("settled_at", sa.BigInteger),
        sa.Column("outcome", sa.Text),
    )
    op.create_index("desk_requests_by_time", "desk_requests", ["settled_at", "asked_at"])


def _create_outages() -> None:
    op.create_table(
        "outages",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("line", sa.Text),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("started_at", sa.BigInteger, nullable=False),
        sa.Column("started_by", sa.Text, nullable=False),
        sa.Column("ended_at", sa.BigInteger),
        sa.Column("ended_by", sa.Text),
    )
