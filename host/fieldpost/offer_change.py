"""What an offer says otherwise than the one before it, so that a meeting tells its news and not all it ever held.

Decides nothing: the offer that follows from the last one and a change is compared with its root before it counts.
SPEC 10.4
"""

import hashlib
from typing import Any, TypeVar

from fieldpost.epoch import Offer, read_offer
from fieldwire import cbor
from fieldwire.errors import WireError

LABEL = b"fieldpost/offer/1"
Key = TypeVar("Key")
Value = TypeVar("Value")


def root(offer: Offer) -> bytes:
    """By which a change names the offer that it leads to."""
    return hashlib.sha256(LABEL + offer.to_cbor()).digest()


def change(before: Offer, now: Offer) -> bytes:
    """[[[scope, [[id, grade] ...], [id gone ...]] ...], evidence new, gone, clocks new, gone, others new, gone]."""
    scopes = []
    for scope, ids in sorted(now.admitted.items()):
        new, gone = _news(before.admitted.get(scope, {}), ids)
        scopes.append([scope, [list(one) for one in new], gone])
    clocks, silent = _news(before.clocks, now.clocks)
    others, quiet = _news(before.others, now.others)
    return cbor.encode(
        [
            scopes,
            sorted(now.evidence - before.evidence),
            sorted(before.evidence - now.evidence),
            [assumption.as_list() for _, assumption in clocks],
            silent,
            [list(one) for one in others],
            quiet,
        ]
    )


def follow(before: Offer, number: int, data: bytes, named: bytes) -> bytes:
    """The bytes of the offer that a change of the one before leads to; WireError("offer-shape") unless of that root."""
    try:
        scopes, seen, unseen, clocks, silent, others, quiet = cbor.decode(data, size_max=len(data))
        admitted = {
            scope: _followed(before.admitted.get(scope, {}), [(one, grade) for one, grade in new], gone)
            for scope, new, gone in scopes
        }
        stated = _followed(
            {device: one.as_list() for device, one in before.clocks.items()},
            [(one[0], one) for one in clocks],
            silent,
        )
        codes = _followed(before.others, [(one, code) for one, code in others], quiet)
        whole = cbor.encode(
            [
                number,
                [
                    [scope, [[one, ids[one]] for one in sorted(ids)]]
                    for scope, ids in sorted(admitted.items())
                ],
                sorted((before.evidence | set(seen)) - set(unseen)),
                [stated[device] for device in sorted(stated)],
                [[one, codes[one]] for one in sorted(codes)],
            ]
        )
    except (TypeError, ValueError, IndexError) as error:
        raise WireError("offer-shape", f"not a change of an offer: {error}") from None
    if root(read_offer(whole)) != named:
        raise WireError("offer-shape", "the change leads to another offer than the one it names")
    return whole


def _news(before: dict[Key, Value], now: dict[Key, Value]) -> tuple[list[tuple[Key, Value]], list[Key]]:
    new = [(key, value) for key, value in sorted(now.items()) if key not in before or before[key] != value]  # type: ignore[type-var]
    return new, sorted(before.keys() - now.keys())  # type: ignore[type-var]


def _followed(before: dict[Any, Any], new: list[tuple[Any, Any]], gone: list[Any]) -> dict[Any, Any]:
    found = {**before, **dict(new)}
    for key in gone:
        found.pop(key, None)
    return found
