"""Engines: run a kernel per bucket of customers, in this process or inside the user's Spark."""
