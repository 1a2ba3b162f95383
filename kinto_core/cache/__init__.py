"""Values that may be forgotten: the promise, and who keeps it."""
