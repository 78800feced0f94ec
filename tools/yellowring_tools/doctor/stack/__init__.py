"""What is examined of a deployed stack."""
