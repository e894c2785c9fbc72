"""Reviewing alerts by keys."""
