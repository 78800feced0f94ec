"""What is examined of one customer."""
