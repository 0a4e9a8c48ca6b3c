"""Resilience rules: no failure loses an image."""

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
    """Return the queue's dead-letter queue, or None."""
    return template.get(queue.at("RedrivePolicy/deadLetterTargetArn"))


def queues_have_a_dead_letter_queue(template: Template) -> Findings:
    """Queues have a dead-letter queue with a longer retention."""
    queues = template.of_type("SQS::Queue")
    targets = [redrive_target(template, queue) for queue in queues]
    for queue in queues:
        target = redrive_target(template, queue)
        if queue not in targets and target not in queues:
            yield Finding(queue.name, "has no dead-letter queue")
        if target is None:
            continue
        if not 2 <= (template.number(queue.at("RedrivePolicy/maxReceiveCount")) or 0) <= 10:
            yield Finding(queue.name, "has too few or too many receives")
        retentions = [template.number(either.at("MessageRetentionPeriod")) or 0 for either in (queue, target)]
        if retentions[0] >= retentions[1]:
            yield Finding(target.name, "has no longer retention than its source")


def dead_letters_come_from_the_template(template: Template) -> Findings:
    """A dead-letter queue accepts only its source queue; failed function calls have one, too."""
    for queue in template.of_type("SQS::Queue"):
        is_target = queue in [redrive_target(template, source) for source in template.of_type("SQS::Queue")]
        if is_target and queue.at("RedriveAllowPolicy/redrivePermission") != "byQueue":
            yield Finding(queue.name, "accepts any queue")
    for function in template.of_type("Lambda::Function"):
        if template.get(function.at("DeadLetterConfig/TargetArn")) not in template.of_type("SQS::Queue"):
            yield Finding(function.name, "drops failed calls")


def the_sink_skips_no_record(template: Template) -> Findings:
    """The sink reads a topic of the template, and stops with an alarm instead of skipping a record."""
    topics = [topic.at("TopicName") for topic in template.of_type("MSK::Topic")]
    for connector in template.of_type("KafkaConnect::Connector"):
        settings = connector.at("ConnectorConfiguration") or {}
        if settings.get("topics") not in topics:
            yield Finding(connector.name, "reads no topic of the template")
        if settings.get("errors.tolerance") != "none":
            yield Finding(connector.name, "skips invalid records")


def messages_are_redelivered(template: Template) -> Findings:
    """Messages of failed tasks are redelivered, and not during processing."""
    for queue in template.of_type("SQS::Queue"):
        seconds = template.number(queue.at("VisibilityTimeout")) or 30
        if redrive_target(template, queue) and not 120 <= seconds <= 3600:
            yield Finding(queue.name, f"redelivers a message after {seconds:g} s")


def each_upload_becomes_a_message(template: Template) -> Findings:
    """Each image from the API or Kafka becomes a message; a processed image does not."""
    bucket = template.named("ImageBucket")
    found = set()
    for notification in each(bucket.at("NotificationConfiguration/QueueConfigurations")):
        prefixes = {rule["Value"] for rule in each(at(notification, "Filter/S3Key/Rules")) if rule["Name"] == "prefix"}
        if notification["Event"] == "s3:ObjectCreated:*" and "WorkQueue" in names(notification["Queue"]):
            found |= prefixes or {"all"}
    if found != SOURCES:
        yield Finding(bucket.name, f"sends messages for {', '.join(sorted(found)) or 'nothing'}")


def one_record_is_one_object(template: Template) -> Findings:
    """The sink writes each Kafka record as one object, and a repeated record as the same object."""
    for connector in template.of_type("KafkaConnect::Connector"):
        settings = connector.at("ConnectorConfiguration") or {}
        partitioner = str(settings.get("partitioner.class"))
        if (settings.get("flush.size"), settings.get("topics.dir")) != ("1", "stream"):
            yield Finding(connector.name, "does not write one object per record under stream/")
        if not partitioner.endswith("DefaultPartitioner"):
            yield Finding(connector.name, "writes a repeated record as another object")


def kafka_records_are_replicated(template: Template) -> Findings:
    """An accepted record is on two of three brokers, and only an in-sync broker becomes leader."""
    for configuration in template.of_type("MSK::Configuration"):
        found = dict(re.findall(r"^([a-z.]+)=(\S+)$", text(configuration.at("ServerProperties")), re.MULTILINE))
        for setting, value in KAFKA.items():
            if found.get(setting) != value:
                yield Finding(configuration.name, f"{setting} is {found.get(setting)}, not {value}")
    for topic in template.of_type("MSK::Topic"):
        if template.number(topic.at("ReplicationFactor")) != COPIES:
            yield Finding(topic.name, "is on fewer than three brokers")


