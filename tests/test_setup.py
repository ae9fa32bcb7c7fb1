"""scripts/app and scripts/test on machines of every sort, played by stand-ins on the PATH.

The stand-in for Python records what it is asked and makes environments of itself, so that a whole first start
takes a fraction of a second and needs no network. Only the last test runs the real thing.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

CHECKOUT = Path(__file__).resolve().parents[1]
LISTS = ["requirements", "requirements-dev", "requirements-peers", "requirements-ray"]
COMMANDS = [CHECKOUT / "scripts" / name for name in ("app", "test", "lock")] + [CHECKOUT / ".ci" / "run"]
TOOLS = """
    awk basename bash cat chmod cp cut df dirname env find flock grep head id ln mkdir mv readlink rm sed
    sha256sum sleep tail tee timeout touch uname
""".split()  # noqa: SIM905

PYTHON = r"""#!/bin/bash
echo "$*" >>"$STANDIN_LOG"
here=$(dirname -- "$0")
site=$here/../lib/python3.12/site-packages
case "$*" in
    -V) echo "Python 3.12.${STANDIN_PATCH:-1}" ;;
    "-c import sys; sys.exit"*) exit "${STANDIN_TOO_OLD:-0}" ;;
    "-c import sys; print"*) echo python3.12-venv ;;
    "-c import ensurepip"*) [ -e "$STANDIN_VENV_MODULE" ] ;;
    "-c import torch"*) exec "$STANDIN_REAL_PYTHON" "$@" ;;
    "-c from playwright"*) exit 1 ;;
    "-m playwright --version") [ -e "$STANDIN_LIBATOMIC" ] || { echo "libatomic.so.1 is missing"; exit 1; } ;;
    "-m venv "*)
        mkdir -p "$3/bin" && cp "$0" "$3/bin/python" && touch "$3/pyvenv.cfg"
        ;;
    "-m pip "*)
        [ "$STANDIN_NETWORK" = yes ] || { echo "ERROR: Temporary failure in name resolution"; exit 1; }
        echo "${@: -1}" | cut -d= -f3 >"$here/uv-version"
        ;;
    "-m uv --version") [ -e "$here/uv-version" ] && echo "uv $(cat "$here/uv-version") (stand-in)" ;;
    "-m uv pip install "*)
        echo "index $UV_DEFAULT_INDEX" >>"$STANDIN_LOG"
        mkdir -p "$site"
        touch "$site/half"
        eval "$STANDIN_INSTALL"
        mkdir -p "$site/torch-2.0.dist-info" "$site/torchvision-2.0.dist-info"
        rm "$site/half"
        ;;
    "-m rsviz.ui.serve"*) echo "served from $PWD${PYTHONDONTWRITEBYTECODE:+, compiled again at each start}" ;;
    "-m pytest"*) echo "tested with $RSVIZ_CHROMIUM"; exit "${STANDIN_TESTS:-0}" ;;
