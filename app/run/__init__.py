"""`make run`: everything a developer needs on one machine, started and stopped together.

Knows the other parts by their commands and addresses only.
"""
