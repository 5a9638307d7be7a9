"""Polls feeds, groups their entries by topic and story, publishes them again and mails a digest."""
