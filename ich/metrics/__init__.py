"""Pure functions on numpy arrays that measure predictions."""
