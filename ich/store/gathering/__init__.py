"""Ends a preparation: tables, folds, account of every file, summary, store.json."""
