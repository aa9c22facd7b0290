"""Differences to the market's statement and to the retail bill."""
