"""A node of the cluster: how it says how it is, and the java that starts executors."""

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
    ("said", "code", "words"),
    [
        (MASTER, 0, "healthy: 2 workers"),
        (MASTER | {"aliveworkers": 0}, 1, "the master is ALIVE, with 0 workers"),
        (MASTER | {"status": "RECOVERING"}, 1, "the master is RECOVERING, with 2 workers"),
        (WORKER, 0, "healthy: 1 of 2 cores in use"),
        (WORKER | {"masterwebuiurl": ""}, 1, "the worker has no master"),
    ],
)
def test_a_node_says_how_it_is(
    said: Mapping[str, object],
    code: int,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with site() as node:
        node.answer("/json/", json.dumps(said).encode())
        listen_there(node, monkeypatch)
        assert (cluster.check(), capsys.readouterr().out) == (code, f"{words}\n")


@pytest.mark.parametrize("answer", [None, b"no JSON"])
def test_a_node_that_does_not_answer_says_so(
    answer: bytes | None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with site() as node:
        if answer:
            node.answer("/json/", answer)
        listen_there(node, monkeypatch)
        assert (cluster.check(), capsys.readouterr().out) == (1, "the node does not answer\n")


def listen_there(node: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "_PAGES", node.address.rpartition(":")[2])


def test_java_wrapper_drops_the_vector_module_and_keeps_other_arguments(tmp_path: Path) -> None:
    java = tmp_path / "java"
    java.write_text('#!/bin/sh\nprintf "<%s>" "$@"\n')
    java.chmod(0o755)
    command = ["sh", str(ROOT / "section1" / "java" / "bin" / "java")]
    arguments = [
        "-Xmx1g",
        "--add-modules=jdk.incubator.vector",
        "a b",
        "",
        "--add-opens=java.base/java.lang=ALL-UNNAMED",
    ]
    ran = subprocess.run(
        [*command, *arguments], env=os.environ | {"SECTION1_JAVA": str(java)}, capture_output=True, text=True
    )
    assert ran.stdout == "<-Xmx1g><a b><><--add-opens=java.base/java.lang=ALL-UNNAMED>"
