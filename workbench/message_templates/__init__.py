"""Message templates: which step has an approved text in which language, and the editor with its preview and lint."""
