"""The developer's side of Alexa: the Skill Management API, by which skills come to be."""
