"""The head before any bleed: shapes, skull and face, brain, look-alikes of blood, and the head put together."""
