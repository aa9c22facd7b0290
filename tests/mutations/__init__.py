"""Rules taken out one by one, each to see the test that names it fail: `make mutate`."""
