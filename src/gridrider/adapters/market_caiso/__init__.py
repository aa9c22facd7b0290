"""Prices of the California ISO as OASIS gives them: zipped CSV or XML reports, day-ahead to five-minute."""

from .oasis import read_oasis as read_oasis
