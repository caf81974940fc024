"""The tables of accounts, of who is signed in, and of the audit log. No caller's number stands in any of them."""

from sqlalchemy import BigInteger, Column, Index, Integer, Table

from voicedesk.store.columns import ALL_TABLES, Flag, Heard

accounts = Table(
    "accounts",
    ALL_TABLES,
    Column("login", Heard, primary_key=True),
    Column("name", Heard, nullable=False),
    Column("role", Heard, nullable=False),
    Column("agent", Heard),
    Column("password_hash", Heard),
    Column("totp_secret", Heard),
    Column("totp_step", BigInteger, nullable=False),
    Column("recovery_hashes", Heard, nullable=False),
    Column("visit_hash", Heard),
    Column("visit_until", BigInteger),
    Column("failures", Integer, nullable=False),
    Column("failed_at", BigInteger, nullable=False),
    Column("is_locked", Flag, nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
)

sessions = Table(
    "sessions",
    ALL_TABLES,
    Column("token_hash", Heard, primary_key=True),
    Column("login", Heard, nullable=False),
    Column("role", Heard, nullable=False),
    Column("stage", Heard, nullable=False),
    Column("begun_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Index("sessions_by_login", "login"),
)

audit = Table(
    "audit",
    ALL_TABLES,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("who", Heard, nullable=False),
    Column("address", Heard, nullable=False),
    Column("deed", Heard, nullable=False),
    Column("thing", Heard, nullable=False),
    Column("object", Heard, nullable=False),
    Column("note", Heard, nullable=False),
    Column("before", Heard, nullable=False),
    Column("hash", Heard, nullable=False),
    Index("audit_by_time", "at"),
)
