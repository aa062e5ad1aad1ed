"""From observations to a form: which value of which source, and why."""
