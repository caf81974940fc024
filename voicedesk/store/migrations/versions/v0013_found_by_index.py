"""Indexes for pages: a person's calls, a phone's, a line's; what waits for a person; what people decided, by time."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.add_column("legs", sa.Column("started_at", sa.BigInteger, nullable=False, server_default="0"))
    begun = "SELECT calls.started_at FROM calls WHERE calls.id = legs.call_id"
    op.execute(f"UPDATE legs SET started_at = COALESCE(({begun}), at)")  # noqa: S608  # nothing in it comes from outside
    op.drop_index("legs_by_time", "legs")
    op.drop_index("calls_by_number", "calls")
    op.create_index("calls_by_number", "calls", ["caller_number", "started_at"])
    op.create_index("calls_by_line", "calls", ["line", "started_at"])
    op.create_index("legs_by_agent", "legs", ["agent", "started_at", "call_id"])
    op.create_index("legs_by_phone", "legs", ["endpoint", "started_at", "call_id"])
    op.create_index("greetings_by_agent", "greetings", ["agent", "answered_at"])
    op.create_index("decisions_by_time", "decisions", ["at"])
    op.create_index("gaps_by_end", "gaps", ["to_at"])
    doubted, by_key = "needs_review AND human_verdict IS NULL", ["answered_at", "pbx", "uniqueid"]
    _index_where("calls_untold", "calls", ["started_at", "id"], "verdict = 'cannot_tell' AND human_verdict IS NULL")
    _index_where("greetings_doubted", "greetings", by_key, doubted)
    for table, column in (("calls", "started_at"), ("greetings", "answered_at")):
        _index_where(f"{table}_decided", table, [column], "human_verdict IS NOT NULL")
        _index_where(f"{table}_appealed", table, [column], "appeal_open")


def _index_where(name: str, table: str, columns: list[str], condition: str) -> None:
    of_sqlite = condition.replace("appeal_open", "appeal_open = 1").replace("needs_review", "needs_review = 1")
    op.create_index(name, table, columns, sqlite_where=sa.text(of_sqlite), postgresql_where=sa.text(condition))
