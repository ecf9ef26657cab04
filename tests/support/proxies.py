"""The proxies of deploy/ before a site, with other ports and a certificate of their own."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from . import environment
from .process import Guard
from .site import free_port
from .waiting import until

DEPLOY = environment.ROOT / "deploy"
NAME = "chat.example.org"
PLACES = ":/usr/sbin:/usr/local/sbin:/opt/homebrew/bin"


@dataclass(frozen=True)
class ProxyInFront:
    http: str
    https: str
    port: int


def program(name: str) -> str | None:
    return shutil.which(name) or shutil.which(name, path=PLACES)


def certificate(folder: Path) -> tuple[Path, Path]:
    key, public = folder / "key.pem", folder / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
        + ["-nodes", "-days", "2", "-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}"]
        + ["-keyout", str(key), "-out", str(public)],
        check=True,
        capture_output=True,
    )
    (folder / "both.pem").write_text(public.read_text() + key.read_text())
    return key, public


def rendered(kind: str, folder: Path, http: int, https: int, site: int) -> list[str]:
    """The file of deploy/ with what is the operator's changed; how the proxy is started with it."""
    key, public = certificate(folder)
    upstream = ("127.0.0.1:8000", f"127.0.0.1:{site}")
    if kind == "nginx":
        text = (DEPLOY / "nginx/parley.conf").read_text().replace(*upstream)
        for line in ("    listen [::]:80;\n", "    listen [::]:443 ssl http2;\n"):
            text = text.replace(line, "")
        text = text.replace("listen 80;", f"listen 127.0.0.1:{http};")
        text = text.replace("listen 443 ssl", f"listen 127.0.0.1:{https} ssl")
        live = f"/etc/letsencrypt/live/{NAME}"
        text = text.replace(f"{live}/fullchain.pem", str(public))
        text = text.replace(f"{live}/privkey.pem", str(key))
        whole = (
            f"daemon off; pid {folder}/pid; error_log stderr; worker_processes 1;"
            " events {} http { access_log off;"
        )
        for each in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"):
            whole += f" {each}_temp_path {folder}/{each};"
        (folder / "nginx.conf").write_text(f"{whole}\n{text}\n}}\n")
        return ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")]
    if kind == "haproxy":
        text = (DEPLOY / "haproxy/haproxy.cfg").read_text().replace(*upstream)
        text = text.replace("bind :80", f"bind 127.0.0.1:{http}")
        text = text.replace("bind :443", f"bind 127.0.0.1:{https}")
        text = text.replace(f"/etc/haproxy/{NAME}.pem", str(folder / "both.pem"))
        (folder / "haproxy.cfg").write_text(text.replace("maxconn 50000", "maxconn 500"))
        return ["haproxy", "-db", "-f", str(folder / "haproxy.cfg")]
    text = (DEPLOY / "caddy/Caddyfile").read_text().replace(*upstream)
    text = text.replace(f"{NAME} {{", f"{NAME}:{https} {{\n\tbind 127.0.0.1\n\ttls {public} {key}")
    text = f"{{\n\tadmin off\n\thttp_port {http}\n\thttps_port {https}\n}}\n{text}"
    (folder / "Caddyfile").write_text(text)
    command = ["caddy", "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]
    return command


@contextmanager
def in_front_of(site: int, kind: str) -> Iterator[ProxyInFront]:
    """`site` is its port."""
    found = program(kind)
    assert found is not None
    folder = Path(tempfile.mkdtemp(prefix="parley-proxy-"))
    # Its workers are somebody else, where it is started by root.
    folder.chmod(0o755)
    http, https = free_port(), free_port()
    command = [found, *rendered(kind, folder, http, https, site)[1:]]
    log = (folder / "log").open("w")
    environment_ = {**environment.clean(), "HOME": str(folder), "XDG_DATA_HOME": str(folder)}
    process = subprocess.Popen(
        command, stdout=log, stderr=log, env=environment_, start_new_session=True
    )
    guard = Guard()
    guard.tell(f"+{process.pid}")

    def answers() -> bool:
        assert process.poll() is None, (folder / "log").read_text()
        try:
            with client(https) as there:
                return there.get("/healthz").status_code == 200
        except httpx.HTTPError:
            return False

    try:
        until(answers, 30, f"{kind} answers")
        yield ProxyInFront(f"http://127.0.0.1:{http}", f"https://{NAME}:{https}", https)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        guard.close()
        log.close()
        shutil.rmtree(folder, ignore_errors=True)


def client(port: int) -> httpx.Client:
    """As a browser that finds the name at this machine."""

    def named(request: httpx.Request) -> None:
        request.extensions["sni_hostname"] = NAME

    return httpx.Client(
        event_hooks={"request": [named]},
        base_url=f"https://127.0.0.1:{port}",
        headers={"Host": NAME},
        verify=False,
        trust_env=False,
        timeout=10,
    )
