"""A notification: one event for one customer, now, from a queue of its own."""
