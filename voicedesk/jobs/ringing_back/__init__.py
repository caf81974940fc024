"""Ringing back: tickets, their deadlines, and the calls that staff ask for."""
