"""Lineage of derivations: making one on a device, recomputing it anywhere.

Decides whether a derived payload follows from its sources. Refuses functions it does not know, by name.
SPEC 5.5
"""

from fieldwire import cbor, schema
from fieldwire import observation as obs
from fieldwire.errors import WireError


def values_of(sources, prop, fields_of):
    """Values of `prop` in `sources` (observation maps, in order); `fields_of(format) -> fields | None`."""
    values = []
    for source in sources:
        fields = fields_of(source[obs.FORMAT])
        if fields is None:
            raise WireError("schema-unknown", "the schema of a source is not held")
        found = [claim[2] for claim in schema.claims(fields, source[obs.PAYLOAD]) if claim[0] == prop]
        if not found or isinstance(found[0], (str, list)):
            raise WireError("derivation-false", "a source has no integer %s" % prop)
        values.append(found[0])
    return values


def derive(function, parameters, sources, fields_of):
    """(value, derivation entry) of a built-in function over verified sources, in SPEC 5.1's order.

    `parameters`: [property], for difference [property, index of the minuend].
    """
    return _compute(function, parameters, sources, fields_of), [function, parameters, schema.function_digest(function)]


def _compute(function, parameters, sources, fields_of):
    wanted = 2 if function == "difference" else 1
    if len(parameters) != wanted or not isinstance(parameters[0], str):
        raise WireError("derivation-false", "%s takes %d parameters, the first a property" % (function, wanted))
    values = values_of(sources, parameters[0], fields_of)
    if wanted == 2:
        if isinstance(parameters[1], bool) or parameters[1] not in (0, 1):
            raise WireError("derivation-false", "the minuend is source 0 or 1")
        if parameters[1] == 1:
            values.reverse()
    return schema.compute(function, values)


def sort_sources(pairs):
    """[(entry, observation) ...] in the order that SPEC 5.1 wants: bytewise by the entry's encoding."""
    return sorted(pairs, key=lambda pair: cbor.encode(pair[0]))


def check_derivation(observation, sources, fields_of):
    """WireError("derivation-false") unless a built-in derivation's value follows from `sources`, in order.

    A function that is not built in passes: its code digest names what would have to be run.
    """
    function, parameters, digest = observation[obs.DERIVATION]
    if function not in schema.BUILT_IN:
        return
    if digest != schema.function_digest(function):
        raise WireError("derivation-false", "%s is built in and has its own digest" % function)
    fields = fields_of(observation[obs.FORMAT])
    if fields is None:
        raise WireError("schema-unknown", "the schema of the derived observation is not held")
    claimed = schema.claims(fields, observation[obs.PAYLOAD])
    value = _compute(function, parameters, sources, fields_of)
    if len(claimed) != 1 or claimed[0][2] != value:
        raise WireError("derivation-false", "recomputed %s is %d" % (function, value))
