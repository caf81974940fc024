"""News on their way out: how robots and gateways want them, and the one place that sends them."""
