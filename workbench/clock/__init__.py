"""The clock of a sandbox organisation: moved forward by hand, or played for days, with everything that is due in it."""
