"""The store in one SQLite file: streams of commits, whose rows are kept as compressed Arrow chunks."""
