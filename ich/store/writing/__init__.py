"""Reads studies and writes them, in workers and under limits."""
