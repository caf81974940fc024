"""The tables. Instants are microseconds since the epoch, spans microseconds; verdict columns repeat what the facts say,
for queries only: a judgement is made from `facts` by the version of the rule that the row names.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    Index,
    Integer,
    Table,
    false,
)

from voicedesk.store.access_tables import accounts, audit, sessions
from voicedesk.store.columns import ALL_TABLES, Flag, Heard, Packed, index_where

metadata = ALL_TABLES


calls = Table(
    "calls",
    metadata,
    Column("id", Heard, primary_key=True),
    Column("pbx", Heard, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("line", Heard),
    Column("direction", Heard, nullable=False),
    Column("caller_number", Heard),
    Column("disposition", Heard),
    Column("verdict", Heard, nullable=False),
    Column("cause", Heard),
    Column("reason", Heard),
    Column("answered_by", Heard),
    Column("agent", Heard),
    Column("ring_us", BigInteger),
    Column("doubtful", Flag, nullable=False),
    Column("has_gap", Flag, nullable=False),
    Column("rules_version", Heard, nullable=False),
    Column("facts", Packed, nullable=False),
    Column("human_verdict", Heard),
    Column("human_by", Heard),
    Column("human_reason", Heard),
    Column("human_at", BigInteger),
    Column("human_cause", Heard),
    Column("appeal_open", Flag, nullable=False, server_default=false()),
    Index("calls_by_start", "started_at", "id"),
    Index("calls_by_number", "caller_number", "started_at"),
    Index("calls_by_line", "line", "started_at"),
    index_where("calls_untold", "started_at", "id", condition="verdict = 'cannot_tell' AND human_verdict IS NULL"),
    index_where("calls_decided", "started_at", condition="human_verdict IS NOT NULL"),
    index_where("calls_appealed", "started_at", condition="appeal_open"),
)

legs = Table(
    "legs",
    metadata,
    Column("call_id", Heard, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("endpoint", Heard, nullable=False),
    Column("agent", Heard),
    Column("at", BigInteger, nullable=False),
    Column("ring_us", BigInteger),
    Column("outcome", Heard),
    Column("verdict", Heard, nullable=False),
    Column("started_at", BigInteger, nullable=False, server_default="0"),
    Index("legs_by_agent", "agent", "started_at", "call_id"),
    Index("legs_by_phone", "endpoint", "started_at", "call_id"),
)
"""`started_at` is when the call of a ringing began: by it a person's calls are read in the order of all calls."""

journal = Table(
    "journal",
    metadata,
    Column("pbx", Heard, primary_key=True),
    Column("sequence", BigInteger, primary_key=True),
    Column("first_at", BigInteger, nullable=False),
    Column("last_at", BigInteger, nullable=False),
    Column("events", Integer, nullable=False),
    Column("payload", Packed, nullable=False),
    Index("journal_by_time", "last_at"),
)

pbxs = Table(
    "pbxs",
    metadata,
    Column("pbx", Heard, primary_key=True),
    Column("sequence", BigInteger, nullable=False),
    Column("resume_from", BigInteger, nullable=False),
    Column("last_at", BigInteger, nullable=False),
)

gaps = Table(
    "gaps",
    metadata,
    Column("pbx", Heard, primary_key=True),
    Column("from_at", BigInteger, primary_key=True),
    Column("reason", Heard, primary_key=True),
    Column("to_at", BigInteger),
    Column("repaired_at", BigInteger),
    Column("repaired_calls", Integer),
    Column("repaired_by", Heard),
    Index("gaps_by_end", "to_at"),
)

greetings = Table(
    "greetings",
    metadata,
    Column("pbx", Heard, primary_key=True),
    Column("uniqueid", Heard, primary_key=True),
    Column("call_id", Heard, nullable=False),
    Column("line", Heard),
    Column("endpoint", Heard, nullable=False),
    Column("agent", Heard),
    Column("answered_at", BigInteger, nullable=False),
    Column("verdict", Heard),
    Column("reason", Heard),
    Column("needs_review", Flag, nullable=False),
    Column("forbidden", Integer, nullable=False),
    Column("is_final", Flag, nullable=False),
    Column("rules_version", Heard),
    Column("model", Heard),
    Column("recording", Heard),
    Column("evidence", Packed, nullable=False),
    Column("human_verdict", Heard),
    Column("human_by", Heard),
    Column("human_reason", Heard),
    Column("human_at", BigInteger),
    Column("human_forbidden", Flag),
    Column("appeal_open", Flag, nullable=False, server_default=false()),
    Index("greetings_by_time", "answered_at"),
    Index("greetings_by_call", "call_id"),
    Index("greetings_by_agent", "agent", "answered_at"),
    index_where(
        *("greetings_doubted", "answered_at", "pbx", "uniqueid"), condition="needs_review AND human_verdict IS NULL"
    ),
    index_where("greetings_decided", "answered_at", condition="human_verdict IS NOT NULL"),
    index_where("greetings_appealed", "answered_at", condition="appeal_open"),
)

