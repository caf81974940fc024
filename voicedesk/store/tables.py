"""The tables. Instants are microseconds since the epoch, spans microseconds; verdict columns repeat what the facts say,
for queries only: a judgement is made from `facts` by the version of the rule that the row names.
"""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, MetaData, Table, Text

metadata = MetaData()

calls = Table(
    "calls",
    metadata,
    Column("id", Text, primary_key=True),
    Column("pbx", Text, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("line", Text),
    Column("direction", Text, nullable=False),
    Column("caller_number", Text),
    Column("disposition", Text),
    Column("verdict", Text, nullable=False),
    Column("cause", Text),
    Column("reason", Text),
    Column("answered_by", Text),
    Column("agent", Text),
    Column("ring_us", BigInteger),
    Column("doubtful", Boolean, nullable=False),
    Column("has_gap", Boolean, nullable=False),
    Column("rules_version", Text, nullable=False),
    Column("facts", LargeBinary, nullable=False),
    Column("human_verdict", Text),
    Column("human_by", Text),
    Column("human_reason", Text),
    Column("human_at", BigInteger),
    Index("calls_by_start", "started_at", "id"),
    Index("calls_by_number", "caller_number"),
)

legs = Table(
    "legs",
    metadata,
    Column("call_id", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("endpoint", Text, nullable=False),
    Column("agent", Text),
    Column("at", BigInteger, nullable=False),
    Column("ring_us", BigInteger),
    Column("outcome", Text),
    Column("verdict", Text, nullable=False),
    Index("legs_by_time", "at"),
)

journal = Table(
    "journal",
    metadata,
    Column("pbx", Text, primary_key=True),
    Column("sequence", BigInteger, primary_key=True),
    Column("first_at", BigInteger, nullable=False),
    Column("last_at", BigInteger, nullable=False),
    Column("events", Integer, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Index("journal_by_time", "last_at"),
)

pbxs = Table(
    "pbxs",
    metadata,
    Column("pbx", Text, primary_key=True),
    Column("sequence", BigInteger, nullable=False),
    Column("resume_from", BigInteger, nullable=False),
    Column("last_at", BigInteger, nullable=False),
)

gaps = Table(
    "gaps",
    metadata,
    Column("pbx", Text, primary_key=True),
    Column("from_at", BigInteger, primary_key=True),
    Column("reason", Text, primary_key=True),
    Column("to_at", BigInteger),
)

requests = Table(
    "requests",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("payload", Text, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("asked_at", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("lease_owner", Text),
    Column("lease_until", BigInteger),
    Column("outcome", Text),
    Column("finished_at", BigInteger),
    Index("requests_by_state", "state", "asked_at"),
)

leases = Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("until", BigInteger, nullable=False),
)
