"""What comes in: the stored bodies are read, joined to people, and acted on; twice changes nothing."""
