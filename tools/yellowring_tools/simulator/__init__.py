"""A local Alexa: what a notifying skill calls, whom it serves, and what can go wrong."""
