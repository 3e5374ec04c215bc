"""Room for what waits: a share for each authority whose word it is, and one for all that nobody known has signed.

Decides who gives way: the oldest of the share that is full. So a flood of strangers drives out strangers, and one
authority's none but its own. Refuses to hold what waits, or to say whose word it is. SPEC 7.7
"""

from fieldpost.model import Authority


class Shares:
    """Names of what waits, in their order of arrival, each with what it waits for."""

    def __init__(self) -> None:
        self._shares: dict[Authority | None, dict[bytes, bytes]] = {}
        self._of: dict[bytes, Authority | None] = {}

    def enter(
        self, name: bytes, what: bytes, whose: Authority | None, most: int
    ) -> tuple[bytes, bytes] | None:
        """Take a name in; (name, what it waited for) of the one that gives way where `most` are there already."""
        share = self._shares.setdefault(whose, {})
        oldest = next(iter(share)) if len(share) >= most else None
        out = None if oldest is None else (oldest, self.leave(oldest))
        self._shares.setdefault(whose, {})[name] = what
        self._of[name] = whose
        return out

    def leave(self, name: bytes) -> bytes:
        """Let a name go; what it waited for."""
        whose = self._of.pop(name)
        what = self._shares[whose].pop(name)
        if not self._shares[whose]:
            del self._shares[whose]
        return what
