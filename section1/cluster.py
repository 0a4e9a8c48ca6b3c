"""A node of section 1's Spark cluster, in its container: `python3 -m section1.cluster master|worker|check`."""

import json
import os
import socket
from typing import NoReturn
from urllib.request import urlopen

from common import cli

ROLES = {"master": "org.apache.spark.deploy.master.Master", "worker": "org.apache.spark.deploy.worker.Worker"}
_PAGES = "8080"
_SETTINGS = (
    "-XX:+ExitOnOutOfMemoryError",
    "-Dspark.authenticate=true",  # by _SPARK_AUTH_SECRET: a client that may submit work may run code
    "-Dspark.master.rest.enabled=false",  # the job submits its work another way
    # An executor's work directory is removed a minute after its run: the scratch directory uses memory.
    "-Dspark.worker.cleanup.enabled=true",
    "-Dspark.worker.cleanup.interval=60",
    "-Dspark.worker.cleanup.appDataTtl=60",
)
_EXIT_CODES = "exit codes: 0 healthy, 1 unhealthy, 2 usage error\n"


def main() -> NoReturn:
    """Run the command line."""
    parser = cli.Parser(
        description="Run or check a node of section 1's Spark cluster, in its container.",
        example="docker container exec section1_master python3 -m section1.cluster check",
        exit_codes=_EXIT_CODES,
    )
    parser.add_argument("command", choices=[*ROLES, "check"], help="run a node, or print its health")
    command = parser.parse_args().command
    cli.run(lambda: check() if command == "check" else run(command))


def run(role: str) -> NoReturn:
    """Replace this process by Spark's master, or by a worker of the master in SECTION1_MASTER."""
    # Spark's packages take a second to import, and `check` runs every five seconds.
    from section1.operator.java import find_java
    from section1.operator.spark_session import SPARK_HOME

    options = ["--host", socket.gethostname(), "--webui-port", _PAGES]
    if role == "worker":
        options += ["--memory", "1g", "--work-dir", "/tmp/work", os.environ["SECTION1_MASTER"]]  # noqa: S108 - its scratch
    environment = {
        **os.environ,
        **find_java().environment(),  # also for the executors that a worker starts
        "SPARK_DAEMON_MEMORY": "256m",  # executors have separate heaps
        "SPARK_DAEMON_JAVA_OPTS": " ".join(_SETTINGS),
    }
    launcher = str(SPARK_HOME / "bin" / "spark-class")
    os.execve(launcher, [launcher, ROLES[role], *options], environment)  # noqa: S606


def check() -> int:
    """Print the node's health, as its page reports it. Return 0 if it is healthy."""
    try:
        with urlopen(f"http://localhost:{_PAGES}/json/", timeout=5) as page:
            status = json.load(page)
    except (OSError, ValueError):
        print("the node does not answer")
        return 1
    if "aliveworkers" in status:
        healthy = status["status"] == "ALIVE" and status["aliveworkers"] > 0
        detail = f"{status['aliveworkers']} workers"
        problem = f"the master is {status['status']}, with {detail}"
    else:
        healthy = status["masterwebuiurl"] != ""
        detail = f"{status['coresused']} of {status['cores']} cores in use"
        problem = "the worker has no master"
    print(f"healthy: {detail}" if healthy else problem)
    return 0 if healthy else 1


if __name__ == "__main__":
    main()
