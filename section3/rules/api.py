"""API rules: authorisation, validation, limits and logging."""

from section3.rules.base import Finding, Findings, Rule
from section3.rules.template import Template, at, each, names, text

FIREWALL = {
    "AWSManagedRulesAmazonIpReputationList",
    "AWSManagedRulesCommonRuleSet",
    "AWSManagedRulesKnownBadInputsRuleSet",
}
PERSONAL = ("identity", "authorizer", "requestOverride", "sourceIp", "header")
LARGEST_FORM = 5 * 1024**3  # maximum of one POST to S3
PREFLIGHT_SECONDS = "'7200'"  # two hours, the maximum of all browsers


def methods_are_authorised(template: Template) -> Findings:
    """Every method requires a signed-in user, except preflights of browsers, which carry no data."""
    for method in template.of_type("ApiGateway::Method"):
        preflight = (method.at("HttpMethod"), method.at("Integration/Type")) == ("OPTIONS", "MOCK")
        authorizer = template.get(method.at("AuthorizerId"))
        authorised = method.at("AuthorizationType") == "COGNITO_USER_POOLS" and authorizer is not None
        if not preflight and not authorised:
            yield Finding(method.name, "requires no signed-in user")
    for authorizer in template.of_type("ApiGateway::Authorizer"):
        if template.get(authorizer.at("ProviderARNs")) not in template.of_type("Cognito::UserPool"):
            yield Finding(authorizer.name, "uses no user pool of the template")


def requests_are_validated(template: Template) -> Findings:
    """Invalid requests are rejected before a function is called."""
    for method in template.of_type("ApiGateway::Method"):
        if method.at("HttpMethod") != "OPTIONS" and template.get(method.at("RequestValidatorId")) is None:
            yield Finding(method.name, "accepts any request")
        if method.at("HttpMethod") == "POST" and template.get(method.at("RequestModels")) is None:
            yield Finding(method.name, "accepts any body")
    for validator in template.of_type("ApiGateway::RequestValidator"):
        if not (validator.at("ValidateRequestBody") is True and validator.at("ValidateRequestParameters") is True):
            yield Finding(validator.name, "validates only a part of a request")
    for model in template.of_type("ApiGateway::Model"):
        properties = model.at("Schema/properties") or {}
        if set(each(model.at("Schema/required"))) != set(properties) or not properties:
            yield Finding(model.name, "has optional or undefined fields")
        if model.at("Schema/additionalProperties") is not False or not at(properties, "content_type/enum"):
            yield Finding(model.name, "accepts any field or any image type")


def uploads_have_a_maximum_size(template: Template) -> Findings:
    """Uploads have a configured maximum size, and requests must state the size."""
    function = template.named("UploadFunction")
    largest = template.number(function.at("Environment/Variables/MAXIMUM_UPLOAD_BYTES"))
    if largest is None or largest > LARGEST_FORM:
        yield Finding(function.name, "signs forms of any size")
    for model in template.of_type("ApiGateway::Model"):
        if "bytes" not in each(model.at("Schema/required")):
            yield Finding(model.name, "does not require the size")


def cors_allows_only_the_web_application(template: Template) -> Findings:
    """CORS allows API and bucket only for pages of WebOrigin."""
    for bucket in template.of_type("S3::Bucket"):
        for rule in each(bucket.at("CorsConfiguration/CorsRules")):
            if rule.get("AllowedOrigins") != [{"Ref": "WebOrigin"}]:
                yield Finding(bucket.name, "allows other origins")
    for response in template.of_type("ApiGateway::GatewayResponse", "ApiGateway::Method"):
        found = response.at("ResponseParameters") or response.at(
            "Integration/IntegrationResponses/0/ResponseParameters"
        )
        origins = [value for name, value in (found or {}).items() if name.endswith("Allow-Origin")]
        wanted = response.type.endswith("GatewayResponse") or response.at("HttpMethod") == "OPTIONS"
        if wanted and origins != [{"Fn::Sub": "'${WebOrigin}'"}]:
            yield Finding(response.name, "allows other origins, or not WebOrigin")


