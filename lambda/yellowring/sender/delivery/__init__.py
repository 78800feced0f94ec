"""Delivery: one request at a time to Alexa, at the pace of the whole stack."""
