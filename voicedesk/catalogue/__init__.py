"""The notice catalogue: what callers are told of each business item (S5, S7, S8); data in, values out."""
