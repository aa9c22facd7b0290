"""Use cases: the only place that joins the verbs of two stages."""
