"""Editions and their mails."""
