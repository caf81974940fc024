"""What a process has loaded from which lives are forked, so that none of them loads or makes it anew.

A life makes its database by the migrations, and what these need it would load each time; so with the events.
"""

# ruff: noqa: F401
import aiosqlite
import alembic.autogenerate
import alembic.command
import alembic.context
import tests.testbed.dialling
import tests.testbed.lives
from tests.testbed import killing

killing.events()
