"""Set a skill up: from nothing to a deployed stack that its skill calls."""
