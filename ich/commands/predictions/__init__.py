"""Tables of predictions, and what is said of them."""