esac
"""


class Machine:
    """A folder that plays a machine: `checkout`, a PATH of its own, and a log of what Python was asked."""

    def __init__(self, folder: Path):
        self.checkout = folder / "a check out"
        self.path = folder / "bin"
        self.log = folder / "asked"
        self.venv = self.checkout / ".venv"
        self.site = self.venv / "lib" / "python3.12" / "site-packages"
        self.modules = folder / "modules"
        for part in ("venv-module", "libatomic"):
            (folder / part).touch()
        self.environment = {
            "PATH": str(self.path),
            "HOME": str(folder),
            "STANDIN_LOG": str(self.log),
            "STANDIN_NETWORK": "yes",
            "STANDIN_VENV_MODULE": str(folder / "venv-module"),
            "STANDIN_LIBATOMIC": str(folder / "libatomic"),
            "STANDIN_REAL_PYTHON": sys.executable,
            "PYTHONPATH": str(self.modules),
        }
        shutil.copytree(CHECKOUT / "scripts", self.checkout / "scripts")
        (self.checkout / ".ci").mkdir()
        shutil.copy(CHECKOUT / ".ci" / "run", self.checkout / ".ci" / "run")
        for name in ("requirements", "requirements-dev", "requirements-ray"):
            (self.checkout / f"{name}.txt").write_text("package==1\n")
        self.module("torch", "")
        self.module("torchvision", "class ops: nms = None")
        self.path.mkdir()
        for tool in TOOLS:
            (self.path / tool).symlink_to(shutil.which(tool))
        self.program("python3", PYTHON)
        self.program("chromium", "#!/bin/bash\necho Chromium 1\n")

    def program(self, name, text):
        (self.path / name).unlink(missing_ok=True)
        (self.path / name).write_text(text)
        (self.path / name).chmod(0o755)

    def module(self, name, text):
        self.modules.mkdir(exist_ok=True)
        (self.modules / f"{name}.py").write_text(text)

    def start(self, command, *arguments, **environment) -> subprocess.Popen:
        script = command if isinstance(command, Path) else self.checkout / command
        return subprocess.Popen(
            [script, *arguments],
            cwd="/",
            env=self.environment | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, command, *arguments, **environment):
        """(exit status, standard output, standard error) of a command of the checkout."""
        process = self.start(command, *arguments, **environment)
        out, err = process.communicate(timeout=60)
        return process.returncode, out, err

    def asked(self) -> list[str]:
        """What Python was asked since the last look."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        self.log.unlink(missing_ok=True)
        return lines

    def await_half_installation(self):
        deadline = time.monotonic() + 30
        while not (self.site / "half").exists():
            assert time.monotonic() < deadline, "the installation never began"
            time.sleep(0.01)


def await_program(pid, name):
    deadline = time.monotonic() + 30
    while name not in [child.name() for child in psutil.Process(pid).children(recursive=True)]:
        assert time.monotonic() < deadline, f"{name} never began"
        time.sleep(0.01)


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def installs(asked):
    return [line for line in asked if line.startswith("-m uv pip install")]


def sentence(err):
    """The one sentence that ends a failed start; nothing else there but notes of progress."""
    lines = err.splitlines()
    assert all(line.startswith("rsviz: ") for line in lines), err
    assert "Traceback" not in err
    assert lines[-1].endswith((".", ")"))
    return lines[-1]


# --- the scripts as files -------------------------------------------------------------------------


@pytest.mark.parametrize("script", COMMANDS, ids=lambda path: path.name)
def test_commands_are_executable_shell_scripts(script):
    assert os.access(script, os.X_OK)
    subprocess.run(["bash", "-n", script], check=True)


def test_shellcheck_finds_nothing():
    scripts = [*COMMANDS, CHECKOUT / "scripts" / "setup.sh"]
    shellcheck = Path(sys.executable).with_name("shellcheck")
    result = subprocess.run([shellcheck, "-x", *scripts], capture_output=True, text=True)
    assert result.stdout == ""


@pytest.mark.parametrize("name", LISTS)
def test_requirements_are_pinned_and_name_every_direct_dependency(name):
    source, pinned = (requirements(CHECKOUT / f"{name}.{ending}") for ending in ("in", "txt"))
    assert pinned, "no requirement at all"
    assert [line for line in pinned.values() if not re.match(r"[\w.-]+==\d[\w.+]*( ;|$)", line)] == []
    assert set(source) <= set(pinned)
    for package, line in source.items():
        if "==" in line:
            assert line == pinned[package]


def test_both_requirement_files_agree():
    app, tests = (requirements(CHECKOUT / f"{name}.txt") for name in ("requirements", "requirements-dev"))
    shared = app.keys() & tests.keys()
    assert "websockets" in shared
    assert {package: tests[package] for package in shared} == {package: app[package] for package in shared}


def requirements(path):
    """Package name -> requirement, without comments and options."""
    lines = [line.split("#")[0].strip() for line in path.read_text().splitlines()]
    return {re.split(r"[ =<>;\[]", line)[0].lower(): line for line in lines if line and line[0] != "-"}


