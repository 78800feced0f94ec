"""The tools of Yellow Ring: the operators' command, the local Alexa and the local AWS."""
