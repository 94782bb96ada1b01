"""``make bench``: how fast and how large, shown beside peers and floors measured in the same run. Never a test."""