# --- first and second start -----------------------------------------------------------------------


def test_first_start_installs_and_serves_with_the_arguments_given(machine):
    status, out, _ = machine.run("scripts/app", "--server.port", "8600")
    asked = machine.asked()
    assert (status, out) == (0, f"served from {machine.checkout}\n")
    assert asked[-1] == "-m rsviz.ui.serve --server.port 8600"
    assert len(installs(asked)) == 1
    assert f"-r {machine.checkout}/requirements.txt" in installs(asked)[0]


def test_second_start_asks_neither_pip_nor_uv(machine):
    machine.run("scripts/app")
    machine.asked()
    status, out, err = machine.run("scripts/app", STANDIN_NETWORK="no")
    assert (status, out, err) == (0, f"served from {machine.checkout}\n", "")
    assert set(machine.asked()) == {"-V", "-m rsviz.ui.serve"}


@pytest.mark.parametrize("shell", [{}, {"PYTHONDONTWRITEBYTECODE": "1"}], ids=["plain", "no-bytecode"])
def test_bytecode_is_stored_whatever_the_shell_says(machine, shell):
    assert machine.run("scripts/app", **shell)[1] == f"served from {machine.checkout}\n"


def test_second_test_run_asks_neither_pip_nor_uv_nor_looks_for_chromium(machine):
    machine.run("scripts/test")
    assert len(installs(machine.asked())) == 3  # the app, the tests, Ray
    (machine.path / "python3").unlink()
    status, out, err = machine.run("scripts/test", "tests/bounds", "-k", "cohen", STANDIN_NETWORK="no")
    assert (status, out, err) == (0, f"tested with {machine.path}/chromium\n", "")
    assert set(machine.asked()) == {"-V", "-m pytest tests/bounds -k cohen"}


def test_app_after_test_installs_nothing(machine):
    machine.run("scripts/test")
    machine.asked()
    machine.run("scripts/app")
    assert installs(machine.asked()) == []


def test_through_a_link(machine, tmp_path):
    link = tmp_path / "a link"
    link.symlink_to(machine.checkout / "scripts" / "app")
    assert machine.run(link)[1] == f"served from {machine.checkout}\n"


@pytest.mark.parametrize(
    ("environment", "arguments", "opened"),
    [
        ({"DISPLAY": ":0"}, [], True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, [], True),
        ({}, [], False),
        ({"DISPLAY": ":0", "CI": "true"}, [], False),
        ({"DISPLAY": ":0"}, ["--no-browser"], False),
    ],
)
def test_browser_opens_where_a_person_sits(machine, environment, arguments, opened):
    assert machine.run("scripts/app", *arguments, **environment)[0] == 0
    served = machine.asked()[-1]
    assert ("--server.headless=false" in served) == opened
    assert "--no-browser" not in served


def test_ci_runs_the_tests_and_fails_with_them(machine):
    assert machine.run(".ci/run")[0] == 0
    assert machine.asked()[-1].startswith("-m pytest --numprocesses")
    assert machine.run(".ci/run", STANDIN_TESTS="3")[0] == 3


def test_lock_pins_every_list_and_leaves_the_installation_alone(machine):
    machine.run("scripts/app")
    assert machine.run("scripts/lock", "--upgrade")[0] == 0
    compiled = [line for line in machine.asked() if line.startswith("-m uv pip compile")]
    assert [line.split()[-4:] for line in compiled] == [
        [f"{name}.in", "-o", f"{name}.txt", "--upgrade"] for name in LISTS
    ]
    machine.run("scripts/app")
    assert installs(machine.asked()) == []


# --- what makes a set-up stale --------------------------------------------------------------------


def test_changed_requirements_are_installed(machine):
    machine.run("scripts/app")
    machine.asked()
    (machine.checkout / "requirements.txt").write_text("package==2\n")
    machine.run("scripts/app")
    assert len(installs(machine.asked())) == 1


