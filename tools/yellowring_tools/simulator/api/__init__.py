"""Alexa's own addresses, and what a right request to them does."""
