"""The files of deploy/: they can be read, and every variable and command in them is one."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import get_commands

from config.env import SECRET_LISTS, SECRETS, Environment
from jobs.limits import JobLimits
from rooms.limits import Limits

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
TIMERS = sorted((DEPLOY / "systemd").glob("*.timer"))
COMPOSE = yaml.safe_load((DEPLOY / "docker/compose.yaml").read_text())
DOCKERFILE = (DEPLOY / "docker/Dockerfile").read_text()
# Of Python and of the images.
OF_OTHERS = {"PATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"}


def variables() -> set[str]:
    """Every variable that Parley reads."""
    found = {name.upper() for name in Environment.model_fields}
    found |= {
        f"PARLEY_{name}".upper() for kind in (Limits, JobLimits) for name in kind.model_fields
    }
    return found | {f"{name}_FILE".upper() for name in (*SECRETS, *SECRET_LISTS)}


def named_variables() -> Iterator[tuple[str, str]]:
    """(where, name)"""
    for line in (DEPLOY / "systemd/parley.env").read_text().splitlines():
        if found := re.match(r"#?([A-Z][A-Z_]+)=", line):
            yield "parley.env", found[1]
    for unit in UNITS:
        for name in re.findall(r"^Environment=([A-Z_]+)=", unit.read_text(), re.M):
            yield unit.name, name
    stage = DOCKERFILE.rpartition("\nENV ")[2].partition("\nUSER")[0]
    for name in re.findall(r"\b([A-Z][A-Z_]+)=", stage):
        yield "Dockerfile", name
    for name, service in COMPOSE["services"].items():
        if service["image"] == "parley":
            yield from ((f"compose {name}", each) for each in service["environment"])
    for page in ("nginx/parley.conf", "caddy/Caddyfile", "haproxy/haproxy.cfg"):
        for name in re.findall(r"\b(PARLEY_[A-Z_]+|HTTPS)\b", (DEPLOY / page).read_text()):
            yield page, name


def test_every_variable_is_one() -> None:
    named = set(named_variables())
    assert {where for where, _ in named} > {"parley.env", "Dockerfile", "compose web"}
    unknown = {(where, name) for where, name in named if name not in variables() | OF_OTHERS}
    assert unknown == set()


def commands() -> Iterator[tuple[str, list[str]]]:
    """(where, words) of every line that starts something of ours."""
    for unit in UNITS:
        for line in re.findall(r"^Exec\w+=(.*)", unit.read_text(), re.M):
            yield unit.name, line.replace("'", "").split()
    for name, service in COMPOSE["services"].items():
        if service["image"] == "parley" and "command" in service:
            yield name, service["command"]
    for line in re.findall(r"^CMD (\[.*)", DOCKERFILE, re.M):
        yield "Dockerfile", json.loads(line)
    yield "Dockerfile", re.sub(r"\\\n", " ", DOCKERFILE).split()


def test_every_command_is_one() -> None:
    found = []
    for where, words in commands():
        for before, word in zip(words, words[1:], strict=False):
            if before == "manage.py" and re.fullmatch(r"[a-z]+", word):
                found.append(word)
                assert word in get_commands(), (where, word)
        if any(word.endswith("celery") for word in words):
            celery = words[words.index("-A") :]
            assert celery[1] == "config" and celery[2] in ("worker", "beat"), (where, words)
    assert {"serve", "migrate", "backup", "collectstatic"} <= {*found}


def test_options_of_ours_are_there() -> None:
    """Whatever is copied into the image is in the repository, and the lock is what is installed."""
    for line in re.findall(r"^COPY (?!--)(.*) \S+$", DOCKERFILE, re.M):
        for name in line.split():
            assert (ROOT / name).exists(), name
    kept = (DEPLOY / "docker/Dockerfile.dockerignore").read_text().splitlines()
    assert all((ROOT / each[1:]).exists() for each in kept if each.startswith("!"))


def test_the_image_is_nobodys_in_particular() -> None:
    last = DOCKERFILE.rpartition("\nFROM ")[2]
    assert "\nUSER parley\n" in last and "\nHEALTHCHECK " in last
    assert "--require-hashes" in DOCKERFILE
    (check,) = re.findall(r"^    CMD (\[.*\])$", last, re.M)
    compile(json.loads(check)[2], "HEALTHCHECK", "exec")


def test_the_services_of_a_site() -> None:
    services: dict[str, Any] = COMPOSE["services"]
    assert {"migrate", "web", "worker", "beat", "database", "redis", "proxy"} == {*services}
    for name, service in services.items():
        assert {*service["networks"]} <= {*COMPOSE["networks"]}, name
        assert {*service.get("secrets", [])} <= {*COMPOSE["secrets"]}, name
        assert {*service.get("depends_on", {})} <= {*services}, name
        volumes = {each.partition(":")[0] for each in service.get("volumes", [])}
        assert volumes <= {*COMPOSE["volumes"]}, name
    for name in ("web", "worker", "beat", "migrate"):
        assert services[name]["read_only"] and services[name]["cap_drop"] == ["ALL"]
    # Nothing but the proxy is to be reached from outside.
    assert [name for name, service in services.items() if "ports" in service] == ["proxy"]
    assert "noeviction" in services["redis"]["command"]


@pytest.mark.parametrize("path", sorted(DEPLOY.rglob("*.y*ml")), ids=lambda path: path.name)
def test_yaml_can_be_read(path: Path) -> None:
    assert yaml.safe_load(path.read_text())


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_has_no_more_rights_than_it_needs(unit: Path) -> None:
    lines = unit.read_text().splitlines()
    for wanted in (
        "User=parley",
        "NoNewPrivileges=yes",
        "CapabilityBoundingSet=",
        "ProtectSystem=strict",
        "ProtectHome=yes",
        "PrivateTmp=yes",
        "SystemCallFilter=@system-service",
        "StateDirectory=parley",
    ):
        assert wanted in lines, wanted


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_systemd_understands_the_units(tmp_path: Path) -> None:
    rendered = []
    for unit in [*UNITS, *TIMERS]:
        text = unit.read_text().replace("/opt/parley/.venv/bin/celery", sys.executable)
        text = text.replace("/opt/parley/.venv/bin/python", sys.executable)
        (tmp_path / unit.name).write_text(text.replace("/opt/parley", str(ROOT)))
        rendered.append(str(tmp_path / unit.name))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *rendered], capture_output=True, text=True
    )
    said = [line for line in done.stderr.splitlines() if "parley" in line]
    assert (done.returncode, said) == (0, []), done.stderr


def test_the_page_shows_what_is_there() -> None:
    """Each file that the page names exists, and each file is named."""
    page = (ROOT / "docs" / "operations.md").read_text()
    named = {each.rstrip("/.") for each in re.findall(r"`deploy/([\w./-]+)`", page)}
    assert all((DEPLOY / each).exists() for each in named)
    files = {each.relative_to(DEPLOY).as_posix() for each in DEPLOY.rglob("*") if each.is_file()}
    files = {each for each in files if "/secrets/" not in each}
    unnamed = {each for each in files if not {each, each.rpartition("/")[0]} & named}
    assert unnamed == set()
