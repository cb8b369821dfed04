"""A signal interrupts only where it is allowed to."""

import os
import signal

import pytest

from study.interrupts import Interrupts


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_waits_for_the_next_check(number):
    with Interrupts() as interrupts:
        os.kill(os.getpid(), number)
        with pytest.raises(KeyboardInterrupt):
            interrupts.check()
        interrupts.check()  # a signal interrupts once


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_interrupts_at_once_where_it_is_allowed(number):
    with Interrupts() as interrupts, interrupts.allowed(), pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), number)


def test_the_handlers_of_before_are_back_afterwards():
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with Interrupts():
        assert signal.getsignal(signal.SIGINT) != before[0]
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
