"""What the figures of time are measured on and beside: seeded fleets, and the estimators that others use."""
