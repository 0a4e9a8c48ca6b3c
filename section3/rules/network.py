"""All that runs in the network is private, reaches what it needs by name, and stands in three zones."""

from typing import Any

from section3.rules.base import Finding, Findings, Rule
from section3.rules.template import Resource, Template, Tree, at, each, statements, text

ZONES = 3
# Where each kind of resource names its subnets.
SUBNETS = {
    "Lambda::Function": "VpcConfig/SubnetIds",
    "ECS::Service": "NetworkConfiguration/AwsvpcConfiguration/Subnets",
    "MSK::Cluster": "BrokerNodeGroupInfo/ClientSubnets",
    "KafkaConnect::Connector": "KafkaCluster/ApacheKafkaCluster/Vpc/Subnets",
}
WAYS_OUT = (
    "EC2::InternetGateway",
    "EC2::NatGateway",
    "EC2::EgressOnlyInternetGateway",
    "EC2::VPCGatewayAttachment",
    "EC2::EIP",
    "EC2::Route",
    "EC2::VPCPeeringConnection",
)
# What tasks in the network call; without an endpoint the call would need the internet.
SERVICES = ("s3", "dynamodb", "sqs", "ecr.api", "ecr.dkr", "logs", "kinesis-firehose")
# What an endpoint lets through that is not the platform's: a log-in, and layers by links that ECR signs for its own.
LOG_IN, LAYERS = "ecr:GetAuthorizationToken", "-starport-layer-bucket/*"
# What takes part in no rule of the network: loopback, which is a way to say "nowhere".
NOWHERE = "127.0.0.1/32"


def zones(template: Template, subnets: Any) -> set[str]:
    """Return the zones that subnets lie in."""
    found = [template.get(subnet) for subnet in each(subnets)]
    return {text(subnet.at("AvailabilityZone")) for subnet in found if subnet and subnet.type == "AWS::EC2::Subnet"}


def everything_stands_in_three_zones(template: Template) -> Findings:
    """Functions, tasks, brokers, the sink and endpoints stand in three zones, a broker at least in each."""
    used = [(resource, path) for kind, path in SUBNETS.items() for resource in template.of_type(kind)]
    used += [(endpoint, "SubnetIds") for endpoint in interfaces(template)]
    for resource, path in used:
        if len(zones(template, resource.at(path))) < ZONES:
            yield Finding(resource.name, f"stands in {len(zones(template, resource.at(path)))} zones")
    for cluster in template.of_type("MSK::Cluster"):
        brokers = template.number(cluster.at("NumberOfBrokerNodes")) or 0
        if brokers < ZONES or brokers % ZONES:
            yield Finding(cluster.name, f"{brokers:g} brokers do not spread over {ZONES} zones")


def interfaces(template: Template) -> list[Resource]:
    """Return the endpoints that have addresses in the subnets."""
    return [one for one in template.of_type("EC2::VPCEndpoint") if one.at("VpcEndpointType") == "Interface"]


def no_way_to_the_internet(template: Template) -> Findings:
    """There is no gateway, no route and no public address; images leave by the services' own doors alone."""
    for way in template.of_type(*WAYS_OUT):
        yield Finding(way.name, "is a way to the internet or another network")
    for subnet in template.of_type("EC2::Subnet"):
        if subnet.at("MapPublicIpOnLaunch") is not False:
            yield Finding(subnet.name, "gives public addresses")
    for service in template.of_type("ECS::Service"):
        if service.at("NetworkConfiguration/AwsvpcConfiguration/AssignPublicIp") != "DISABLED":
            yield Finding(service.name, "gives tasks public addresses")
    for cluster in template.of_type("MSK::Cluster"):
        if cluster.at("BrokerNodeGroupInfo/ConnectivityInfo/PublicAccess/Type") != "DISABLED":
            yield Finding(cluster.name, "gives brokers public addresses")


def traffic(template: Template, way: str) -> list[tuple[Resource, Tree]]:
    """Return the rules for Ingress or Egress, each with the resource that it stands in."""
    own = [
        (group, rule)
        for group in template.of_type("EC2::SecurityGroup")
        for rule in each(group.at(f"SecurityGroup{way}"))
    ]
    return own + [(rule, rule.properties) for rule in template.of_type(f"EC2::SecurityGroup{way}")]


