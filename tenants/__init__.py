"""Organisations, people, keys, the tenant wall, jobs, lanes, the event log, audit."""
