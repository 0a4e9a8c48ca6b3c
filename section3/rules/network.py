"""Network rules: private, three zones, named destinations."""

from typing import Any

from section3.rules.base import Finding, Findings, Rule
from section3.rules.template import Resource, Template, Tree, at, each, statements, text

ZONES = 3
# Path of the subnets in each type of resource.
SUBNETS = {
    "Lambda::Function": "VpcConfig/SubnetIds",
    "ECS::Service": "NetworkConfiguration/AwsvpcConfiguration/Subnets",
    "MSK::Cluster": "BrokerNodeGroupInfo/ClientSubnets",
    "KafkaConnect::Connector": "KafkaCluster/ApacheKafkaCluster/Vpc/Subnets",
}
ROUTES_OUT = (
    "EC2::InternetGateway",
    "EC2::NatGateway",
    "EC2::EgressOnlyInternetGateway",
    "EC2::VPCGatewayAttachment",
    "EC2::EIP",
    "EC2::Route",
    "EC2::VPCPeeringConnection",
)
# Services that tasks call. Without an endpoint, a call would need a route to the internet.
SERVICES = ("s3", "dynamodb", "sqs", "ecr.api", "ecr.dkr", "logs", "kinesis-firehose")
# Endpoint policies may also allow these: logging in to ECR, and reading image layers with links that ECR signs.
LOG_IN, LAYERS = "ecr:GetAuthorizationToken", "-starport-layer-bucket/*"
# Loopback: a rule that allows no traffic.
LOOPBACK = "127.0.0.1/32"


def zones(template: Template, subnets: Any) -> set[str]:
    found = [template.get(subnet) for subnet in each(subnets)]
    return {text(subnet.at("AvailabilityZone")) for subnet in found if subnet and subnet.type == "AWS::EC2::Subnet"}


def everything_spans_three_zones(template: Template) -> Findings:
    """Functions, tasks, brokers, the sink and endpoints span three zones, with a broker in each."""
    used = [(resource, path) for kind, path in SUBNETS.items() for resource in template.of_type(kind)]
    used += [(endpoint, "SubnetIds") for endpoint in interfaces(template)]
    for resource, path in used:
        if len(zones(template, resource.at(path))) < ZONES:
            yield Finding(resource.name, f"spans {len(zones(template, resource.at(path)))} zones")
    for cluster in template.of_type("MSK::Cluster"):
        brokers = template.number(cluster.at("NumberOfBrokerNodes")) or 0
        if brokers < ZONES or brokers % ZONES:
            yield Finding(cluster.name, f"{brokers:g} brokers do not spread over {ZONES} zones")


def interfaces(template: Template) -> list[Resource]:
    return [
        endpoint for endpoint in template.of_type("EC2::VPCEndpoint") if endpoint.at("VpcEndpointType") == "Interface"
    ]


def no_route_to_the_internet(template: Template) -> Findings:
    """The network has no gateway, no route to other networks and no public address."""
    for route in template.of_type(*ROUTES_OUT):
        yield Finding(route.name, "connects to the internet or another network")
    for subnet in template.of_type("EC2::Subnet"):
        if subnet.at("MapPublicIpOnLaunch") is not False:
            yield Finding(subnet.name, "assigns public addresses")
    for service in template.of_type("ECS::Service"):
        if service.at("NetworkConfiguration/AwsvpcConfiguration/AssignPublicIp") != "DISABLED":
            yield Finding(service.name, "assigns public addresses to tasks")
    for cluster in template.of_type("MSK::Cluster"):
        if cluster.at("BrokerNodeGroupInfo/ConnectivityInfo/PublicAccess/Type") != "DISABLED":
            yield Finding(cluster.name, "assigns public addresses to brokers")


def traffic(template: Template, direction: str) -> list[tuple[Resource, Tree]]:
    """Return the rules for Ingress or Egress, each with its resource."""
    own = [
        (group, rule)
        for group in template.of_type("EC2::SecurityGroup")
        for rule in each(group.at(f"SecurityGroup{direction}"))
    ]
    return own + [(rule, rule.properties) for rule in template.of_type(f"EC2::SecurityGroup{direction}")]


def inbound_traffic_is_restricted(template: Template) -> Findings:
    """Inbound traffic is allowed from a named security group to one port, never from an address range."""
    for resource, rule in traffic(template, "Ingress"):
        if template.get(rule.get("SourceSecurityGroupId")) not in template.of_type("EC2::SecurityGroup"):
            yield Finding(resource.name, "allows inbound traffic by address")
        if rule.get("IpProtocol") != "tcp" or rule.get("FromPort") != rule.get("ToPort"):
            yield Finding(resource.name, "opens more than one port")


def outbound_traffic_is_restricted(template: Template) -> Findings:
    """Outbound traffic is allowed to a named group or service on one port; the default would allow everything."""
    for group in template.of_type("EC2::SecurityGroup"):
        if not group.at("SecurityGroupEgress"):
            yield Finding(group.name, "allows all outbound traffic")
    for resource, rule in traffic(template, "Egress"):
        destination = rule.get("DestinationSecurityGroupId") or rule.get("DestinationPrefixListId")
        named = destination is not None and rule.get("FromPort") == rule.get("ToPort") is not None
        if not named and rule.get("CidrIp") != LOOPBACK:
            yield Finding(resource.name, "allows all outbound traffic")


def services_have_private_endpoints(template: Template) -> Findings:
    """Each service that tasks call has an endpoint with private DNS."""
    endpoints = template.of_type("EC2::VPCEndpoint")
    present = {text(endpoint.at("ServiceName")).split("${AWS::Region}.")[-1] for endpoint in endpoints}
    for service in sorted(set(SERVICES) - present):
        yield Finding(service, "has no endpoint")
    for endpoint in endpoints:
        if endpoint.at("VpcEndpointType") == "Interface" and endpoint.at("PrivateDnsEnabled") is not True:
            yield Finding(endpoint.name, "has no private DNS")


def endpoints_allow_only_the_platform(template: Template) -> Findings:
    """Endpoints allow only roles of this account and resources of the platform."""
    for endpoint in template.of_type("EC2::VPCEndpoint"):
        if not endpoint.at("PolicyDocument"):
            yield Finding(endpoint.name, "has no policy")
        for statement in statements(endpoint.at("PolicyDocument")):
            action, arns = statement.get("Action"), [text(arn) for arn in each(statement.get("Resource"))]
            own_roles = text(at(statement, "Condition/StringEquals/aws:PrincipalAccount")) == "${AWS::AccountId}"
            own_resources = all(template.get({"Fn::Sub": arn}) for arn in arns) or action == LOG_IN
            layers = action == "s3:GetObject" and all(arn.endswith(LAYERS) for arn in arns)
            if statement["Effect"] == "Allow" and not layers and not (own_roles and own_resources):
                yield Finding(endpoint.name, "allows resources or roles of other accounts")


def traffic_is_logged(template: Template) -> Findings:
    """Network traffic and access to buckets are logged."""
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
    everything_spans_three_zones,
    no_route_to_the_internet,
    inbound_traffic_is_restricted,
    outbound_traffic_is_restricted,
    services_have_private_endpoints,
    endpoints_allow_only_the_platform,
    traffic_is_logged,
)
