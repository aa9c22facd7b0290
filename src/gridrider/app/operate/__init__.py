"""A program at work: events called, people told, devices asked, heard and released. Nothing here knows a replay."""
