"""Ends and goes on: signals, checkpoints kept, random states, where a stopped training stood."""
