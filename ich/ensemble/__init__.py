"""Nets of both stages as one answer for a study."""
