"""Where slices lie: order, spacing, stacks, repeats, slabs, neighbours."""
