"""Topics and stories."""
