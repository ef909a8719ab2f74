"""Analyses of a checked network; each module answers one kind of question."""
