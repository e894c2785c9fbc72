"""Prepared answers: the shipped ones, and what an organisation made of them."""
