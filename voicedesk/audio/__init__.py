"""Sound as it comes from the switch: files and streams in, samples out."""
