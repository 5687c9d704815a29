"""Parses one file: its elements, frames and functional groups, and why a file is no slice."""
