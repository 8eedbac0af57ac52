"""Trains, exports and measures the small chat model that ships with Millrace."""
