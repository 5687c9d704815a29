"""The head before any bleed: shapes, skull and face, brain, look-alikes of blood, the head and its fields."""
