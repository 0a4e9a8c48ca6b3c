"""Principals with more permissions than they need."""

from section3.test.mutations.base import Mutations, allow, drop, more, put

MUTATIONS: Mutations = {
    "no_public_bucket": [
        put("a public bucket", "ImageBucket/PublicAccessBlockConfiguration/BlockPublicPolicy", False),
        drop("a bucket that can be made public", "BiBucket/PublicAccessBlockConfiguration"),
        put("a public-read bucket", "ImageBucket/AccessControl", "PublicRead"),
        put(
            "a bucket with objects of other owners",
            "ImageBucket/OwnershipControls/Rules/0/ObjectOwnership",
            "ObjectWriter",
        ),
        more(
            "a public bucket policy",
            "ImageBucketPolicy/PolicyDocument/Statement",
            {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"},
        ),
    ],
    "no_wildcard_action": [
        allow('Action: "*"', "TaskRole", Action="*", Resource="*"),
        allow("Action: s3:*", "TaskRole", Action="s3:*", Resource="arn:x"),
        allow("a wildcard action in a list", "ReadRole", Action=["s3:Get*"], Resource="arn:x"),
        allow("NotAction", "UploadRole", NotAction="iam:*", Resource="*"),
        allow("NotResource", "UploadRole", Action="s3:GetObject", NotResource="arn:x"),
        put(
            "log delivery with all actions",
            "LogDeliveryPolicy/PolicyDocument",
            {"Fn::Sub": '{"Statement": {"Effect": "Allow", "Action": "logs:*", "Resource": "${ApiLogGroup}"}}'},
        ),
    ],
    "no_wildcard_resource": [
        allow("images of all buckets", "ReadRole", Action="s3:GetObject", Resource="*"),
        allow("all keys", "TaskRole", Action=["kms:Decrypt"], Resource=["arn:x", "*"]),
        allow("images of any bucket", "ReadRole", Action="s3:GetObject", Resource="arn:aws:s3:::*"),
    ],
    "roles_access_only_their_prefixes": [
        put(
            "the API shows unprocessed images",
            "ReadRole/Policies/0/PolicyDocument/Statement/1/Resource",
            {"Fn::Sub": "${ImageBucket.Arn}/*"},
        ),
        allow(
            "an upload under processed/",
            "UploadRole",
            Action="s3:PutObject",
            Resource={"Fn::Sub": "${ImageBucket.Arn}/processed/*"},
        ),
        drop("a worker that cannot write", "TaskRole/Policies/0/PolicyDocument/Statement/2"),
    ],
    "services_act_only_for_this_account": [
        drop("access logs of other accounts", "LogBucketPolicy/PolicyDocument/Statement/0/Condition"),
        put(
            "log lines of other accounts",
            "LogDeliveryPolicy/PolicyDocument",
            {"Fn::Sub": '{"Statement": {"Effect": "Allow", "Action": "logs:PutLogEvents", "Resource": "${Logs}"}}'},
        ),
    ],
    "roles_are_for_one_service": [
        put("an administrator role", "TaskRole/ManagedPolicyArns", ["arn:aws:iam::aws:policy/AdministratorAccess"]),
        put("a role for any principal", "TaskRole/AssumeRolePolicyDocument/Statement/0/Principal", "*"),
        put(
            "a role of another account",
            "ReadRole/AssumeRolePolicyDocument/Statement/0/Principal",
            {"Service": "lambda.amazonaws.com", "AWS": "123"},
        ),
    ],
    "only_the_image_bucket_sends_messages": [
        drop("any bucket sends messages", "WorkQueuePolicy/PolicyDocument/Statement/0/Condition/ArnEquals"),
        put("any principal sends messages", "WorkQueuePolicy/PolicyDocument/Statement/0/Principal", "*"),
    ],
    "analysts_cannot_read_images": [
        more(
            "analysts read images",
            "AnalystPolicy/PolicyDocument/Statement",
            {"Effect": "Allow", "Action": "s3:GetObject", "Resource": {"Fn::Sub": "${ImageBucket.Arn}/*"}},
        ),
        drop("analysts decrypt images", "AnalystPolicy/PolicyDocument/Statement/5/Condition"),
    ],
    "producers_only_write": [
        more(
            "producers read the stream",
            "StreamProducerPolicy/PolicyDocument/Statement/1/Action",
            "kafka-cluster:ReadData",
        ),
        put(
            "producers write to every topic",
            "StreamProducerPolicy/PolicyDocument/Statement/1/Resource",
            {"Fn::Sub": "arn:x:topic/${Name}/*"},
        ),
    ],
    "only_the_worker_writes_records": [
        allow(
            "the API writes records",
            "ReadRole",
            Action="dynamodb:PutItem",
            Resource={"Fn::GetAtt": ["RecordTable", "Arn"]},
        ),
        allow("the worker deletes images", "TaskRole", Action=["s3:DeleteObject"], Resource="arn:x"),
    ],
    "users_authenticate_with_two_factors": [
        put("an optional second factor", "UserPool/MfaConfiguration", "OPTIONAL"),
        put("short passwords", "UserPool/Policies/PasswordPolicy/MinimumLength", 8),
        drop("open sign-up", "UserPool/AdminCreateUserConfig"),
        more("plain-text passwords", "UserPoolClient/ExplicitAuthFlows", "ALLOW_USER_PASSWORD_AUTH"),
    ],
}
