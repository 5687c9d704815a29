"""One training: settings, the processes that train, what is said of them."""
