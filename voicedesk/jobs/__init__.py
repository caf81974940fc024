"""What the running service does, a folder a job."""
