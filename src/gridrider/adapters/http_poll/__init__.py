"""Asks a web address again and again, politely: only for what is new, with patience and bounds (httpx)."""

from .client import Politeness as Politeness
from .client import Poller as Poller
