"""What `make lint` checks of what ships: its licences, and advisories on it."""
