"""What is examined of the skill: as Alexa knows it, or else as its package says."""
