"""A demonstration without a switch: a day of calls that were really recorded, retold, and the desk open before it."""
