"""A network that would be open, or stand in too few zones."""

from section3.test.mutations.base import Mutation, add, drop, more, put

ANYWHERE = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "0.0.0.0/0"}

MUTATIONS: list[Mutation] = [
    put(
        "tasks in one zone",
        "everything_stands_in_three_zones",
        "Service/NetworkConfiguration/AwsvpcConfiguration/Subnets",
        [{"Ref": "PrivateSubnetA"}],
    ),
    put(
        "two subnets in one zone",
        "everything_stands_in_three_zones",
        "PrivateSubnetB/AvailabilityZone",
        {"Fn::Select": [0, {"Fn::GetAZs": ""}]},
    ),
    put("two brokers", "everything_stands_in_three_zones", "KafkaCluster/NumberOfBrokerNodes", 2),
    put(
        "an endpoint in one zone",
        "everything_stands_in_three_zones",
        "SqsEndpoint/SubnetIds",
        [{"Ref": "PrivateSubnetA"}],
    ),
    drop(
        "the sink in two zones",
        "everything_stands_in_three_zones",
        "SinkConnector/KafkaCluster/ApacheKafkaCluster/Vpc/Subnets/0",
    ),
    add("an internet gateway", "no_way_to_the_internet", "EC2::InternetGateway"),
    add("a NAT gateway", "no_way_to_the_internet", "EC2::NatGateway", SubnetId="s"),
    put("public addresses in a subnet", "no_way_to_the_internet", "PrivateSubnetA/MapPublicIpOnLaunch", True),
    put(
        "public addresses of tasks",
        "no_way_to_the_internet",
        "Service/NetworkConfiguration/AwsvpcConfiguration/AssignPublicIp",
        "ENABLED",
    ),
    put(
        "public addresses of brokers",
        "no_way_to_the_internet",
        "KafkaCluster/BrokerNodeGroupInfo/ConnectivityInfo/PublicAccess/Type",
        "SERVICE_PROVIDED_EIPS",
    ),
    put("0.0.0.0/0 comes in", "nobody_outside_comes_in", "KafkaSecurityGroup/SecurityGroupIngress", [ANYWHERE]),
    add("::/0 comes in", "nobody_outside_comes_in", "EC2::SecurityGroupIngress", IpProtocol="-1", CidrIpv6="::/0"),
    put("all ports are open", "nobody_outside_comes_in", "KafkaFromSink/ToPort", 65535),
    more(
        "0.0.0.0/0 goes out", "traffic_goes_out_to_named_places", "FunctionSecurityGroup/SecurityGroupEgress", ANYWHERE
    ),
    drop("a group that goes anywhere", "traffic_goes_out_to_named_places", "KafkaSecurityGroup/SecurityGroupEgress"),
    drop("no endpoint of the queue", "services_are_reached_privately", "SqsEndpoint"),
    put("an endpoint that is passed by", "services_are_reached_privately", "LogsEndpoint/PrivateDnsEnabled", False),
    drop("any account's buckets by the endpoint", "endpoints_let_the_platform_through", "S3Endpoint/PolicyDocument"),
    drop("any account's queues by the endpoint", "endpoints_let_the_platform_through", "SqsEndpoint/PolicyDocument"),
    drop(
        "roles of any account by the endpoint",
        "endpoints_let_the_platform_through",
        "LogsEndpoint/PolicyDocument/Statement/0/Condition",
    ),
    put(
        "another account's queue by the endpoint",
        "endpoints_let_the_platform_through",
        "SqsEndpoint/PolicyDocument/Statement/0/Resource",
        {"Fn::Sub": "arn:${AWS::Partition}:sqs:${AWS::Region}:another:queue"},
    ),
    put(
        "any bucket, as if it held layers",
        "endpoints_let_the_platform_through",
        "S3Endpoint/PolicyDocument/Statement/2/Resource",
        {"Fn::Sub": "arn:${AWS::Partition}:s3:::another/*"},
    ),
    drop("no flow log", "traffic_is_on_record", "FlowLog"),
    put("a flow log of refusals alone", "traffic_is_on_record", "FlowLog/TrafficType", "REJECT"),
    drop("a bucket without access log", "traffic_is_on_record", "ImageBucket/LoggingConfiguration"),
]
