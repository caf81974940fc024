"""Tables and queries: what was received and what follows from it, in one database file or server."""
