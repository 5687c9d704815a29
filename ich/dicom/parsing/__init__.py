"""Parses one file: its elements, frames and functional groups, where its pixels begin, and why it is no slice."""
