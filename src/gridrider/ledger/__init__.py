"""The ledger: double entry that only grows."""
