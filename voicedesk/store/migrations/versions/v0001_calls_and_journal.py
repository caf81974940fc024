"""Calls, their legs, the journal, gaps, requests and leases."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    _create_calls()
    _create_legs()
    _create_journal()
    _create_pbxs()
    _create_gaps()
    _create_requests()
    _create_leases()


def _create_calls() -> None:
    op.create_table(
        "calls",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("pbx", sa.Text, nullable=False),
        sa.Column("started_at", sa.BigInteger, nullable=False),
        sa.Column("ended_at", sa.BigInteger),
        sa.Column("line", sa.Text),
        sa.Column("direction", sa.Text, nullable=False),
        sa.Column("caller_number", sa.Text),
        sa.Column("disposition", sa.Text),
        sa.Column("verdict", sa.Text, nullable=False),
        sa.Column("cause", sa.Text),
        sa.Column("reason", sa.Text),
        sa.Column("answered_by", sa.Text),
        sa.Column("agent", sa.Text),
        sa.Column("ring_us", sa.BigInteger),
        sa.Column("doubtful", sa.Boolean, nullable=False),
        sa.Column("has_gap", sa.Boolean, nullable=False),
        sa.Column("rules_version", sa.Text, nullable=False),
        sa.Column("facts", sa.LargeBinary, nullable=False),
        sa.Column("human_verdict", sa.Text),
        sa.Column("human_by", sa.Text),
        sa.Column("human_reason", sa.Text),
        sa.Column("human_at", sa.BigInteger),
    )
    op.create_index("calls_by_start", "calls", ["started_at", "id"])
    op.create_index("calls_by_number", "calls", ["caller_number"])


def _create_legs() -> None:
    op.create_table(
        "legs",
        sa.Column("call_id", sa.Text, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("endpoint", sa.Text, nullable=False),
        sa.Column("agent", sa.Text),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("ring_us", sa.BigInteger),
        sa.Column("outcome", sa.Text),
        sa.Column("verdict", sa.Text, nullable=False),
    )
    op.create_index("legs_by_time", "legs", ["at"])


def _create_journal() -> None:
    op.create_table(
        "journal",
        sa.Column("pbx", sa.Text, primary_key=True),
        sa.Column("sequence", sa.BigInteger, primary_key=True),
        sa.Column("first_at", sa.BigInteger, nullable=False),
        sa.Column("last_at", sa.BigInteger, nullable=False),
        sa.Column("events", sa.Integer, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
    )
    op.create_index("journal_by_time", "journal", ["last_at"])


def _create_pbxs() -> None:
    op.create_table(
        "pbxs",
        sa.Column("pbx", sa.Text, primary_key=True),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("resume_from", sa.BigInteger, nullable=False),
        sa.Column("last_at", sa.BigInteger, nullable=False),
    )


def _create_gaps() -> None:
    op.create_table(
        "gaps",
        sa.Column("pbx", sa.Text, primary_key=True),
        sa.Column("from_at", sa.BigInteger, primary_key=True),
        sa.Column("reason", sa.Text, primary_key=True),
        sa.Column("to_at", sa.BigInteger),
    )


def _create_requests() -> None:
    op.create_table(
        "requests",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("payload", sa.Text, nullable=False),
        sa.Column("asked_by", sa.Text, nullable=False),
        sa.Column("asked_at", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("lease_owner", sa.Text),
        sa.Column("lease_until", sa.BigInteger),
        sa.Column("outcome", sa.Text),
        sa.Column("finished_at", sa.BigInteger),
    )
    op.create_index("requests_by_state", "requests", ["state", "asked_at"])


def _create_leases() -> None:
    op.create_table(
        "leases",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
    )
