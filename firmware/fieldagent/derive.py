"""Derivation on the device: collects verified inputs for each rule and says when one has enough.

Decides which verified observation feeds which rule. Refuses to use an observation twice in one rule, or one that no
rule asked for; nothing unverified ever comes here. SPEC 5.5
"""

from fieldwire import lineage, schema
from fieldwire import observation as obs


class Derived:
    """A derivation that is ready to be observed: rule, payload, sources and derivation entry."""

    def __init__(self, rule, payload, sources, derivation):
        self.rule = rule
        self.payload = payload
        self.lineage = (sources, derivation)


class Deriver:
    """`rules`: settings.Rule; `fields_of(format) -> fields | None`."""

    def __init__(self, rules, fields_of):
        self._pools = [(rule, []) for rule in rules]
        self._fields_of = fields_of
        self._used = []

    def offer(self, observation, identity, authority):
        """Derivations that this verified observation completes. `authority`: as the own mesh names it.

        WireError("schema-unknown" or "derivation-false") when a source has no such integer: the pool starts anew.
        """
        if identity in self._used:
            return []
        self._used = self._used[-63:] + [identity]
        ready = []
        for rule, pool in self._pools:
            if _fits(rule, observation, authority):
                pool.append((obs.source_of(observation, identity), observation))
                if len(pool) == rule.count:
                    taken = lineage.sort_sources(pool)
                    del pool[:]
                    ready.append(self._derive(rule, taken))
        return ready

    def drop_waiting(self):
        """Lets go of what waits for more: some of it may be no longer to be believed."""
        for _, pool in self._pools:
            del pool[:]

    def _derive(self, rule, taken):
        sources = [source for _, source in taken]
        value, derivation = lineage.derive(rule.function, rule.parameters, sources, self._fields_of)
        return Derived(rule, _payload(rule, value), [entry for entry, _ in taken], derivation)


def _fits(rule, observation, authority):
    if not obs.covers(rule.pattern, observation[obs.SUBJECT]):
        return False
    return rule.authority is None or (authority is not None and obs.covers(rule.authority, authority))


def _payload(rule, value):
    """The value in the rule's schema: its only field, or the field of the property's name."""
    if len(rule.fields) == 1:
        return schema.pack(rule.fields, [value])
    return schema.pack(
        rule.fields, [value if field[0] == rule.parameters[0] else None for field in rule.fields]
    )
