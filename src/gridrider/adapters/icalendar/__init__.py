"""Calendars for other programs: days of a schedule as iCalendar (RFC 5545)."""
