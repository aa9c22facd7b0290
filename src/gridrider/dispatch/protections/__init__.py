"""The bounds within which each device may be used, each with its reason and its clause."""
