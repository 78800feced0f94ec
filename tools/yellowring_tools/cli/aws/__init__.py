"""How commands reach a stack and what runs in it."""
