"""Portfolios coming in: files and generators become typed rows; applying them is portfolio.services' work."""