def test_a_torch_exchanged_by_hand_is_checked_again(machine):
    machine.run("scripts/app")
    (machine.site / "torch-2.0.dist-info").rename(machine.site / "torch-2.0+cpu.dist-info")
    machine.asked()
    machine.run("scripts/app")
    assert any(line.startswith("-c import torch") for line in machine.asked())


def test_environment_whose_python_is_gone_is_built_again(machine):
    machine.run("scripts/app")
    (machine.venv / "bin" / "python").unlink()
    (machine.site / "leftover").touch()
    assert machine.run("scripts/app")[:2] == (0, f"served from {machine.checkout}\n")
    assert not (machine.site / "leftover").exists()


def test_security_update_of_python_installs_nothing(machine):
    machine.run("scripts/app")
    machine.asked()
    machine.run("scripts/app", STANDIN_PATCH="2")
    assert installs(machine.asked()) == []


def test_moved_checkout_installs_nothing(machine):
    machine.run("scripts/app")
    machine.asked()
    machine.checkout = machine.checkout.rename(machine.checkout.with_name("moved away"))
    assert machine.run("scripts/app", STANDIN_NETWORK="no")[1] == f"served from {machine.checkout}\n"
    assert installs(machine.asked()) == []


def test_environment_may_lie_on_another_disk(machine, tmp_path):
    machine.venv.symlink_to(tmp_path / "roomy")
    assert machine.run("scripts/app")[0] == 0
    assert (tmp_path / "roomy" / "bin" / "python").exists()


# --- cut short, and two at once -------------------------------------------------------------------


@pytest.mark.parametrize("hit", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_set_up_killed_midway_is_repaired_by_the_next(machine, hit):
    process = machine.start("scripts/app", STANDIN_INSTALL="sleep 60")
    machine.await_half_installation()
    await_program(process.pid, "sleep")  # a shell takes no notice of a signal while another program ends well
    os.killpg(process.pid, hit)
    _, err = process.communicate(timeout=30)
    if hit == signal.SIGINT:
        assert process.returncode == 130
        assert sentence(err) == "rsviz: stopped; run scripts/app again to go on."
    assert (machine.site / "half").exists()
    status, out, _ = machine.run("scripts/app")
    assert (status, out) == (0, f"served from {machine.checkout}\n")
    assert not (machine.site / "half").exists()


def test_installer_that_outlives_its_killed_script_is_waited_for(machine):
    process = machine.start("scripts/app", STANDIN_INSTALL="sleep 1; echo done >>$STANDIN_LOG")
    machine.await_half_installation()
    process.kill()
    _, _, err = machine.run("scripts/app")
    process.communicate(timeout=30)
    asked = machine.asked()
    first, second = installs(asked)
    assert asked.index("done") < asked.index(second, asked.index(first) + 1)
    assert "waiting for it" in err


def test_two_started_at_once_install_once(machine):
    slowly = {"STANDIN_INSTALL": "sleep 0.5"}
    both = [machine.start("scripts/app", **slowly) for _ in range(2)]
    outputs = [process.communicate(timeout=60) for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert len(installs(machine.asked())) == 1
    assert sum("waiting for it" in err for _, err in outputs) == 1


# --- machines that lack something, one sentence each ----------------------------------------------


def test_without_a_network_the_first_start_says_so(machine):
    status, _, err = machine.run("scripts/app", STANDIN_NETWORK="no")
    assert status == 1
    assert "registry cannot be reached" in sentence(err)


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("error: Failed to fetch: x\n  Caused by: dns error: failed to lookup address", "cannot be reached"),
        ("error: Failed to download torch\n  Caused by: operation timed out", "cannot be reached"),
        ("error: Failed to extract\n  Caused by: No space left on device (os error 28)", "disk is full"),
        ("  Caused by: invalid peer certificate: UnknownIssuer", "certificate is not trusted"),
        ("  × No solution found\n  ╰─▶ Because package==1 was not found", "Because package==1 was not found"),
    ],
)
def test_failed_installation_is_told_in_one_sentence(machine, message, words):
    failing = f"echo '{message}' >&2; exit 2"
    status, out, err = machine.run("scripts/app", STANDIN_INSTALL=failing)
    assert (status, out) == (1, "")
    assert words in sentence(err)
    assert machine.run("scripts/app")[:2] == (0, f"served from {machine.checkout}\n")


