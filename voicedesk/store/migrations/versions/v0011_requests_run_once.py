"""What ran is never run again: a request that was being carried out has an outcome that nobody knows."""

import time

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

_OUTCOME = "the service ended while it carried this out: what came of it is not known"


def upgrade() -> None:
    requests = sa.table("requests", *(sa.column(name) for name in ("state", "outcome", "finished_at")))
    ended = {"state": "unknown", "outcome": _OUTCOME, "finished_at": time.time_ns() // 1000}
    op.execute(requests.update().where(requests.c.state == "leased").values(ended))
