"""From a feed's bytes to clean entries. `read.parse_feed` is the way in, and draws the path."""