def preflights_are_cached(template: Template) -> Findings:
    """Browsers cache preflights for two hours."""
    for method in template.of_type("ApiGateway::Method"):
        headers = method.at("Integration/IntegrationResponses/0/ResponseParameters") or {}
        seconds = [value for name, value in headers.items() if name.endswith("Access-Control-Max-Age")]
        declared = any(name.endswith("Max-Age") for name in method.at("MethodResponses/0/ResponseParameters") or {})
        if method.at("HttpMethod") == "OPTIONS" and not (seconds == [PREFLIGHT_SECONDS] and declared):
            yield Finding(method.name, "is not cached")


def functions_are_called_only_by_the_api(template: Template) -> Findings:
    """Only its method of the API can call a function."""
    for permission in template.of_type("Lambda::Permission"):
        narrow = "Api" in names(permission.at("SourceArn")) and "/*/*" not in text(permission.at("SourceArn"))
        if permission.at("Principal") != "apigateway.amazonaws.com" or not narrow:
            yield Finding(permission.name, "allows other callers")
    for url in template.of_type("Lambda::Url"):
        yield Finding(url.name, "bypasses the API")


def a_firewall_protects_the_api(template: Template) -> Findings:
    """Every stage has a web firewall that blocks bad addresses, bad inputs (Log4j) and high rates."""
    guarded = [template.get(link.at("ResourceArn")) for link in template.of_type("WAFv2::WebACLAssociation")]
    stages = [name for link in template.of_type("WAFv2::WebACLAssociation") for name in names(link.at("ResourceArn"))]
    for stage in template.of_type("ApiGateway::Stage"):
        if stage.name not in stages or not guarded:
            yield Finding(stage.name, "has no firewall")
    for firewall in template.of_type("WAFv2::WebACL"):
        rules = each(firewall.at("Rules"))
        groups = {at(rule, "Statement/ManagedRuleGroupStatement/Name") for rule in rules if blocks(rule)}
        limits = [template.number(at(rule, "Statement/RateBasedStatement/Limit")) for rule in rules if blocks(rule)]
        if not groups >= FIREWALL or not any(limits):
            yield Finding(firewall.name, "has a missing or a counting rule")


def blocks(rule: object) -> bool:
    """Return whether a firewall rule blocks requests instead of counting them."""
    return at(rule, "OverrideAction/None") is not None or at(rule, "Action/Block") is not None


def calls_are_throttled(template: Template) -> Findings:
    """The API and each function have a limit of calls, which bounds the cost and damage of a flood."""
    for stage in template.of_type("ApiGateway::Stage"):
        settings = each(stage.at("MethodSettings"))
        limits = [template.number(at(setting, "ThrottlingRateLimit")) for setting in settings]
        if not limits or None in limits or at(settings, "0/ThrottlingBurstLimit") is None:
            yield Finding(stage.name, "has no limit of calls")
    for function in template.of_type("Lambda::Function"):
        if not template.number(function.at("ReservedConcurrentExecutions")):
            yield Finding(function.name, "has no limit of concurrency")


def no_personal_data_is_logged(template: Template) -> Findings:
    """Logs and BI data contain no personal data: no addresses, tokens, bodies, headers or owners."""
    for stage in template.of_type("ApiGateway::Stage"):
        log_format = text(stage.at("AccessLogSetting/Format"))
        if any(at(setting, "DataTraceEnabled") is not False for setting in each(stage.at("MethodSettings"))):
            yield Finding(stage.name, "logs bodies")
        if any(personal in log_format for personal in PERSONAL):
            yield Finding(stage.name, "logs callers")
    for logging in template.of_type("WAFv2::LoggingConfiguration"):
        redacted = [text(at(field, "SingleHeader/Name")) for field in each(logging.at("RedactedFields"))]
        if "authorization" not in redacted or logging.at("LoggingFilter/DefaultBehavior") != "DROP":
            yield Finding(logging.name, "logs tokens or allowed requests")
    for table in template.of_type("Glue::Table"):
        columns = {column["Name"] for column in each(table.at("TableInput/StorageDescriptor/Columns"))}
        if columns & {"owner", "user", "email", "object_key"}:
            yield Finding(table.name, "shows analysts the owner")


RULES: tuple[Rule, ...] = (
    methods_are_authorised,
    requests_are_validated,
    uploads_have_a_maximum_size,
    cors_allows_only_the_web_application,
    preflights_are_cached,
    functions_are_called_only_by_the_api,
    a_firewall_protects_the_api,
    calls_are_throttled,
    no_personal_data_is_logged,
)