def kafka_can_grow(template: Template) -> Findings:
    """Kafka uses KRaft, which allows 60 brokers per cluster; ZooKeeper allows 30."""
    for cluster in template.of_type("MSK::Cluster"):
        if not text(cluster.at("KafkaVersion")).endswith(".kraft"):
            yield Finding(cluster.name, "needs ZooKeeper")


def bad_deployments_are_rolled_back(template: Template) -> Findings:
    """A release that does not start is rolled back, and the old one keeps running."""
    for service in template.of_type("ECS::Service"):
        breaker = service.at("DeploymentConfiguration/DeploymentCircuitBreaker") or {}
        if breaker != {"Enable": True, "Rollback": True}:
            yield Finding(service.name, "does not roll back a failed release")
        if (template.number(service.at("DeploymentConfiguration/MinimumHealthyPercent")) or 0) < 100:
            yield Finding(service.name, "stops old tasks before new ones run")


def processing_scales_with_the_queue(template: Template) -> Findings:
    """Tasks scale with the waiting images, from one per zone to a maximum; the sink scales, too."""
    targets = [template.get(policy.at("ScalingTargetId")) for policy in template.of_type(f"{SCALING}::ScalingPolicy")]
    for target in template.of_type(f"{SCALING}::ScalableTarget"):
        limits = [template.number(target.at(limit)) or 0 for limit in ("MinCapacity", "MaxCapacity")]
        if target not in targets or not COPIES <= limits[0] < limits[1]:
            yield Finding(target.name, "does not scale from one task per zone")
    for policy in template.of_type(f"{SCALING}::ScalingPolicy"):
        if "WorkQueue" not in names(policy.properties):
            yield Finding(policy.name, "does not depend on the queue")
    for service in template.of_type("ECS::Service"):
        if base(service) < COPIES:
            yield Finding(service.name, "can lose a zone's last task to a Spot interruption")
        if service.at("DesiredCount") is not None:
            yield Finding(service.name, "resets the number of tasks with every release")
    for connector in template.of_type("KafkaConnect::Connector"):
        if (template.number(connector.at("Capacity/AutoScaling/MinWorkerCount")) or 0) < 2:
            yield Finding(connector.name, "stops when one worker stops")


def base(service: Resource) -> int:
    """Return the number of tasks that always run on demand."""
    providers: list[Any] = each(service.at("CapacityProviderStrategy"))
    return max(
        (provider.get("Base", 0) for provider in providers if provider["CapacityProvider"] == "FARGATE"), default=0
    )


def tasks_are_confined(template: Template) -> Findings:
    """Tasks run without root, privileges, a writable image and remote login."""
    for task in template.of_type("ECS::TaskDefinition"):
        for container in each(task.at("ContainerDefinitions")):
            if re.match(r"(0|root|None)(:|$)", str(container.get("User"))):
                yield Finding(task.name, "runs as root")
            if container.get("Privileged") or at(container, "LinuxParameters/Capabilities/Drop") != ["ALL"]:
                yield Finding(task.name, "has privileges")
            if container.get("ReadonlyRootFilesystem") is not True:
                yield Finding(task.name, "has a writable image")
    for service in template.of_type("ECS::Service"):
        if service.at("EnableExecuteCommand") is not False:
            yield Finding(service.name, "allows remote login")


def builds_are_immutable(template: Template) -> Findings:
    """Image tags are immutable, and images are scanned for vulnerabilities."""
    for repository in template.of_type("ECR::Repository"):
        if repository.at("ImageTagMutability") != "IMMUTABLE":
            yield Finding(repository.name, "has mutable tags")
        if repository.at("ImageScanningConfiguration/ScanOnPush") is not True:
            yield Finding(repository.name, "does not scan for vulnerabilities")


RULES: tuple[Rule, ...] = (
    queues_have_a_dead_letter_queue,
    dead_letters_come_from_the_template,
    the_sink_skips_no_record,
    messages_are_redelivered,
    each_upload_becomes_a_message,
    one_record_is_one_object,
    kafka_records_are_replicated,
    kafka_can_grow,
    bad_deployments_are_rolled_back,
    processing_scales_with_the_queue,
    tasks_are_confined,
    builds_are_immutable,
)
