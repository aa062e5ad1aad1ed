"""What stops a run."""


class RunError(Exception):
    """Something the person at the keyboard can mend; the sentence says what."""
