"""Sealing, signing and tokens. Imports libraries only, nothing else of ours."""