def test_failed_update_without_a_network_keeps_the_old_environment(machine):
    machine.run("scripts/app")
    old = (machine.checkout / "requirements.txt").read_text()
    (machine.checkout / "requirements.txt").write_text("package==2\n")
    assert machine.run("scripts/app", STANDIN_INSTALL="echo dns error; exit 2")[0] == 1
    (machine.checkout / "requirements.txt").write_text(old)
    machine.asked()
    assert machine.run("scripts/app", STANDIN_NETWORK="no")[0] == 0
    assert installs(machine.asked()) == []


@pytest.mark.parametrize("name", ["python3", "python3.13", "python3.11"])
def test_any_python_of_the_right_age_will_do(machine, name):
    machine.program("python3", "#!/bin/bash\n[ $1 = -V ] && echo Python 3.9.2\nexit 1\n")
    machine.program(name, PYTHON)
    assert machine.run("scripts/app")[0] == 0


def test_python_too_old_or_missing(machine):
    machine.program("python3", "#!/bin/bash\n[ $1 = -V ] && echo Python 3.9.2 && exit\nexit 1\n")
    assert "found Python 3.9.2" in sentence(machine.run("scripts/app")[2])
    (machine.path / "python3").unlink()
    assert "found no python3" in sentence(machine.run("scripts/app")[2])


def test_missing_venv_module_is_installed_by_root(machine):
    Path(machine.environment["STANDIN_VENV_MODULE"]).unlink()
    machine.program("id", "#!/bin/bash\necho 0\n")
    machine.program(
        "apt-get", "#!/bin/bash\n[[ $* == *install*python3.12-venv ]] && touch $STANDIN_VENV_MODULE\n"
    )
    assert machine.run("scripts/app")[0] == 0


def test_missing_venv_module_without_root_names_the_command(machine):
    Path(machine.environment["STANDIN_VENV_MODULE"]).unlink()
    machine.program("id", "#!/bin/bash\necho 1000\n")
    machine.program("apt-get", "#!/bin/bash\nexit 0\n")
    machine.program("sudo", "#!/bin/bash\nexit 1\n")
    status, _, err = machine.run("scripts/app")
    assert status == 1
    assert "'sudo apt-get install python3.12-venv'" in sentence(err)


def test_missing_library_of_playwright_is_installed_by_root_or_named(machine):
    Path(machine.environment["STANDIN_LIBATOMIC"]).unlink()
    machine.program("id", "#!/bin/bash\necho 1000\n")
    machine.program("apt-get", "#!/bin/bash\n[[ $* == *install*libatomic1 ]] && touch $STANDIN_LIBATOMIC\n")
    status, _, err = machine.run("scripts/test")
    assert status == 1
    assert "libatomic.so.1" in sentence(err)
    assert "'sudo apt-get install libatomic1'" in sentence(err)
    machine.program("id", "#!/bin/bash\necho 0\n")
    assert machine.run("scripts/test")[0] == 0


def test_checkout_that_cannot_be_written(machine):
    machine.venv.write_text("a file where the folder should be")  # root, too, fails here
    status, _, err = machine.run("scripts/app")
    assert status == 1
    assert f"cannot write to {machine.venv}" in sentence(err)


def test_torch_and_torchvision_that_do_not_belong_together(machine):
    machine.module("torchvision", "raise RuntimeError('operator torchvision::nms does not exist')")
    for _ in range(2):  # and it does not start the second time either
        status, out, err = machine.run("scripts/app")
        assert (status, out) == (1, "")
        assert "CPU-only torch beside the registry's torchvision" in sentence(err)
    machine.module("torchvision", "raise OSError('libcudart.so.13 is missing')")
    assert "libcudart.so.13 is missing" in sentence(machine.run("scripts/app")[2])


