"""Evidence for others: one file that says what was done to whom and why, and a script that checks it without us."""
