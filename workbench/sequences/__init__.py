"""Sequences: what goes out when, as a line of time and a table; editions, a rehearsal of tomorrow, pause and resume."""
