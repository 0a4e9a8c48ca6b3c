"""A node of section 1's Spark cluster, in a container of its own: `python3 -m section1.cluster master|worker|check`."""

import json
import os
import socket
from typing import NoReturn
from urllib.request import urlopen

from common import cli
from section1.operator.java import find_java
from section1.operator.java_gateway import OPTIONS, QUIET, SPARK_HOME, jars

ROLES = {"master": "org.apache.spark.deploy.master.Master", "worker": "org.apache.spark.deploy.worker.Worker"}
_EXECUTOR_JAVA_HOME = "/opt/executor_java"  # docker/section1_executor_java.sh says why
_PAGES = "8080"
_HEAP = "-Xmx256m"  # of a node alone; a worker's executors have heaps of their own
_SETTINGS = (
    "-Dspark.authenticate=true",  # by _SPARK_AUTH_SECRET: who may send work to the master may run code
    "-Dspark.master.rest.enabled=false",  # the job needs no second door
    # What an executor leaves in its work folder goes a minute after its run: the scratch counts as memory.
    "-Dspark.worker.cleanup.enabled=true",
    "-Dspark.worker.cleanup.interval=60",
    "-Dspark.worker.cleanup.appDataTtl=60",
)
_EXIT_CODES = "exit codes: 0 healthy, 1 not, 2 bad usage\n"


def main() -> NoReturn:
    """Obey the command line."""
    parser = cli.Parser(
        description="A node of section 1's Spark cluster, in its container.",
        example="docker container exec section1_master python3 -m section1.cluster check",
        exit_codes=_EXIT_CODES,
    )
    parser.add_argument("command", choices=[*ROLES, "check"], help="be a master, or a worker; or say how the node is")
    command = parser.parse_args().command
    cli.run(lambda: check() if command == "check" else be(command))


def be(role: str) -> NoReturn:
    """Become Spark's master, or a worker of the master that SECTION1_MASTER names."""
    java = str(find_java().command)
    own = ["--host", socket.gethostname(), "--webui-port", _PAGES]
    if role == "worker":
        own += ["--memory", "1g", "--work-dir", "/tmp/work", os.environ["SECTION1_MASTER"]]  # noqa: S108 - its scratch
    options = [option for option in OPTIONS if option != QUIET]  # a node sees no row, so it may speak
    command = [java, _HEAP, *options, *_SETTINGS, "-cp", ":".join(map(str, jars())), ROLES[role], *own]
    os.execve(java, command, {**os.environ, **_environment(java)})  # noqa: S606


def _environment(java: str) -> dict[str, str]:
    """Return what a worker needs to start executors."""
    return {
        "SPARK_HOME": str(SPARK_HOME),
        "SPARK_SCALA_VERSION": "2.13",  # else Spark looks for the folders that it was built in
        "JAVA_HOME": _EXECUTOR_JAVA_HOME,
        "EXECUTOR_JAVA": java,
    }


def check() -> int:
    """Say how the node is, by its own page; return 0 when it works."""
    try:
        with urlopen(f"http://localhost:{_PAGES}/json/", timeout=5) as page:
            said = json.load(page)
    except (OSError, ValueError):
        print("the node does not answer")
        return 1
    if "aliveworkers" in said:
        works, what = said["status"] == "ALIVE" and said["aliveworkers"] > 0, f"{said['aliveworkers']} workers"
        trouble = f"the master is {said['status']}, with {what}"
    else:
        works, what = said["masterwebuiurl"] != "", f"{said['coresused']} of {said['cores']} cores at work"
        trouble = "the worker has found no master"
    print(f"healthy: {what}" if works else trouble)
    return 0 if works else 1


if __name__ == "__main__":
    main()
