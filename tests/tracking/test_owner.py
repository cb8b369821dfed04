"""The tags that say which process works on a run."""

import os
import socket

from study.tracking.owner import owner, owner_tags


def test_a_run_says_which_process_works_on_it():
    tags = owner_tags()
    assert tags["study.host"] == socket.gethostname()
    assert tags["study.pid"] == str(os.getpid())
    assert owner(tags).pid == os.getpid()
    assert not owner(tags).has_ended()


def test_without_the_tags_nothing_is_known():
    assert owner({}) is None
    assert owner({**owner_tags(), "study.pid": "x"}) is None
