"""Delivery: sends an event to customers, at the rate that Alexa allows."""
