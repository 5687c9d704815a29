"""Shares a preparation over shards: claims, shares, records of what was done."""
