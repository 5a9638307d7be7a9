"""From a URL to stored entries."""
