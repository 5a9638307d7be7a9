"""The demo: fictional outlets that tell the same events, served on loopback so that everything can be seen at once."""
