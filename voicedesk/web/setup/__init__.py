"""The guided start: from an empty settings file to a switch that is followed, step by step."""
