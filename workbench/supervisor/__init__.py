"""The overview of who leads: attention, gate, people, quality, money; and the reports."""
