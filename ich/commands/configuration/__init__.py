"""The configuration of a command: options, composing, checks, parts built, help."""
