"""Draws the architecture with Graphviz; each node that is a resource bears its name in template.yaml."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

import diagrams
from diagrams import Cluster, Diagram, Edge, Node, setdiagram
from diagrams.aws.analytics import Athena, GlueDataCatalog, KinesisDataFirehose, ManagedStreamingForKafka, Quicksight
from diagrams.aws.compute import Fargate, Lambda
from diagrams.aws.cost import Budgets
from diagrams.aws.database import DynamodbTable
from diagrams.aws.general import Client, Users
from diagrams.aws.integration import SimpleNotificationServiceSnsTopic, SimpleQueueServiceSqsQueue
from diagrams.aws.management import CloudwatchAlarm, CloudwatchLogs
from diagrams.aws.network import APIGateway, Endpoint, VPCFlowLogs
from diagrams.aws.security import WAF, Cognito, KeyManagementService
from diagrams.aws.storage import SimpleStorageServiceS3Bucket

from common.errors import JobError
from common.picture import mark_png
from section3.config import SECTION

ICONS = str(Path(diagrams.__file__).parent.parent)
FONT = "Liberation Sans"
GRAPH = {"fontname": FONT, "fontsize": "20", "labelloc": "t", "pad": "0.3", "nodesep": "0.35", "ranksep": "1.0"}
NODE = {"fontname": FONT, "fontsize": "12"}
EDGE = {"fontname": FONT, "fontsize": "12", "fontcolor": "#1f3a5f", "color": "#5b6b7a", "arrowsize": "0.8"}
QUIET = {"style": "dashed", "color": "#a0a8b0"}


class GraphvizMissing(JobError):
    """There is no dot to draw with."""

    exit_code = 2

    def __init__(self) -> None:
        super().__init__("no command dot on the PATH; install Graphviz (Debian, Ubuntu: apt-get install graphviz)")


class Drawing(Diagram):
    """A diagram that is only described: drawing it is another step."""

    def __init__(self, title: str, direction: str = "LR") -> None:
        super().__init__(
            title, filename=".", show=False, direction=direction, graph_attr=GRAPH, node_attr=NODE, edge_attr=EDGE
        )
        self.dot.graph_attr["splines"] = "spline"

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        setdiagram(None)


def named(kind: type[Node], label: str, resource: str) -> Node:
    """Return a node that says what a resource of the template is, and its name there."""
    return kind(f"{label}\n{resource}", nodeid=resource)


def write_path() -> str:
    """Describe how an image comes in, is processed and kept."""
    with Drawing("Write path: from an upload to a record that lives seven days") as drawing:
        with Cluster("Outside"):
            web = Client("web application", nodeid="web")
            engineers = Users("engineers' producers", nodeid="engineers")
        with Cluster("Edge"):
            pool = named(Cognito, "users", "UserPool")
            api = named(APIGateway, "API behind\nthe firewall", "Api")
            upload = named(Lambda, "upload function", "UploadFunction")
        with Cluster("Stream, three zones"):
            kafka = named(ManagedStreamingForKafka, "Kafka, kept 24 h", "KafkaCluster")
            sink = named(ManagedStreamingForKafka, "sink connector", "SinkConnector")
        images = named(SimpleStorageServiceS3Bucket, "images, 7 days\nincoming/ stream/\nprocessed/", "ImageBucket")
        with Cluster("Processing, three zones"):
            queue = named(SimpleQueueServiceSqsQueue, "work queue", "WorkQueue")
            dead = named(SimpleQueueServiceSqsQueue, "dead-letter queue", "DeadLetterQueue")
            service = named(Fargate, "the existing code,\nscaled on backlog", "Service")
        with Cluster("Results"):
            records = named(DynamodbTable, "records,\nexpire after 7 days", "RecordTable")
            stream = named(KinesisDataFirehose, "BI events", "BiStream")
            bi = named(SimpleStorageServiceS3Bucket, "BI data, 7 days", "BiBucket")
        web >> Edge(label="1 sign in") >> pool
        web >> Edge(label="2 POST /uploads") >> api
        api >> Edge(label="3") >> upload
        upload >> Edge(label="4 pre-signed form", **QUIET) >> web
        web >> Edge(label="5 the image itself") >> images
        engineers >> Edge(label="a produce, TLS and IAM") >> kafka
        kafka >> Edge(label="b") >> sink
        sink >> Edge(label="c an object a record") >> images
        images >> Edge(label="6 object created") >> queue
        queue >> Edge(label="7 receive") >> service
        queue >> Edge(label="after five failures", **QUIET) >> dead
        service >> Edge(label="8 processed image") >> images
        service >> Edge(label="9 record") >> records
        service >> Edge(label="10 event, then delete the message") >> stream
        stream >> Edge(label="11") >> bi
    return _described(drawing)


def read_path() -> str:
    """Describe how an image is found and fetched, and what analysts read."""
    with Drawing("Read path: an image for its owner, figures for analysts") as drawing:
        with Cluster("Outside"):
            web = Client("web application", nodeid="web")
            analysts = Users("analysts", nodeid="analysts")
        with Cluster("Edge"):
            pool = named(Cognito, "users", "UserPool")
            api = named(APIGateway, "API behind\nthe firewall", "Api")
            read = named(Lambda, "read function", "ReadFunction")
        with Cluster("Kept seven days"):
            records = named(DynamodbTable, "records", "RecordTable")
            images = named(SimpleStorageServiceS3Bucket, "images\nprocessed/", "ImageBucket")
            bi = named(SimpleStorageServiceS3Bucket, "BI data", "BiBucket")
        with Cluster("BI"):
            board = Quicksight("dashboards", nodeid="dashboards")
            athena = named(Athena, "workgroup with\na scan limit", "BiWorkgroup")
            table = named(GlueDataCatalog, "table of events", "BiTable")
        web >> Edge(label="1 sign in") >> pool
        web >> Edge(label="2 GET /images/{id}") >> api
        api >> Edge(label="3") >> read
        read >> Edge(label="4 owner's, not expired?") >> records
        read >> Edge(label="5 facts and an address\nfor five minutes", **QUIET) >> web
        web >> Edge(label="6 the image itself") >> images
        analysts >> Edge(label="a") >> board
        board >> Edge(label="b SQL") >> athena
        athena >> Edge(label="c") >> table
        athena >> Edge(label="d scan, results") >> bi
    return _described(drawing)


def security() -> str:
    """Describe what may reach what, how it is encrypted, and who is told."""
    with Drawing("Security and network: what reaches what, and who is told") as drawing:
        web = Client("internet", nodeid="internet")
        with Cluster("Public services, TLS 1.2 or newer only"):
            firewall = named(WAF, "firewall rules,\nrate limit", "WebAcl")
            api = named(APIGateway, "API, every method\nauthorised", "Api")
            pool = named(Cognito, "users, two factors", "UserPool")
        with Cluster("Network without an internet gateway, in three zones"):
            with Cluster("Private subnets"):
                functions = named(Lambda, "functions", "FunctionSecurityGroup")
                tasks = named(Fargate, "tasks, read-only,\nnot root", "ProcessingSecurityGroup")
                kafka = named(ManagedStreamingForKafka, "Kafka, TLS and IAM", "KafkaSecurityGroup")
                sink = named(ManagedStreamingForKafka, "sink connector", "SinkSecurityGroup")
            gateways = named(Endpoint, "gateway endpoints", "S3Endpoint")
            interfaces = named(Endpoint, "interface endpoints", "SqsEndpoint")
        with Cluster("Data, encrypted with an own key that turns yearly"):
            images = named(SimpleStorageServiceS3Bucket, "buckets, closed\nto the public", "ImageBucket")
            records = named(DynamodbTable, "records", "RecordTable")
            queue = named(SimpleQueueServiceSqsQueue, "queues", "WorkQueue")
            key = named(KeyManagementService, "own key", "DataKey")
        with Cluster("Watched"):
            flows = named(VPCFlowLogs, "flow log", "FlowLog")
            logs = named(CloudwatchLogs, "logs, 7 days", "ProcessingLogGroup")
            alarms = named(CloudwatchAlarm, "alarms", "DeadLetterAlarm")
            budget = named(Budgets, "budget", "Budget")
            topic = named(SimpleNotificationServiceSnsTopic, "e-mail to on-call", "AlarmTopic")
        web >> Edge(label="HTTPS") >> firewall >> api
        web >> Edge(label="sign in") >> pool
        web >> Edge(label="signed forms and addresses") >> images
        api >> Edge(label="token", **QUIET) >> pool
        api >> Edge(label="invoke") >> functions >> gateways
        tasks >> gateways
        tasks >> interfaces
        kafka >> Edge(label="9098, TLS") >> sink >> gateways
        gateways >> images
        gateways >> records
        interfaces >> queue
        key >> Edge(label="encrypts", **QUIET) >> records
        flows >> logs
        alarms >> topic
        budget >> topic
    return _described(drawing)


PICTURES: dict[Path, Callable[[], str]] = {
    SECTION / "section3_write_architecture.png": write_path,
    SECTION / "section3_read_architecture.png": read_path,
    SECTION / "section3_security_architecture.png": security,
}


def draw() -> list[Path]:
    """Write every picture anew and return where. Raises: GraphvizMissing."""
    for path, describe in PICTURES.items():
        path.write_bytes(png(describe()))
    return list(PICTURES)


def png(described: str) -> bytes:
    """Return a description as a picture. Raises: GraphvizMissing."""
    dot = described.replace('image="/', f'image="{ICONS}/')
    try:
        drawn = subprocess.run(["dot", "-Tpng", "-Gdpi=72"], input=dot.encode(), capture_output=True, check=True)
    except FileNotFoundError:
        raise GraphvizMissing from None
    return mark_png(drawn.stdout, described)


def _described(drawing: Drawing) -> str:
    """Return it in Graphviz's language; its icons have no path of this machine."""
    source: str = drawing.dot.source
    return source.replace(f'image="{ICONS}/', 'image="/').replace('"Sans-Serif"', f'"{FONT}"')
