"""Combined feeds and pages."""
