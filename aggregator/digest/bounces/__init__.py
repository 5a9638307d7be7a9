"""Mails that come back: from whom, why, and what follows from it."""
