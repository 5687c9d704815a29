"""Says what a preparation would read, and what it would take."""
