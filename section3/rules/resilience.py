"""Whatever fails, no image is lost: it is tried again, set aside or taken over by another zone."""

import re
from typing import Any

from section3.rules.base import Finding, Findings, Rule
from section3.rules.template import Resource, Template, at, each, names, text

COPIES = 3
KAFKA = {
    "auto.create.topics.enable": "false",
    "default.replication.factor": "3",
    "min.insync.replicas": "2",
    "unclean.leader.election.enable": "false",
}
SCALING = "ApplicationAutoScaling"
SOURCES = {"incoming/", "stream/"}


def redrive_target(template: Template, queue: Resource) -> Resource | None:
    """Return the queue that takes what a queue gives up on."""
    return template.get(queue.at("RedrivePolicy/deadLetterTargetArn"))


def queues_have_a_dead_letter_queue(template: Template) -> Findings:
    """What fails again and again is set aside, where it stays longer than in the queue it came from."""
    queues = template.of_type("SQS::Queue")
    targets = [redrive_target(template, queue) for queue in queues]
    for queue in queues:
        target = redrive_target(template, queue)
        if queue not in targets and target not in queues:
            yield Finding(queue.name, "has no dead-letter queue")
        if target is None:
            continue
        if not 2 <= (template.number(queue.at("RedrivePolicy/maxReceiveCount")) or 0) <= 10:
            yield Finding(queue.name, "gives up too early or never")
        kept = [template.number(one.at("MessageRetentionPeriod")) or 0 for one in (queue, target)]
        if kept[0] >= kept[1]:
            yield Finding(target.name, "drops a message no later than the queue it came from")


def dead_letters_come_from_the_template(template: Template) -> Findings:
    """A dead-letter queue takes from the work queue alone; calls that fail are set aside too."""
    for queue in template.of_type("SQS::Queue"):
        is_target = queue in [redrive_target(template, source) for source in template.of_type("SQS::Queue")]
        if is_target and queue.at("RedriveAllowPolicy/redrivePermission") != "byQueue":
            yield Finding(queue.name, "takes from any queue")
    for function in template.of_type("Lambda::Function"):
        if template.get(function.at("DeadLetterConfig/TargetArn")) not in template.of_type("SQS::Queue"):
            yield Finding(function.name, "forgets a call that failed")


def the_sink_skips_nothing(template: Template) -> Findings:
    """The sink reads a topic of the template, and stops, which rings, rather than pass over a record."""
    topics = [topic.at("TopicName") for topic in template.of_type("MSK::Topic")]
    for connector in template.of_type("KafkaConnect::Connector"):
        settings = connector.at("ConnectorConfiguration") or {}
        if settings.get("topics") not in topics:
            yield Finding(connector.name, "reads no topic of the template")
        if settings.get("errors.tolerance") != "none":
            yield Finding(connector.name, "passes over what it cannot take")


def a_message_is_given_back(template: Template) -> Findings:
    """A message comes back to the queue after a task died with it, but not while one is at work on it."""
    for queue in template.of_type("SQS::Queue"):
        seconds = template.number(queue.at("VisibilityTimeout")) or 30
        if redrive_target(template, queue) and not 120 <= seconds <= 3600:
            yield Finding(queue.name, f"gives a message back after {seconds:g} s")


def each_upload_becomes_a_message(template: Template) -> Findings:
    """An image that lands, from the API or from Kafka, becomes a message; a processed one does not."""
    bucket = template.named("ImageBucket")
    found = set()
    for notice in each(bucket.at("NotificationConfiguration/QueueConfigurations")):
        prefixes = {rule["Value"] for rule in each(at(notice, "Filter/S3Key/Rules")) if rule["Name"] == "prefix"}
        if notice["Event"] == "s3:ObjectCreated:*" and "WorkQueue" in names(notice["Queue"]):
            found |= prefixes or {"all"}
    if found != SOURCES:
        yield Finding(bucket.name, f"tells the queue of {', '.join(sorted(found)) or 'nothing'}")


def one_record_is_one_image(template: Template) -> Findings:
    """The sink writes each Kafka record as an object of its own, named so that a repeat is the same object."""
    for connector in template.of_type("KafkaConnect::Connector"):
        settings = connector.at("ConnectorConfiguration") or {}
        partitioner = str(settings.get("partitioner.class"))
        if (settings.get("flush.size"), settings.get("topics.dir")) != ("1", "stream"):
            yield Finding(connector.name, "does not write one object a record under stream/")
        if not partitioner.endswith("DefaultPartitioner"):
            yield Finding(connector.name, "writes a repeated record as another object")


