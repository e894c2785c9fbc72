"""What the gate decided, and the proof of it."""
