"""What is sent to Alexa by its rules: events, messages, and the sentences they become."""
