"""A run: one campaign on its way to one audience, from its start to its end."""
