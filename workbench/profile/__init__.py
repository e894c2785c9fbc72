"""A person's own account beside what the login gives: profile, and ending one session."""
