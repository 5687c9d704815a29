"""Looks on while a net learns: lines, bars, times, curves, W&B, the worst slices."""
