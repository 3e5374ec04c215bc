"""Lineage of derivations: making one on a device, recomputing it anywhere.

Decides whether a derived payload follows from its sources. Refuses functions it does not know, by name.
SPEC 5.5
"""

from fieldwire import cbor, schema
from fieldwire import observation as obs
from fieldwire.errors import WireError


def values_of(sources, prop, fields_of):
    """(values, unit, exponent) of `prop` in `sources` (observation maps, in order), all in one scale.

    `fields_of(format) -> fields | None`.
    """
    claimed = [_claim_of(source, prop, fields_of) for source in sources]
    if not claimed:
        raise WireError("derivation-false", "there are no sources")
    unit, exponent = claimed[0][3:]
    for claim in claimed:
        if claim[3] != unit or claim[4] != exponent:
            raise WireError("derivation-false", "the sources state %s in different units" % prop)
    return [claim[2] for claim in claimed], unit, exponent


def _claim_of(source, prop, fields_of):
    for claim in schema.claims_of(source[obs.FORMAT], source[obs.PAYLOAD], fields_of):
        if claim[0] == prop and claim[1] == schema.INTEGER:
            return claim
    raise WireError("derivation-false", "a source has no integer %s" % prop)


def derive(function, parameters, sources, fields_of):
    """(value, derivation entry) of a built-in function over verified sources, in SPEC 5.1's order.

    `parameters`: [property], for difference [property, index of the minuend].
    """
    value = _compute(function, parameters, sources, fields_of)[0]
    return value, [function, parameters, schema.function_digest(function)]


def _compute(function, parameters, sources, fields_of):
    """(value, unit, exponent); the unit of a count is None: any will do."""
    wanted = 2 if function == "difference" else 1
    if len(parameters) != wanted or not isinstance(parameters[0], str):
        raise WireError("derivation-false", "%s has %d parameters, first a property" % (function, wanted))
    values, unit, exponent = values_of(sources, parameters[0], fields_of)
    if wanted == 2:
        if isinstance(parameters[1], bool) or parameters[1] not in (0, 1):
            raise WireError("derivation-false", "the minuend is source 0 or 1")
        if parameters[1] == 1:
            values.reverse()
    if function == "count":
        unit, exponent = None, 0
    return schema.compute(function, values), unit, exponent


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
    if [obs.position(source) for source in sources] != [tuple(one[:4]) for one in observation[obs.SOURCES]]:
        raise WireError("derivation-false", "the sources are not those that the observation names")
    content_format = observation[obs.FORMAT]
    if content_format != obs.SENML_FORMAT and fields_of(content_format) is None:
        raise WireError("schema-unknown", "the schema of the derived observation is not held")
    value, unit, exponent = _compute(function, parameters, sources, fields_of)
    claimed = schema.claims_of(content_format, observation[obs.PAYLOAD], fields_of)
    if len(claimed) != 1 or claimed[0][1] != schema.INTEGER or claimed[0][2] != value:
        raise WireError("derivation-false", "recomputed %s is %d" % (function, value))
    if claimed[0][4] != exponent or (unit is not None and claimed[0][3] != unit):
        raise WireError("derivation-false", "%s is stated in another unit than its sources" % function)
