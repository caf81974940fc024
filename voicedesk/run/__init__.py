"""What the running service does besides its parts: who leads, and what other processes ask of it."""
