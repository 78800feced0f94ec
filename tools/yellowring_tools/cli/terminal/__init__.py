"""What commands print, and how they keep a person informed."""
