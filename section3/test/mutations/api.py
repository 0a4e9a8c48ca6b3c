"""An API that would answer anybody, or take anything."""

from section3.test.mutations.base import Mutation, add, drop, more, put

MUTATIONS: list[Mutation] = [
    put("a method for anybody", "methods_are_authorised", "ReadMethod/AuthorizationType", "NONE"),
    drop("a method without its authorizer", "methods_are_authorised", "UploadMethod/AuthorizerId"),
    put("users of another pool", "methods_are_authorised", "ApiAuthorizer/ProviderARNs", ["arn:other"]),
    put("a preflight that reaches a function", "methods_are_authorised", "ReadPreflight/Integration/Type", "AWS_PROXY"),
    drop("any request", "requests_are_checked", "UploadMethod/RequestValidatorId"),
    drop("any body", "requests_are_checked", "UploadMethod/RequestModels"),
    put("bodies are not checked", "requests_are_checked", "ApiValidator/ValidateRequestBody", False),
    put("any field in a body", "requests_are_checked", "UploadModel/Schema/additionalProperties", True),
    put("any type of image", "requests_are_checked", "UploadModel/Schema/properties/content_type", {"type": "string"}),
    drop(
        "images of any size",
        "uploads_have_a_largest_size",
        "UploadFunction/Environment/Variables/MAXIMUM_UPLOAD_BYTES",
    ),
    put("a size nobody needs to say", "uploads_have_a_largest_size", "UploadModel/Schema/required", ["content_type"]),
    put(
        "every page uses the bucket",
        "only_the_web_application_is_let_in",
        "ImageBucket/CorsConfiguration/CorsRules/0/AllowedOrigins",
        ["*"],
    ),
    put(
        "every page learns why it was refused",
        "only_the_web_application_is_let_in",
        "RefusalResponse/ResponseParameters",
        {"gatewayresponse.header.Access-Control-Allow-Origin": "'*'"},
    ),
    drop(
        "a preflight before every call",
        "preflights_are_remembered",
        "UploadPreflight/Integration/IntegrationResponses/0/ResponseParameters/"
        "method.response.header.Access-Control-Max-Age",
    ),
    drop("a function for every API", "functions_answer_the_api_only", "UploadPermission/SourceArn"),
    add("a way around the API", "functions_answer_the_api_only", "Lambda::Url", AuthType="NONE"),
    drop("no firewall", "the_firewall_stands_before_the_api", "WebAclAssociation"),
    drop("no rule on Log4j", "the_firewall_stands_before_the_api", "WebAcl/Rules/2"),
    put(
        "a rule that only counts", "the_firewall_stands_before_the_api", "WebAcl/Rules/2/OverrideAction", {"Count": {}}
    ),
    drop("no rule on rates", "the_firewall_stands_before_the_api", "WebAcl/Rules/1"),
    drop("any number of calls", "calls_are_throttled", "ApiStage/MethodSettings/0/ThrottlingRateLimit"),
    drop("any number of runs", "calls_are_throttled", "ReadFunction/ReservedConcurrentExecutions"),
    put("bodies are logged", "nothing_personal_is_logged", "ApiStage/MethodSettings/0/DataTraceEnabled", True),
    put(
        "addresses are logged",
        "nothing_personal_is_logged",
        "ApiStage/AccessLogSetting/Format",
        "$context.identity.sourceIp",
    ),
    drop("tokens are logged", "nothing_personal_is_logged", "WebAclLogging/RedactedFields"),
    more(
        "analysts see whose image it is",
        "nothing_personal_is_logged",
        "BiTable/TableInput/StorageDescriptor/Columns",
        {"Name": "owner", "Type": "string"},
    ),
]
