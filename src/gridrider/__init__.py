"""gridrider runs a virtual power plant program from its tariff."""

__version__ = "0.1.0"
