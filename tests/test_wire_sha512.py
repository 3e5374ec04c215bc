"""SHA-512 against FIPS 180-4, with the runtime's own function and with the kernels that boards use."""

from vectors_io import hexed, load_json, unhex

from fieldwire import sha512

VECTORS = load_json("sha512")


def test_the_published_digests_are_met():
    for vector in VECTORS["messages"]:
        message = unhex(vector["hex"]) * vector["repeat"]
        assert hexed(sha512.sha512(message)) == vector["digest"], vector["source"]


def test_the_kernels_meet_the_short_published_digests():
    for vector in VECTORS["messages"]:
        if vector["repeat"] == 1:
            assert hexed(sha512.sha512_kernel(unhex(vector["hex"]))) == vector["digest"], vector["source"]


def test_the_kernels_pad_every_length_around_a_block_right():
    counting = bytes(range(256))
    for vector in VECTORS["prefixes_of_0_to_255"]:
        digest = hexed(sha512.sha512_kernel(counting[: vector["length"]]))
        assert digest == vector["digest"], vector["length"]


def test_a_message_may_be_any_buffer():
    message = bytes(range(200))
    for buffer in (bytearray(message), memoryview(message)):
        assert sha512.sha512_kernel(buffer) == sha512.sha512(message)