def kafka_loses_nothing(template: Template) -> Findings:
    """A record that was taken is on two of three brokers, and no broker that lags behind becomes a leader."""
    for configuration in template.of_type("MSK::Configuration"):
        found = dict(re.findall(r"^([a-z.]+)=(\S+)$", text(configuration.at("ServerProperties")), re.MULTILINE))
        for setting, value in KAFKA.items():
            if found.get(setting) != value:
                yield Finding(configuration.name, f"{setting} is {found.get(setting)}, not {value}")
    for topic in template.of_type("MSK::Topic"):
        if template.number(topic.at("ReplicationFactor")) != COPIES:
            yield Finding(topic.name, "is on fewer than three brokers")


def kafka_can_grow(template: Template) -> Findings:
    """Kafka keeps its own metadata (KRaft), with which a cluster has up to 60 brokers; with ZooKeeper up to 30."""
    for cluster in template.of_type("MSK::Cluster"):
        if not text(cluster.at("KafkaVersion")).endswith(".kraft"):
            yield Finding(cluster.name, "needs ZooKeeper")


def bad_deployments_are_rolled_back(template: Template) -> Findings:
    """A new version that does not come up is taken back, while the old one keeps working."""
    for service in template.of_type("ECS::Service"):
        breaker = service.at("DeploymentConfiguration/DeploymentCircuitBreaker") or {}
        if breaker != {"Enable": True, "Rollback": True}:
            yield Finding(service.name, "stays with a version that does not come up")
        if (template.number(service.at("DeploymentConfiguration/MinimumHealthyPercent")) or 0) < 100:
            yield Finding(service.name, "stops old tasks before new ones run")


def processing_follows_the_queue(template: Template) -> Findings:
    """Tasks grow and shrink with the images that wait, from one a zone to a set maximum; the sink grows too."""
    targets = [template.get(policy.at("ScalingTargetId")) for policy in template.of_type(f"{SCALING}::ScalingPolicy")]
    for target in template.of_type(f"{SCALING}::ScalableTarget"):
        limits = [template.number(target.at(limit)) or 0 for limit in ("MinCapacity", "MaxCapacity")]
        if target not in targets or not COPIES <= limits[0] < limits[1]:
            yield Finding(target.name, "does not grow from one task a zone")
    for policy in template.of_type(f"{SCALING}::ScalingPolicy"):
        if "WorkQueue" not in names(policy.properties):
            yield Finding(policy.name, "does not look at the queue")
    for service in template.of_type("ECS::Service"):
        if base(service) < COPIES:
            yield Finding(service.name, "may lose a zone's last task to the spot market")
        if service.at("DesiredCount") is not None:
            yield Finding(service.name, "goes back to a number of tasks with every release, whatever waits")
    for connector in template.of_type("KafkaConnect::Connector"):
        if (template.number(connector.at("Capacity/AutoScaling/MinWorkerCount")) or 0) < 2:
            yield Finding(connector.name, "stops when one worker stops")


def base(service: Resource) -> int:
    """Return how many tasks run on capacity that is never taken away."""
    providers: list[Any] = each(service.at("CapacityProviderStrategy"))
    return max((one.get("Base", 0) for one in providers if one["CapacityProvider"] == "FARGATE"), default=0)


def tasks_are_confined(template: Template) -> Findings:
    """The processing code runs as nobody, cannot change its image, has no privilege, and nobody logs into it."""
    for task in template.of_type("ECS::TaskDefinition"):
        for container in each(task.at("ContainerDefinitions")):
            if re.match(r"(0|root|None)(:|$)", str(container.get("User"))):
                yield Finding(task.name, "runs as root")
            if container.get("Privileged") or at(container, "LinuxParameters/Capabilities/Drop") != ["ALL"]:
                yield Finding(task.name, "has privileges")
            if container.get("ReadonlyRootFilesystem") is not True:
                yield Finding(task.name, "can change its image")
    for service in template.of_type("ECS::Service"):
        if service.at("EnableExecuteCommand") is not False:
            yield Finding(service.name, "can be logged into")


def builds_cannot_change(template: Template) -> Findings:
    """A build that was tested is the one that runs, and known holes in it are told."""
    for repository in template.of_type("ECR::Repository"):
        if repository.at("ImageTagMutability") != "IMMUTABLE":
            yield Finding(repository.name, "lets a tag be moved to another build")
        if repository.at("ImageScanningConfiguration/ScanOnPush") is not True:
            yield Finding(repository.name, "is not scanned for known holes")


RULES: tuple[Rule, ...] = (
    queues_have_a_dead_letter_queue,
    dead_letters_come_from_the_template,
    the_sink_skips_nothing,
    a_message_is_given_back,
    each_upload_becomes_a_message,
    one_record_is_one_image,
    kafka_loses_nothing,
    kafka_can_grow,
    bad_deployments_are_rolled_back,
    processing_follows_the_queue,
    tasks_are_confined,
    builds_cannot_change,
)
