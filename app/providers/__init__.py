"""Clients of the outside world. Imports nothing else of ours; knows neither Flask nor the database."""
