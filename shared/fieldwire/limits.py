"""Every limit on what is received or made, with its reason. A limit bounds; it does not set policy.

A name that ends in _MAX alone is in bytes, or counts what it names in the plural.
"""

from fieldwire.port import const

# Our deepest shape nests 8 levels. A level takes 320 bytes of a 64-bit interpreter's stack, so that 12 leave
# a board with a 16 KiB stack most of it.
DEPTH_MAX = const(12)
# Twice the largest segment: nothing that travels as one object is longer.
CBOR_MAX = const(65_536)
# Free text is for a person to read on one line of a table; identifiers have bounds of their own.
TEXT_MAX = const(256)

# A frame must fit twice (one coming, one going) into a board's spare RAM. Radios set lower bounds.
FRAME_MAX = const(2_048)

# Several observations must fit a journal sector of 4 KB, and one a serial frame or two.
OBSERVATION_MAX = const(1_024)
# Half of an observation; the other half is for sources and identifiers.
PAYLOAD_MAX = const(512)
# Eight sources take about 600 bytes of an observation; their payload is then a few numbers.
SOURCES_MAX = const(8)
# Eight segments of up to 32 characters name a place as people say it; 128 bytes keep observations small.
SUBJECT_MAX = const(128)
SUBJECT_SEGMENTS_MAX = const(8)
SUBJECT_SEGMENT_MAX = const(32)
# A packed record's presence mask has 16 bits.
SCHEMA_FIELDS_MAX = const(16)
# As many as a schema has fields: whoever reads claims holds as many of one kind as of the other.
SENML_RECORDS_MAX = const(16)
# What a device counts (seq, boots, milliseconds): 139 years of ms, whose nanoseconds fit 64 bits with room to add.
COUNT_MAX = (1 << 42) - 1
# A claim's integer is a signed 64-bit one, so that stores and expressions hold it exactly.
CLAIM_MAX = (1 << 63) - 1
# A stream is a priority, and two bits hold it.
STREAMS_MAX = const(4)

# Unsealed leaves are unauthenticated at rest: few, and not for long. 64 leaves make a path of 6 hashes.
SEGMENT_LEAVES_MAX = const(64)
SEGMENT_AGE_MS_MAX = const(3_600_000)
# Eight journal sectors: a receiver holds a segment whole until its seal verifies.
SEGMENT_MAX = const(32_768)
# A mule holds one whole in RAM while it verifies the seal: 64 leaves of 250 bytes.
CARRIED_SEGMENT_MAX = const(16_384)
# What a packed segment names by a number: the boots and the subjects of one transfer; 3 KB of a board's heap at most.
PACK_AUTHORS_MAX = const(16)
PACK_TOPICS_MAX = const(32)
# A log of 2^40 leaves is beyond any bridge; a longer path only spends the verifier's time.
MERKLE_PATH_MAX = const(40)

# A token fits a serial frame; the largest, an endorsement of ten builds, has about 700 bytes.
TOKEN_MAX = const(1_024)
# An early copy is one observation with its headers and its signature.
EARLY_MAX = const(1_152)
# A scope that names more than sixteen subjects is better named by their parent.
SCOPE_ENTRIES_MAX = const(16)
# Ten builds: more than a year of releases.
MEASUREMENTS_MAX = const(10)
# Four streams of two incarnations: a handover names the end of each, and its token stays within TOKEN_MAX.
ROTATION_ENDS_MAX = const(8)
# Authority, delegate, sub-delegate, device: longer chains hide who answers for what.
DELEGATION_DEPTH_MAX = const(3)
