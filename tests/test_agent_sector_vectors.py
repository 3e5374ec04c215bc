"""Golden vectors of the log's bytes: sector headers, records, what a seal's record holds, and what is none of these."""

from vectors_io import load_json, unhex

from fieldagent import record, sector_header

AT = 4  # behind the marker, on flash that can be programmed again


def rows_of(kind, is_sound):
    rows = load_json("sector")
    return [row for row in rows if row["kind"] == kind and (row["error"] is None) == is_sound]


def heads_of(row):
    return [
        (seq, segment, None if previous is None else unhex(previous), None if first is None else tuple(first))
        for seq, segment, previous, first in row["heads"]
    ]


def padded(data, size=512):
    return bytearray(data + b"\xff" * (size - len(data)))


def test_every_sound_header_is_read_and_written_alike():
    rows = rows_of("header", True)
    assert len(rows) >= 3
    for row in rows:
        data = unhex(row["hex"])
        found = sector_header.decode(padded(data), AT)
        place = (found.sector, found.end, found.tail)
        assert place == (row["sector"], row["end"], row["tail"]), row["name"]
        assert [(one.seq, one.segment, one.previous, one.first) for one in found.heads] == heads_of(row)
        assert record.header_end(padded(data), AT) == row["behind"], row["name"]
        assert record.begin(*place, found.incarnation, found.heads) == data[AT:], row["name"]


def test_every_header_that_is_not_sound_is_none_and_another_version_is_told():
    rows = rows_of("header", False)
    assert len(rows) >= 8
    for row in rows:
        data = padded(unhex(row["hex"]))
        is_ours = data[:AT] == record.MARKER
        assert not is_ours or sector_header.decode(data, AT) is None, row["name"]
        assert sector_header.other_version(data, AT) == row["version"], row["name"]


def test_every_record_counts_at_its_place_alone():
    refused = rows_of("record", False)
    assert len(refused) >= 10
    for row in rows_of("record", True) + refused:
        data = bytearray(b"\xff" * 4096)
        bare = unhex(row["hex"])
        data[row["offset"] : row["offset"] + len(bare)] = bare
        length = record.length_at(data, row["sector"], row["offset"])
        if row["found"] is None:
            assert length == -1, row["name"]
            continue
        kind, stream, size = row["found"]
        assert length == size and record.kind_of(bare[0]) == (kind, stream), row["name"]
        again = bytearray(len(bare))
        record.put(again, 0, row["sector"], row["offset"], kind, stream, bare[record.HEAD_BYTES :])
        assert again == bare, row["name"]


def test_every_seal_record_is_read_and_written_alike():
    for row in rows_of("seal", True):
        data = unhex(row["hex"])
        found = record.SealRecord.decode(data)
        assert (found.segment, found.leaf_bytes, found.count) == (
            row["segment"],
            row["leaf_bytes"],
            row["count"],
        )
        assert list(found.first) == row["first"]
        assert (None if found.rest is None else list(found.rest)) == row["rest"]
        assert found.encode() == data, row["name"]