decisions = Table(
    "decisions",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", Heard, nullable=False),
    Column("call_id", Heard, nullable=False),
    Column("pbx", Heard, nullable=False),
    Column("uniqueid", Heard, nullable=False),
    Column("endpoint", Heard, nullable=False),
    Column("move", Heard, nullable=False),
    Column("verdict", Heard),
    Column("cause", Heard),
    Column("forbidden", Flag),
    Column("reason", Heard, nullable=False),
    Column("by", Heard, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("automatic", Heard),
    Column("automatic_cause", Heard),
    Column("rules_version", Heard),
    Index("decisions_by_call", "call_id", "number"),
    Index("decisions_by_channel", "kind", "pbx", "uniqueid"),
    Index("decisions_by_time", "at"),
)

consultations = Table(
    "consultations",
    metadata,
    Column("code", Heard, primary_key=True),
    Column("pbx", Heard, nullable=False),
    Column("uniqueid", Heard, nullable=False),
    Column("call_id", Heard),
    Column("line", Heard),
    Column("caller_number", Heard),
    Column("entry", Heard, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger, nullable=False),
    Column("language", Heard, nullable=False),
    Column("state", Heard, nullable=False),
    Column("exit", Heard),
    Column("sms_to", Heard),
    Column("sms_outcome", Heard),
    Column("keys", Packed, nullable=False),
    Index("consultations_by_time", "started_at"),
    Index("consultations_by_call", "call_id"),
    Index("consultations_by_number", "caller_number"),
)

notices = Table(
    "notices",
    metadata,
    Column("code", Heard, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("item", Heard, nullable=False),
    Column("name", Heard, nullable=False),
    Column("version", Heard, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger, nullable=False),
    Column("is_complete", Flag, nullable=False),
    Column("slow", Flag, nullable=False),
    Column("parts", Heard, nullable=False),
    Index("notices_by_item", "item", "started_at"),
)

tickets = Table(
    "tickets",
    metadata,
    Column("id", Heard, primary_key=True),
    Column("kind", Heard, nullable=False),
    Column("line_group", Heard, nullable=False),
    Column("number", Heard),
    Column("state", Heard, nullable=False),
    Column("owner", Heard),
    Column("opened_at", BigInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("closed_at", BigInteger),
    Column("outcome", Heard),
    Column("open_key", Heard, unique=True),
    Column("version", Integer, nullable=False),
    Column("packed", Packed, nullable=False),
    Index("tickets_by_due", "closed_at", "due_at"),
    Index("tickets_by_opening", "opened_at", "id"),
    Index("tickets_by_number", "number"),
)

ticket_sources = Table(
    "ticket_sources",
    metadata,
    Column("source", Heard, primary_key=True),
    Column("ticket_id", Heard, nullable=False),
    Index("ticket_sources_by_ticket", "ticket_id"),
)

attempts = Table(
    "attempts",
    metadata,
    Column("id", Heard, primary_key=True),
    Column("ticket_id", Heard, nullable=False),
    Column("pbx", Heard, nullable=False),
    Column("number", Heard),
    Column("extension", Heard, nullable=False),
    Column("placed_by", Heard, nullable=False),
    Column("placed_at", BigInteger, nullable=False),
    Column("result", Heard),
    Column("cause", Heard),
    Column("call_id", Heard),
    Column("ended_at", BigInteger),
    Index("attempts_by_ticket", "ticket_id", "placed_at"),
    Index("attempts_by_time", "placed_at"),
)

phone_breaks = Table(
    "phone_breaks",
    metadata,
    Column("id", Heard, primary_key=True),
    Column("pbx", Heard, nullable=False),
    Column("endpoint", Heard, nullable=False),
    Column("from_at", BigInteger, nullable=False),
    Column("to_at", BigInteger),
    Column("reason", Heard, nullable=False),
    Column("agent", Heard),
    Column("source", Heard, nullable=False),
    Column("asked_by", Heard, nullable=False),
    Column("end_seen", Flag, nullable=False),
    Index("phone_breaks_by_time", "from_at", "id"),
    Index("phone_breaks_by_end", "to_at"),
)

phone_findings = Table(
    "phone_findings",
    metadata,
    Column("id", Heard, primary_key=True),
    Column("kind", Heard, nullable=False),
    Column("pbx", Heard, nullable=False),
    Column("endpoint", Heard),
    Column("line", Heard),
    Column("from_at", BigInteger, nullable=False),
    Column("to_at", BigInteger),
    Column("evidence", Heard, nullable=False),
    Column("agent", Heard),
    Column("about", Heard, nullable=False),
    Column("end_seen", Flag, nullable=False),
    Column("told", Integer, nullable=False),
    Index("phone_findings_by_time", "from_at", "id"),
    Index("phone_findings_by_end", "to_at"),
)

phone_states = Table(
    "phone_states",
    metadata,
    Column("pbx", Heard, primary_key=True),
    Column("endpoint", Heard, primary_key=True),
    Column("state", Heard, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("is_current", Flag, nullable=False),
    Column("on_break_since", BigInteger),
    Column("reason", Heard, nullable=False),
    Column("dnd", Flag),
    Column("member", Heard),
    Column("signs", Heard, nullable=False),
)

desk_inbox = Table(
    "desk_inbox",
    metadata,
    Column("call_id", Heard, primary_key=True),
    Column("ended_at", BigInteger, nullable=False),
    Index("desk_inbox_by_time", "ended_at", "call_id"),
)

desk_requests = Table(
    "desk_requests",
    metadata,
    Column("code", Heard, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("kind", Heard, nullable=False),
    Column("asked_at", BigInteger, nullable=False),
    Column("call_back_number", Heard),
    Column("recording", Heard),
    Column("seconds", Float),
    Column("earlier", Heard),
    Column("settled_at", BigInteger),
    Column("outcome", Heard),
    Index("desk_requests_by_time", "settled_at", "asked_at"),
)

outages = Table(
    "outages",
    metadata,
    Column("id", Heard, primary_key=True),
    Column("line", Heard),
    Column("text", Heard, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("started_by", Heard, nullable=False),
    Column("ended_at", BigInteger),
    Column("ended_by", Heard),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Heard, primary_key=True),
    Column("webhook", Heard, nullable=False),
    Column("kind", Heard, nullable=False),
    Column("message", Heard, nullable=False),
    Column("state", Heard, nullable=False),
    Column("queued_at", BigInteger, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("next_at", BigInteger, nullable=False),
    Column("in_digest", Flag, nullable=False),
    Column("ended_at", BigInteger),
    Column("error", Heard),
    Index("deliveries_by_webhook", "state", "webhook", "queued_at"),
    Index("deliveries_by_time", "queued_at"),
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("id", Heard, primary_key=True),
    Column("at_us", BigInteger, nullable=False),
    Column("part", Heard, nullable=False),
    Column("pbx", Heard, nullable=False),
    Column("about", Heard, nullable=False),
    Column("reason", Heard, nullable=False),
    Column("content", Packed, nullable=False),
    Column("seen", BigInteger, nullable=False),
    Column("state", Heard, nullable=False),
    Index("quarantine_by_time", "at_us", "id"),
)

requests = Table(
    "requests",
    metadata,
    Column("id", Heard, primary_key=True),
    Column("kind", Heard, nullable=False),
    Column("payload", Heard, nullable=False),
    Column("asked_by", Heard, nullable=False),
    Column("asked_at", BigInteger, nullable=False),
    Column("state", Heard, nullable=False),
    Column("lease_owner", Heard),
    Column("lease_until", BigInteger),
    Column("outcome", Heard),
    Column("finished_at", BigInteger),
    Index("requests_by_state", "state", "asked_at"),
)

leases = Table(
    "leases",
    metadata,
    Column("name", Heard, primary_key=True),
    Column("owner", Heard, nullable=False),
    Column("until", BigInteger, nullable=False),
)

WITHOUT_NUMBERS = frozenset({leases, accounts, sessions, audit})
"""Tables that no caller's number comes into; to change the audit log would break its chain."""
