"""A stream that is silenced while any thread works."""

import pytest

from study.tracking.quiet import Silencer


class Stream:
    written = ""

    def write(self, text):
        self.written += text


def test_a_silenced_stream_writes_again_when_all_have_left_the_context():
    stream = Stream()
    silenced = Silencer(stream)
    with silenced:
        with silenced:
            stream.write("a")
        stream.write("b")
    stream.write("c")
    assert stream.written == "c"


def test_a_silenced_stream_writes_again_after_an_error():
    stream = Stream()
    with pytest.raises(ValueError, match="broken"), Silencer(stream):
        raise ValueError("broken")
    stream.write("b")
    assert stream.written == "b"
