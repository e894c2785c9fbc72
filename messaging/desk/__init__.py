"""The agent's desk: what waits, the thread, answering it, and what colleagues know of each other meanwhile."""
