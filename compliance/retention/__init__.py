"""How long what is kept, what holds it longer, who asked for theirs, and the job that blanks what has had its time."""
