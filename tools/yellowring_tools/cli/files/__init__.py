"""The files that commands read: campaigns, lists of users, manifests."""
