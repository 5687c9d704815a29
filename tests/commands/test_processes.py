"""What the kernel says of a process."""

import os
import signal
import subprocess
import sys

import pytest

from ich.commands.processes import descendants_of, environment_of, parent_of, path_with_package, stat_of

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's words stand in /proc")


@pytest.fixture
def child(tmp_path):
    """A process of ours whose command has brackets and blanks in its name."""
    named = tmp_path / "a) b (c"
    named.symlink_to("/bin/sleep")
    process = subprocess.Popen([str(named), "60"], env={"OURS": "yes"})
    yield process
    process.kill()
    process.wait()


def test_a_childs_parent_is_found_whatever_its_name(child):
    assert parent_of(child.pid) == os.getpid()


def test_who_descends_from_a_process_is_found_over_generations():
    script = "sleep 60 & echo $!; wait"
    process = subprocess.Popen(["sh", "-c", f"sh -c '{script}' & wait"], stdout=subprocess.PIPE, text=True)
    grandchild = int(process.stdout.readline())

    found = descendants_of(process.pid)
    for one in [process.pid, *found]:
        os.kill(one, signal.SIGKILL)
    process.wait()

    assert len(found) == 2
    assert found[-1] == grandchild


def test_a_process_tells_what_it_was_started_with(child):
    assert b"OURS=yes" in environment_of(child.pid)


def test_nothing_is_known_of_a_process_that_has_ended(child):
    child.kill()
    child.wait()

    assert stat_of(child.pid) is None
    assert parent_of(child.pid) is None
    assert environment_of(child.pid) == frozenset()


def test_a_new_process_finds_the_package_before_anything_else():
    assert path_with_package({"PYTHONPATH": "mine"}).split(os.pathsep)[1:] == ["mine"]
    done = subprocess.run(
        [sys.executable, "-c", "import ich"], env={"PYTHONPATH": path_with_package({})}, cwd="/", check=True
    )
    assert done.returncode == 0
