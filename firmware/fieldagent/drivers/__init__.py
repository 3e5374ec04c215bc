"""What touches a port. Everything above sees frames and times only."""
