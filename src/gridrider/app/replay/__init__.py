"""A season replayed: the program's own use cases at work on a simulated fleet, on a clock that they are given."""
