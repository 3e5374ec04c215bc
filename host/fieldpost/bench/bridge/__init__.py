"""What the bridge's bench is made of: a fleet that signs, a bare loop, and runs of the whole pipeline."""
