"""A signal interrupts only where it is allowed to."""

import os
import signal
import subprocess
import sys

import pytest

from study.interrupts import Interrupted, Interrupts


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_waits_for_the_next_check(number):
    with Interrupts() as interrupts:
        os.kill(os.getpid(), number)
        with pytest.raises(Interrupted, match=number.name) as raised:
            interrupts.check()
        assert raised.value.exit_code == 128 + number
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


def test_a_block_is_interrupted_also_where_a_library_makes_another_exception_of_that():
    def library():
        try:
            os.kill(os.getpid(), signal.SIGINT)
        except KeyboardInterrupt:
            raise ArithmeticError from None

    with Interrupts() as interrupts, pytest.raises(Interrupted), interrupts.allowed():
        library()


def test_an_exception_that_no_signal_caused_is_not_changed():
    with Interrupts() as interrupts, pytest.raises(ArithmeticError), interrupts.allowed():
        raise ArithmeticError


def test_a_signal_in_a_destructor_interrupts_and_prints_nothing(capfd):
    class Kills:
        def __del__(self):
            os.kill(os.getpid(), signal.SIGINT)

    before = sys.unraisablehook
    with Interrupts() as interrupts, pytest.raises(Interrupted), interrupts.allowed():
        Kills()
    assert capfd.readouterr().err == ""
    assert sys.unraisablehook is before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_process_that_is_not_interrupted_elsewhere_ends_with_one_line(number):
    code = f"import os; from study.interrupts import end_at_a_signal; end_at_a_signal(); os.kill(os.getpid(), {number})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (128 + number, "interrupted\n")
