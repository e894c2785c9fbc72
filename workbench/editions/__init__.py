"""Editions of the rule packs: which hold, what differs between two, their cases, and who approves the next one."""
