"""Plain torch nets: windows, slice nets, sequence nets, class activation maps."""
