"""Pointers of kernels where there are none: an address stays good for as long as a kernel works with it."""

from fieldwire.port import ptr8


def test_an_address_of_a_read_only_view_outlives_the_pointer_that_told_it():
    data = bytes(range(1, 201))
    address = int(ptr8(memoryview(data)[56:]))
    others = [bytes([0xEE]) * 144 for _ in range(1_000)]  # what would lie there by now
    assert [ptr8(address)[index] for index in range(144)] == list(data[56:]) and others
