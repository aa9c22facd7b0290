"""The SQL of the method families, one text each; `measurement.kernel` runs them."""