def test_a_persons_index_reaches_both_installers(machine):
    index = "https://mirror.invalid/simple"
    machine.run("scripts/app", UV_DEFAULT_INDEX=index)
    asked = machine.asked()
    assert f"index {index}" in asked
    assert any(line.startswith("-m pip") and f"--index-url {index}" in line for line in asked)


# --- Chromium -------------------------------------------------------------------------------------


def test_snap_stub_is_no_chromium(machine):
    (machine.path / "chromium").unlink()
    machine.program("chromium-browser", "#!/bin/bash\n# needs /snap/bin/chromium\necho Chromium 1\n")
    machine.program("google-chrome", "#!/bin/bash\necho Google Chrome 1\n")
    assert machine.run("scripts/test")[1] == f"tested with {machine.path}/google-chrome\n"


def test_a_persons_chromium_is_taken_or_named(machine, tmp_path):
    machine.program("mine", "#!/bin/bash\necho Chromium 2\n")
    assert machine.run("scripts/test", RSVIZ_CHROMIUM=f"{machine.path}/mine")[1].endswith("mine\n")
    status, _, err = machine.run("scripts/test", RSVIZ_CHROMIUM=f"{tmp_path}/none")
    assert status == 1
    assert f"{tmp_path}/none" in sentence(err)


def test_no_chromium_to_be_had(machine):
    (machine.path / "chromium").unlink()
    status, _, err = machine.run("scripts/test")
    assert status == 1
    assert "set RSVIZ_CHROMIUM" in sentence(err)
    assert any(line.startswith("-m playwright install") for line in machine.asked())


# --- the real thing -------------------------------------------------------------------------------

# Runs in a network namespace of its own, where nothing but this loopback device exists.
SERVE_WITHOUT_NETWORK = """
import fcntl, http.client, os, signal, socket, struct, subprocess, sys, time

with socket.socket() as device:
    fcntl.ioctl(device, 0x8914, struct.pack("16sh", b"lo", 0x41))  # SIOCSIFFLAGS, IFF_UP | IFF_RUNNING
deadline = time.monotonic() + 60
server = subprocess.Popen([sys.argv[1], "--no-browser", "--server.port", "8501"], start_new_session=True)
served = False
while not served and time.monotonic() < deadline and server.poll() is None:
    try:
        connection = http.client.HTTPConnection("localhost", 8501, timeout=10)
        connection.request("GET", "/")
        answer = connection.getresponse()
        served = answer.status == 200 and b"<title>" in answer.read()
    except OSError:
        time.sleep(0.05)
if server.poll() is None:
    os.killpg(server.pid, signal.SIGKILL)
server.wait()
print("served" if served else "not answered")
"""


def test_a_real_second_start_needs_no_network(tmp_path):
    isolate = ["unshare", "--net"] + ([] if os.getuid() == 0 else ["--map-root-user"])
    if not shutil.which("unshare") or subprocess.run([*isolate, "true"], capture_output=True).returncode:
        pytest.skip(f"this machine makes no network namespace for this user ({' '.join(isolate)})")
    if Path(sys.prefix) != (CHECKOUT / ".venv").resolve():
        pytest.skip(f"the tests run in {sys.prefix}, not in the environment that scripts/test makes")
    subprocess.run([CHECKOUT / "scripts" / "test", "--version"], check=True, capture_output=True)
    served = subprocess.run(
        [*isolate, sys.executable, "-c", SERVE_WITHOUT_NETWORK, CHECKOUT / "scripts" / "app"],
        capture_output=True,
        text=True,
        env={**os.environ, "RSVIZ_HOME": str(tmp_path)},
        timeout=90,
    )
    assert served.stdout.splitlines()[-1] == "served", served.stdout + served.stderr
