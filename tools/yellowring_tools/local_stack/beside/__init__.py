"""A stack of somebody else's template beside ours on the local stack."""
