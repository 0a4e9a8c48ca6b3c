"""Nodes of the cluster: their health check, and the java command that starts executors."""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from common.paths import ROOT
from common.test.web_server import Site, site
from section1 import cluster

MASTER = {"status": "ALIVE", "aliveworkers": 2}
WORKER = {"masterwebuiurl": "http://section1-master:8080", "cores": 2, "coresused": 1}


@pytest.mark.parametrize(
    ("state", "code", "text"),
    [
        (MASTER, 0, "healthy: 2 workers"),
        (MASTER | {"aliveworkers": 0}, 1, "the master is ALIVE, with 0 workers"),
        (MASTER | {"status": "RECOVERING"}, 1, "the master is RECOVERING, with 2 workers"),
        (WORKER, 0, "healthy: 1 of 2 cores in use"),
        (WORKER | {"masterwebuiurl": ""}, 1, "the worker has no master"),
    ],
)
def test_check_prints_the_state_of_a_node(
    state: Mapping[str, object],
    code: int,
    text: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with site() as node:
        node.answer("/json/", json.dumps(state).encode())
        use_port_of(node, monkeypatch)
        assert (cluster.check(), capsys.readouterr().out) == (code, f"{text}\n")


@pytest.mark.parametrize("response", [None, b"no JSON"])
def test_check_without_a_valid_response_fails(
    response: bytes | None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with site() as node:
        if response:
            node.answer("/json/", response)
        use_port_of(node, monkeypatch)
        assert (cluster.check(), capsys.readouterr().out) == (1, "the node does not answer\n")


def use_port_of(node: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "_PAGES", node.address.rpartition(":")[2])


def test_java_wrapper_drops_the_vector_module_only(tmp_path: Path) -> None:
    java = tmp_path / "java"
    java.write_text('#!/bin/sh\nprintf "<%s>" "$@"\n')
    java.chmod(0o755)
    arguments = ["-Xmx1g", "--add-modules=jdk.incubator.vector", "a b", "", "--add-opens=java.base/java.lang=ALL"]
    ran = subprocess.run(
        ["sh", str(ROOT / "section1" / "java" / "bin" / "java"), *arguments],
        env=os.environ | {"SECTION1_JAVA": str(java)},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert ran.stdout == "<-Xmx1g><a b><><--add-opens=java.base/java.lang=ALL>"
