"""Joins the local link to what carrying needs, on a board whose configuration asks for it and on no other.

Decides nothing. SPEC 8.11
"""

from fieldagent.local_link import LocalLink


def join(neighbours, uplink, journal, identity, files, config, local):
    """(the part for the local link, CarryStore or None); `local`: the terms of that link."""
    parts, store = [], None
    if config.carry_bytes is not None:
        store, mule = _mule(uplink, journal, identity, files, config, local)
        parts.append(mule)
    if config.hand_over:
        from fieldagent.carry_origin import Origin

        parts.append(
            Origin(identity.device, identity.k_dev, uplink.own_outbox, local.frame_max, config.beacon_ms)
        )
    return LocalLink(neighbours, parts), store


def _mule(uplink, journal, identity, files, config, local):
    from fieldagent.carry_mule import Mule
    from fieldagent.carry_store import CarryStore
    from fieldwire.session_carried import Carried

    store = CarryStore(files, config.carry_bytes, lambda: max(0, journal.capacity - journal.bytes))
    uplink.new_carried = lambda: Carried(store)
    return store, Mule(identity, files, store, local, config.beacon_ms, uplink.wake)
