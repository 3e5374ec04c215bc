"""Why an observation stands where it stands, and why another does not: the whole story from the store.

Decides nothing: it asks the stored bytes again and retells what the stages recorded.
"""

from fieldpost.explain.story import explain, kept_out, why_not

__all__ = ["explain", "kept_out", "why_not"]
