"""Approved texts: what we ship, what a text may say, which one fits a debtor, and how it gets to WhatsApp."""
