"""A world of customers, senders and faults, and a model of what each customer should have heard."""
