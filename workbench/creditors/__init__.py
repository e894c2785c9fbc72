"""Creditors: whose invoices are collected, how debtors know them, where their money goes, what may be offered."""