def nobody_outside_comes_in(template: Template) -> Findings:
    """Traffic comes in from a named group to one port, never from a range of addresses."""
    for resource, rule in traffic(template, "Ingress"):
        if template.get(rule.get("SourceSecurityGroupId")) not in template.of_type("EC2::SecurityGroup"):
            yield Finding(resource.name, "lets in whoever has an address")
        if rule.get("IpProtocol") != "tcp" or rule.get("FromPort") != rule.get("ToPort"):
            yield Finding(resource.name, "opens more than a port")


def traffic_goes_out_to_named_places(template: Template) -> Findings:
    """Traffic goes out to a named group or service, on one port; a group that says nothing would reach everything."""
    for group in template.of_type("EC2::SecurityGroup"):
        if not group.at("SecurityGroupEgress"):
            yield Finding(group.name, "may go anywhere")
    for resource, rule in traffic(template, "Egress"):
        place = rule.get("DestinationSecurityGroupId") or rule.get("DestinationPrefixListId")
        named = place is not None and rule.get("FromPort") == rule.get("ToPort") is not None
        if not named and rule.get("CidrIp") != NOWHERE:
            yield Finding(resource.name, "may go anywhere")


def services_are_reached_privately(template: Template) -> Findings:
    """Each service that tasks call has an endpoint, whose address is what the service's name leads to."""
    endpoints = template.of_type("EC2::VPCEndpoint")
    present = {text(endpoint.at("ServiceName")).split("${AWS::Region}.")[-1] for endpoint in endpoints}
    for service in sorted(set(SERVICES) - present):
        yield Finding(service, "has no endpoint")
    for endpoint in endpoints:
        if endpoint.at("VpcEndpointType") == "Interface" and endpoint.at("PrivateDnsEnabled") is not True:
            yield Finding(endpoint.name, "is passed by: names lead to public addresses")


def endpoints_let_the_platform_through(template: Template) -> Findings:
    """By an endpoint this account's roles reach the platform's own resources; neither others' data nor others' keys."""
    for endpoint in template.of_type("EC2::VPCEndpoint"):
        if not endpoint.at("PolicyDocument"):
            yield Finding(endpoint.name, "lets everything through")
        for statement in statements(endpoint.at("PolicyDocument")):
            action, places = statement.get("Action"), [text(place) for place in each(statement.get("Resource"))]
            own_roles = text(at(statement, "Condition/StringEquals/aws:PrincipalAccount")) == "${AWS::AccountId}"
            own_places = all(template.get({"Fn::Sub": place}) for place in places) or action == LOG_IN
            layers = action == "s3:GetObject" and all(place.endswith(LAYERS) for place in places)
            if statement["Effect"] == "Allow" and not layers and not (own_roles and own_places):
                yield Finding(endpoint.name, "lets data or roles of any account through")


def traffic_is_on_record(template: Template) -> Findings:
    """Who talked to whom in the network can be looked up for seven days, and who touched which object too."""
    for vpc in template.of_type("EC2::VPC"):
        logs = template.of_type("EC2::FlowLog")
        if not any((template.get(log.at("ResourceId")), log.at("TrafficType")) == (vpc, "ALL") for log in logs):
            yield Finding(vpc.name, "has no flow log of all traffic")
    buckets = template.of_type("S3::Bucket")
    targets = [template.get(bucket.at("LoggingConfiguration/DestinationBucketName")) for bucket in buckets]
    for bucket in buckets:
        if bucket not in targets and template.get(bucket.at("LoggingConfiguration")) is None:
            yield Finding(bucket.name, "has no access log")


RULES: tuple[Rule, ...] = (
    everything_stands_in_three_zones,
    no_way_to_the_internet,
    nobody_outside_comes_in,
    traffic_goes_out_to_named_places,
    services_are_reached_privately,
    endpoints_let_the_platform_through,
    traffic_is_on_record,
)
