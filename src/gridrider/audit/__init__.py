"""The second checker: a recorded run held against the page of dispatch rules, written apart from the protections."""
