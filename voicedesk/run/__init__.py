"""The running service: makes the jobs, begins failed ones again, leads, reloads, answers requests."""
