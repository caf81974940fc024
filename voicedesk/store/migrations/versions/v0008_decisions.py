"""What people decided of calls, legs and greetings: every step, and what holds now beside the automatic verdict."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "decisions",
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("call_id", sa.Text, nullable=False),
        sa.Column("pbx", sa.Text, nullable=False),
        sa.Column("uniqueid", sa.Text, nullable=False),
        sa.Column("endpoint", sa.Text, nullable=False),
        sa.Column("move", sa.Text, nullable=False),
        sa.Column("verdict", sa.Text),
        sa.Column("cause", sa.Text),
        sa.Column("forbidden", sa.Boolean),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("automatic", sa.Text),
        sa.Column("automatic_cause", sa.Text),
        sa.Column("rules_version", sa.Text),
    )
    op.create_index("decisions_by_call", "decisions", ["call_id", "number"])
    op.create_index("decisions_by_channel", "decisions", ["kind", "pbx", "uniqueid"])
    op.add_column("calls", sa.Column("human_cause", sa.Text))
    op.add_column("greetings", sa.Column("human_verdict", sa.Text))
    op.add_column("greetings", sa.Column("human_by", sa.Text))
    op.add_column("greetings", sa.Column("human_reason", sa.Text))
    op.add_column("greetings", sa.Column("human_at", sa.BigInteger))
    op.add_column("greetings", sa.Column("human_forbidden", sa.Boolean))
    for table in ("calls", "greetings"):
        op.add_column(table, sa.Column("appeal_open", sa.Boolean, nullable=False, server_default=sa.false()))
    _keep_what_was_decided()


def _keep_what_was_decided() -> None:
    """Decisions that an earlier version wrote into a call's row become the first steps of the history."""
    op.execute(
        "INSERT INTO decisions (number, kind, call_id, pbx, uniqueid, endpoint, move, verdict, reason,"
        ' "by", at, automatic, automatic_cause, rules_version)'
        " SELECT ROW_NUMBER() OVER (ORDER BY human_at, id), 'call', id, pbx, '', '', 'decide', human_verdict,"
        " COALESCE(human_reason, ''), COALESCE(human_by, ''), COALESCE(human_at, 0), verdict, cause, rules_version"
        " FROM calls WHERE human_verdict IS NOT NULL"
    )
