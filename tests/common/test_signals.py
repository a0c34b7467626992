"""Ctrl-C that somebody else's code swallows, or turns into an error of its own."""

import contextlib
import os
import signal

import pytest

from zoo.common.signals import remembered_interrupts


def interrupted() -> None:
    os.kill(os.getpid(), signal.SIGINT)
    for _ in range(1000):  # the handler runs between two instructions
        pass


def test_an_interrupt_that_was_swallowed_comes_back():
    with pytest.raises(KeyboardInterrupt), remembered_interrupts() as check:
        with contextlib.suppress(KeyboardInterrupt):
            interrupted()
        check()


def test_an_interrupt_that_became_another_error_comes_back():
    with pytest.raises(KeyboardInterrupt), remembered_interrupts():
        try:
            interrupted()
        except KeyboardInterrupt:
            raise TypeError("returned a result with an exception set") from None


def test_an_error_without_an_interrupt_stays():
    with pytest.raises(TypeError, match="mine"), remembered_interrupts():
        raise TypeError("mine")
