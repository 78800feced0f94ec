"""The customers of the skill: what they switched on, linked and received."""
