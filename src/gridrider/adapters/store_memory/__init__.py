"""The store that forgets: everything in this process, for tests and small runs."""
