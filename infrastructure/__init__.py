"""What is built around the functions: the skill package, its icons."""
