"""Frames between a host and its radio are as the vectors say. SPEC 8.10"""

from vectors_io import hexed, load_json, raises, unhex

from fieldwire import gateway_frames as frames


def plain(body):
    if isinstance(body, str):
        return body
    return [hexed(one) if isinstance(one, bytes) else one for one in body]


def test_every_frame_is_read_as_its_vector_says():
    for row in load_json("gateway"):
        data = unhex(row["hex"])
        if row["error"]:
            raises(row["error"], frames.decode, data)
            continue
        name, body = frames.decode(data)
        assert (name, plain(body)) == (row["kind"], row["body"]), row["name"]


def test_every_frame_is_written_as_its_vector_says():
    makers = {"TUNE": frames.tune, "SEND": frames.send, "STATE": frames.state, "HEARD": frames.heard}
    for row in load_json("gateway"):
        if not row["error"]:
            name, body = frames.decode(unhex(row["hex"]))
            made = frames.unfit(body) if name == "UNFIT" else makers[name](*body)
            assert hexed(made) == row["hex"], row["name"]


def test_strength_beyond_a_byte_is_told_as_the_most_there_is():
    assert frames.decode(frames.heard(-30, 200, b"x"))[1] == (-30, 127, b"x")
