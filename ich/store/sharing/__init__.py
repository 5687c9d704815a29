"""Shares a preparation over shards: claims, shares, reports of what each has done."""
