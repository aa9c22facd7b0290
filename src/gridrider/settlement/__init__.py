"""Settlement: from performance to lines and statements, each with its reason."""
