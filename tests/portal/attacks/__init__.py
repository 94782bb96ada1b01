"""Bad input and attackers: what nobody's browser sends, and what somebody might."""
