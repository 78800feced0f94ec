"""What Alexa tells the skill outside a conversation, and how it gets there."""
