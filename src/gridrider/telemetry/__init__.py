"""Telemetry: readings in, clean days out."""
