"""工单 as pure rules: what opens and closes one, when it is due, whom one may ring; no clock of its own."""
