"""Measurement: how much each enrollment helped, and against which baseline."""
