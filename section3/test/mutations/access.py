"""Somebody who could do more than their work needs."""

from section3.test.mutations.base import Mutation, allow, drop, more, put

MUTATIONS: list[Mutation] = [
    put("a public bucket", "no_public_bucket", "ImageBucket/PublicAccessBlockConfiguration/BlockPublicPolicy", False),
    drop("a bucket that can be made public", "no_public_bucket", "BiBucket/PublicAccessBlockConfiguration"),
    put("a bucket that everybody reads", "no_public_bucket", "ImageBucket/AccessControl", "PublicRead"),
    put(
        "a bucket with objects of others",
        "no_public_bucket",
        "ImageBucket/OwnershipControls/Rules/0/ObjectOwnership",
        "ObjectWriter",
    ),
    more(
        "a bucket policy for everybody",
        "no_public_bucket",
        "ImageBucketPolicy/PolicyDocument/Statement",
        {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"},
    ),
    allow('Action: "*"', "no_wildcard_action", "TaskRole", Action="*", Resource="*"),
    allow("Action: s3:*", "no_wildcard_action", "TaskRole", Action="s3:*", Resource="arn:x"),
    allow("one wild action in a list", "no_wildcard_action", "ReadRole", Action=["s3:Get*"], Resource="arn:x"),
    allow("NotAction", "no_wildcard_action", "UploadRole", NotAction="iam:*", Resource="*"),
    allow("NotResource", "no_wildcard_action", "UploadRole", Action="s3:GetObject", NotResource="arn:x"),
    allow("images of all buckets", "no_wildcard_resource", "ReadRole", Action="s3:GetObject", Resource="*"),
    allow("all keys", "no_wildcard_resource", "TaskRole", Action=["kms:Decrypt"], Resource=["arn:x", "*"]),
    allow("images of any bucket", "no_wildcard_resource", "ReadRole", Action="s3:GetObject", Resource="arn:aws:s3:::*"),
    put(
        "the API shows what was not processed",
        "each_part_has_its_own_folder",
        "ReadRole/Policies/0/PolicyDocument/Statement/1/Resource",
        {"Fn::Sub": "${ImageBucket.Arn}/*"},
    ),
    allow(
        "an upload that passes for a processed image",
        "each_part_has_its_own_folder",
        "UploadRole",
        Action="s3:PutObject",
        Resource={"Fn::Sub": "${ImageBucket.Arn}/processed/*"},
    ),
    drop(
        "a worker that cannot write", "each_part_has_its_own_folder", "TaskRole/Policies/0/PolicyDocument/Statement/2"
    ),
    drop(
        "logs of other accounts",
        "services_act_for_this_account",
        "LogBucketPolicy/PolicyDocument/Statement/0/Condition",
    ),
    put(
        "log lines of other accounts",
        "services_act_for_this_account",
        "LogDeliveryPolicy/PolicyDocument",
        {"Fn::Sub": '{"Statement": {"Effect": "Allow", "Action": "logs:PutLogEvents", "Resource": "${ApiLogGroup}"}}'},
    ),
    put(
        "log delivery that may do anything",
        "no_wildcard_action",
        "LogDeliveryPolicy/PolicyDocument",
        {"Fn::Sub": '{"Statement": {"Effect": "Allow", "Action": "logs:*", "Resource": "${ApiLogGroup}"}}'},
    ),
    put(
        "an administrator",
        "roles_have_policies_of_their_own",
        "TaskRole/ManagedPolicyArns",
        ["arn:aws:iam::aws:policy/AdministratorAccess"],
    ),
    put(
        "a role that everybody takes",
        "roles_have_policies_of_their_own",
        "TaskRole/AssumeRolePolicyDocument/Statement/0/Principal",
        "*",
    ),
    put(
        "a role of another account",
        "roles_have_policies_of_their_own",
        "ReadRole/AssumeRolePolicyDocument/Statement/0/Principal",
        {"Service": "lambda.amazonaws.com", "AWS": "123"},
    ),
    drop(
        "any bucket fills the queue",
        "only_the_image_bucket_fills_the_queue",
        "WorkQueuePolicy/PolicyDocument/Statement/0/Condition/ArnEquals",
    ),
    put(
        "anybody fills the queue",
        "only_the_image_bucket_fills_the_queue",
        "WorkQueuePolicy/PolicyDocument/Statement/0/Principal",
        "*",
    ),
    more(
        "analysts read images",
        "analysts_see_no_image",
        "AnalystPolicy/PolicyDocument/Statement",
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": {"Fn::Sub": "${ImageBucket.Arn}/*"}},
    ),
    drop(
        "analysts decrypt images",
        "analysts_see_no_image",
        "AnalystPolicy/PolicyDocument/Statement/5/Condition",
    ),
    more(
        "producers read the stream",
        "producers_only_write",
        "StreamProducerPolicy/PolicyDocument/Statement/1/Action",
        "kafka-cluster:ReadData",
    ),
    put(
        "producers write to every topic",
        "producers_only_write",
        "StreamProducerPolicy/PolicyDocument/Statement/1/Resource",
        {"Fn::Sub": "arn:x:topic/${Name}/*"},
    ),
    allow(
        "the API writes records",
        "only_the_worker_writes_records",
        "ReadRole",
        Action="dynamodb:PutItem",
        Resource={"Fn::GetAtt": ["RecordTable", "Arn"]},
    ),
    allow(
        "the worker deletes images",
        "only_the_worker_writes_records",
        "TaskRole",
        Action=["s3:DeleteObject"],
        Resource="arn:x",
    ),
    put("one factor is enough", "users_prove_who_they_are", "UserPool/MfaConfiguration", "OPTIONAL"),
    put("short passwords", "users_prove_who_they_are", "UserPool/Policies/PasswordPolicy/MinimumLength", 8),
    drop("anybody signs up", "users_prove_who_they_are", "UserPool/AdminCreateUserConfig"),
    more(
        "passwords travel",
        "users_prove_who_they_are",
        "UserPoolClient/ExplicitAuthFlows",
        "ALLOW_USER_PASSWORD_AUTH",
    ),
]
