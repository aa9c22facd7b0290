"""The sections of the report, one per file, in the order of reading."""
