"""The controls under ``/_sim/``."""
