"""An API without authorisation, validation or limits."""

from section3.test.mutations.base import Mutations, add, drop, more, put

MUTATIONS: Mutations = {
    "methods_are_authorised": [
        put("a public method", "ReadMethod/AuthorizationType", "NONE"),
        drop("a method without its authorizer", "UploadMethod/AuthorizerId"),
        put("users of another pool", "ApiAuthorizer/ProviderARNs", ["arn:other"]),
        put("a preflight that reaches a function", "ReadPreflight/Integration/Type", "AWS_PROXY"),
    ],
    "requests_are_validated": [
        drop("unvalidated requests", "UploadMethod/RequestValidatorId"),
        drop("unvalidated bodies", "UploadMethod/RequestModels"),
        put("bodies are not checked", "ApiValidator/ValidateRequestBody", False),
        put("any field in a body", "UploadModel/Schema/additionalProperties", True),
        put("any type of image", "UploadModel/Schema/properties/content_type", {"type": "string"}),
    ],
    "uploads_have_a_maximum_size": [
        drop("images of any size", "UploadFunction/Environment/Variables/MAXIMUM_UPLOAD_BYTES"),
        put("an optional size", "UploadModel/Schema/required", ["content_type"]),
    ],
    "cors_allows_only_the_web_application": [
        put("CORS of the bucket for every page", "ImageBucket/CorsConfiguration/CorsRules/0/AllowedOrigins", ["*"]),
        put(
            "CORS of refusals for every page",
            "RefusalResponse/ResponseParameters",
            {"gatewayresponse.header.Access-Control-Allow-Origin": "'*'"},
        ),
    ],
    "preflights_are_cached": [
        drop(
            "uncached preflights",
            "UploadPreflight/Integration/IntegrationResponses/0/ResponseParameters/"
            "method.response.header.Access-Control-Max-Age",
        ),
    ],
    "functions_are_called_only_by_the_api": [
        drop("a function callable by every API", "UploadPermission/SourceArn"),
        add("a function URL", "Lambda::Url", AuthType="NONE"),
    ],
    "a_firewall_protects_the_api": [
        drop("no firewall", "WebAclAssociation"),
        drop("no rule on Log4j", "WebAcl/Rules/2"),
        put("a rule that only counts", "WebAcl/Rules/2/OverrideAction", {"Count": {}}),
        drop("no rule on rates", "WebAcl/Rules/1"),
    ],
    "calls_are_throttled": [
        drop("any number of calls", "ApiStage/MethodSettings/0/ThrottlingRateLimit"),
        drop("any number of runs", "ReadFunction/ReservedConcurrentExecutions"),
    ],
    "no_personal_data_is_logged": [
        put("bodies are logged", "ApiStage/MethodSettings/0/DataTraceEnabled", True),
        put("addresses are logged", "ApiStage/AccessLogSetting/Format", "$context.identity.sourceIp"),
        drop("tokens are logged", "WebAclLogging/RedactedFields"),
        more(
            "analysts see the owner",
            "BiTable/TableInput/StorageDescriptor/Columns",
            {"Name": "owner", "Type": "string"},
        ),
    ],
}
