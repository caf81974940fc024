"""Whose lease is over: only a process that we would see and do not, or one that stands still by a clock nobody sets."""

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from voicedesk.run.lead import Holder, Watch, is_gone, read_holder, this_process
from voicedesk.store.leases import Lease

US = Holder(host="h", pid=os.getpid(), started="1", machine="m", boot="b", pids="p", mark="x")


def dead_pid() -> int:
    """A process of ours that has ended."""
    done = subprocess.Popen(["true"])
    done.wait()
    return done.pid


def test_a_process_says_who_it_is_and_is_read_again():
    us = this_process()
    assert read_holder(str(us)) == us
    assert us.started
    assert us.boot
    assert us.pids
    machine = Path("/etc/machine-id")
    assert not machine.exists() or machine.read_text().strip() not in str(us)
    assert read_holder(str(replace(us, host="a:b:c"))).pid == us.pid


def test_a_process_that_ended_here_is_gone_and_one_that_runs_is_not():
    us = replace(this_process(), machine="m")
    assert is_gone(str(replace(us, pid=dead_pid())), us)
    assert not is_gone(str(us), us)
    assert is_gone(str(replace(us, started="1")), us), "another process has got its number since"
    assert not is_gone(str(replace(us, pid=1, started=US.started, machine="other")), us)


@pytest.mark.parametrize("differs", ["machine", "boot", "pids"])
@pytest.mark.parametrize("value", ["", "another"])
def test_where_anything_differs_or_cannot_be_read_nobody_is_taken_for_gone(differs, value):
    us = replace(this_process(), machine="m")
    killed = replace(us, pid=dead_pid())
    assert not is_gone(str(replace(killed, **{differs: value})), us)
    assert not is_gone(str(replace(killed, **{differs: value})), replace(us, **{differs: ""}))
    assert not is_gone(str(replace(killed, started="")), us)


@pytest.mark.parametrize(
    "owner",
    ["", "host:12:ab", f"{os.uname().nodename}:999999:dead", ":" * 6, "h:x:1:m:b:p:k", f"h:{'9' * 5000}:1:m:b:p:k"],
)
def test_what_another_version_wrote_is_never_taken_for_gone(owner):
    assert not is_gone(owner, US)


def test_two_in_namespaces_of_their_own_on_one_machine_do_not_take_each_other_for_gone():
    """Containers that share the host's name: each sees no process of the other's number."""
    box = [shutil.which("unshare") or "unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]
    told = "from voicedesk.run.lead import this_process; print(this_process())"
    done = subprocess.run([*box, sys.executable, "-c", told], capture_output=True, text=True, check=False)
    if done.returncode:  # not allowed here: as two namespaces would tell it
        other = replace(this_process(), pid=2, pids="4026539999.4026531834")
    else:
        other = read_holder(done.stdout.strip())
    us = this_process()
    assert (other.host, other.boot, other.machine) == (us.host, us.boot, us.machine)
    assert other.pids != us.pids
    assert not is_gone(str(other), us)
    assert not is_gone(str(us), other)


def test_a_lease_is_over_when_it_stood_still_for_its_whole_length():
    steady = [1000.0]
    watch = Watch(10, lambda: steady[0])
    first, renewed = Lease("a", 5), Lease("a", 6)
    assert not watch.is_over(first)
    steady[0] += 9.9
    assert not watch.is_over(first)
    assert not watch.is_over(renewed)
    steady[0] += 9.9
    assert not watch.is_over(renewed)
    steady[0] += 0.1
    assert watch.is_over(renewed)
    assert not watch.is_over(Lease("b", 6)), "somebody else took it over"
