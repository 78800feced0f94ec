"""The version of the library and of everything that is deployed with it."""

__version__ = "0.2.0"
