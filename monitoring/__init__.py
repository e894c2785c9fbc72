"""Scans conversations, alerts, reviews, figures."""
