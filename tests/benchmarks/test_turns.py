"""Runners that take turns."""

import os
import sys
import time

import pytest

from benchmarks.turns import Runner, has_pytorch, medians, spread, taken, timed


def sleeper(threads, seconds):
    print("this must not be taken for an answer")
    return timed(lambda case: time.sleep(seconds * case))


def limits(threads):
    if threads > 1:
        raise RuntimeError("line one\nthis machine is full")
    allowed = [float(os.environ["OMP_NUM_THREADS"]), float(len(os.sched_getaffinity(0)))]
    return lambda case, seconds: allowed


def test_runners_take_turns():
    runners = {f"{seconds} s": Runner("tests.benchmarks.test_turns:sleeper", 1, seconds=seconds) for seconds in (0.002, 0.02)}
    every = taken(runners, cases=(1, 2), rounds=2, seconds=0.01)
    times = {case: medians(by_name) for case, by_name in every.items()}
    assert all(len(calls) >= 2 for by_name in every.values() for calls in by_name.values())
    assert list(times) == [1, 2]
    assert 0.002 <= times[1]["0.002 s"] < times[1]["0.02 s"]
    assert times[2]["0.02 s"] >= 0.04
    assert all(runner.process.returncode == 0 and not runner.errors.exists() for runner in runners.values())


def test_a_turn_holds_at_least_one_call_and_the_first_of_all_goes_uncounted():
    calls = []
    run = timed(calls.append)
    assert len(run("case", 0.0)) == 1 and calls == ["case"] * 2
    assert len(run("case", 0.0)) == 1 and calls == ["case"] * 3


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="this system holds no process to a core")
def test_a_runner_is_held_to_its_cores():
    runner = Runner("tests.benchmarks.test_turns:limits", 1)
    assert runner.turn() == [1.0, 1.0]
    runner.close()


def test_a_runner_that_fails_says_why_in_one_line():
    runner = Runner("tests.benchmarks.test_turns:limits", 2)
    with pytest.raises(ValueError, match=r"^tests\.benchmarks\.test_turns:limits failed: this machine is full$"):
        runner.turn()
    runner.close()


def test_spread_is_half_of_the_middle_half():
    assert spread([1.0, 2.0, 3.0, 4.0, 5.0]) == pytest.approx(1 / 3)
    assert spread([2.0]) == 0


def test_an_interpreter_is_asked_for_pytorch_without_importing_it(tmp_path):
    assert not has_pytorch("/bin/false")
    (tmp_path / "torch.py").write_text("raise SystemExit('imported')")
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nPYTHONPATH={tmp_path} exec {sys.executable} "$@"\n')
    python.chmod(0o755)
    assert has_pytorch(str(python))
