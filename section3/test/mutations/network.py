"""An open network, or one in too few zones."""

from section3.test.mutations.base import Mutations, add, drop, more, put

ANYWHERE = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "0.0.0.0/0"}

MUTATIONS: Mutations = {
    "everything_spans_three_zones": [
        put(
            "tasks in one zone", "Service/NetworkConfiguration/AwsvpcConfiguration/Subnets", [{"Ref": "PrivateSubnetA"}]
        ),
        put("two subnets in one zone", "PrivateSubnetB/AvailabilityZone", {"Fn::Select": [0, {"Fn::GetAZs": ""}]}),
        put("two brokers", "KafkaCluster/NumberOfBrokerNodes", 2),
        put("an endpoint in one zone", "SqsEndpoint/SubnetIds", [{"Ref": "PrivateSubnetA"}]),
        drop("the sink in two zones", "SinkConnector/KafkaCluster/ApacheKafkaCluster/Vpc/Subnets/0"),
    ],
    "no_route_to_the_internet": [
        add("an internet gateway", "EC2::InternetGateway"),
        add("a NAT gateway", "EC2::NatGateway", SubnetId="s"),
        put("public addresses in a subnet", "PrivateSubnetA/MapPublicIpOnLaunch", True),
        put("public addresses of tasks", "Service/NetworkConfiguration/AwsvpcConfiguration/AssignPublicIp", "ENABLED"),
        put(
            "public addresses of brokers",
            "KafkaCluster/BrokerNodeGroupInfo/ConnectivityInfo/PublicAccess/Type",
            "SERVICE_PROVIDED_EIPS",
        ),
    ],
    "inbound_traffic_is_restricted": [
        put("0.0.0.0/0 comes in", "KafkaSecurityGroup/SecurityGroupIngress", [ANYWHERE]),
        add("::/0 comes in", "EC2::SecurityGroupIngress", IpProtocol="-1", CidrIpv6="::/0"),
        put("all ports are open", "KafkaFromSink/ToPort", 65535),
    ],
    "outbound_traffic_is_restricted": [
        more("0.0.0.0/0 goes out", "FunctionSecurityGroup/SecurityGroupEgress", ANYWHERE),
        drop("a group without egress rules", "KafkaSecurityGroup/SecurityGroupEgress"),
    ],
    "services_have_private_endpoints": [
        drop("no endpoint of the queue", "SqsEndpoint"),
        put("an endpoint without private DNS", "LogsEndpoint/PrivateDnsEnabled", False),
    ],
    "endpoints_allow_only_the_platform": [
        drop("any account's buckets by the endpoint", "S3Endpoint/PolicyDocument"),
        drop("any account's queues by the endpoint", "SqsEndpoint/PolicyDocument"),
        drop("roles of any account by the endpoint", "LogsEndpoint/PolicyDocument/Statement/0/Condition"),
        put(
            "another account's queue by the endpoint",
            "SqsEndpoint/PolicyDocument/Statement/0/Resource",
            {"Fn::Sub": "arn:${AWS::Partition}:sqs:${AWS::Region}:another:queue"},
        ),
        put(
            "any bucket through the rule for image layers",
            "S3Endpoint/PolicyDocument/Statement/2/Resource",
            {"Fn::Sub": "arn:${AWS::Partition}:s3:::another/*"},
        ),
    ],
    "traffic_is_logged": [
        drop("no flow log", "FlowLog"),
        put("a flow log of refusals alone", "FlowLog/TrafficType", "REJECT"),
        drop("a bucket without access log", "ImageBucket/LoggingConfiguration"),
    ],
}
