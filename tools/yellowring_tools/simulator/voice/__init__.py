"""Conversations with the skill."""
