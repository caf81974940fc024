"""Who may do what (S16): roles, passwords, second factors, sessions, and the audit log's chain; pure rules."""
