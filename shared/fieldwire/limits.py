"""Every limit on what is received or made, with its reason. A limit bounds; it does not set policy."""

from fieldwire.port import const

# Our deepest shape nests 8 levels. A level costs two interpreter frames, which a board with a 16 KiB stack
# affords 12 times.
CBOR_DEPTH_MAX = const(12)
# A full segment, opened, is 64 leaves of 1,024 bytes. What holds more travels as several objects.
CBOR_BYTES_MAX = const(65_536)
# A free text is for a person to read on one line of a table; identifiers have their own bounds.
TEXT_BYTES_MAX = const(256)

# A serial frame must fit twice (receive, send) in a board's spare RAM. Radios set lower bounds of their own.
FRAME_BYTES_MAX = const(1_024)

# An observation with its envelope must fit one journal sector of 4 KB several times, and one serial frame in two.
OBSERVATION_BYTES_MAX = const(1_024)
# What remains of an observation beside its sources and identifiers.
PAYLOAD_BYTES_MAX = const(512)
# Eight sources of about 65 bytes leave half of an observation for its payload.
SOURCES_MAX = const(8)
# Eight segments of up to 32 characters name places people can say; 128 bytes keep an observation small.
SUBJECT_BYTES_MAX = const(128)
SUBJECT_SEGMENTS_MAX = const(8)
SUBJECT_SEGMENT_BYTES_MAX = const(32)
# A schema's properties are counted in a presence mask of 16 bits.
SCHEMA_PROPERTIES_MAX = const(16)
# A stream is a priority; two bits hold it in a frame header.
STREAMS_MAX = const(4)

# Unsealed leaves are unauthenticated at rest: at most this many and this long. 64 leaves make a path of six hashes.
SEGMENT_LEAVES_MAX = const(64)
SEGMENT_AGE_MS_MAX = const(3_600_000)
# A log of 2^40 leaves is beyond any bridge; a longer path is an attack on the verifier's time.
MERKLE_PATH_MAX = const(40)

# A token must travel in one serial frame; the largest, an endorsement with ten build digests, has about 700 bytes.
TOKEN_BYTES_MAX = const(1_024)
# Build digests in one endorsement: more than a year of releases.
BUILD_DIGESTS_MAX = const(10)
# Authority, delegate, sub-delegate, device: longer chains hide who answers for what.
DELEGATION_DEPTH_MAX = const(3)
