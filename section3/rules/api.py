"""The API answers the web application's users, and takes no more than it can hold."""

from section3.rules.base import Finding, Findings, Rule
from section3.rules.template import Template, at, each, names, text

FIREWALL = {
    "AWSManagedRulesAmazonIpReputationList",
    "AWSManagedRulesCommonRuleSet",
    "AWSManagedRulesKnownBadInputsRuleSet",
}
PERSONAL = ("identity", "authorizer", "requestOverride", "sourceIp", "header")
LARGEST_FORM = 5 * 1024**3  # what S3 takes by one POST
PREFLIGHT_SECONDS = "'7200'"  # two hours, the longest that all browsers take


def methods_are_authorised(template: Template) -> Findings:
    """Every method asks who is calling; only a browser's preflight, which carries no data, is free."""
    for method in template.of_type("ApiGateway::Method"):
        preflight = (method.at("HttpMethod"), method.at("Integration/Type")) == ("OPTIONS", "MOCK")
        authorizer = template.get(method.at("AuthorizerId"))
        asked = method.at("AuthorizationType") == "COGNITO_USER_POOLS" and authorizer is not None
        if not preflight and not asked:
            yield Finding(method.name, "answers anybody")
    for authorizer in template.of_type("ApiGateway::Authorizer"):
        if template.get(authorizer.at("ProviderARNs")) not in template.of_type("Cognito::UserPool"):
            yield Finding(authorizer.name, "knows users of no pool of the template")


def requests_are_checked(template: Template) -> Findings:
    """A request that is not as described never reaches a function."""
    for method in template.of_type("ApiGateway::Method"):
        if method.at("HttpMethod") != "OPTIONS" and template.get(method.at("RequestValidatorId")) is None:
            yield Finding(method.name, "takes any request")
        if method.at("HttpMethod") == "POST" and template.get(method.at("RequestModels")) is None:
            yield Finding(method.name, "takes any body")
    for validator in template.of_type("ApiGateway::RequestValidator"):
        if not (validator.at("ValidateRequestBody") is True and validator.at("ValidateRequestParameters") is True):
            yield Finding(validator.name, "checks a part of a request")
    for model in template.of_type("ApiGateway::Model"):
        described = model.at("Schema/properties") or {}
        if set(each(model.at("Schema/required"))) != set(described) or not described:
            yield Finding(model.name, "leaves fields out")
        if model.at("Schema/additionalProperties") is not False or not at(described, "content_type/enum"):
            yield Finding(model.name, "takes any field or any type of image")


def uploads_have_a_largest_size(template: Template) -> Findings:
    """A form takes an image up to a size that is set, and the request has to say its size."""
    function = template.named("UploadFunction")
    largest = template.number(function.at("Environment/Variables/MAXIMUM_UPLOAD_BYTES"))
    if largest is None or largest > LARGEST_FORM:
        yield Finding(function.name, "signs forms for any size")
    for model in template.of_type("ApiGateway::Model"):
        if "bytes" not in each(model.at("Schema/required")):
            yield Finding(model.name, "lets a request leave out the size")


def only_the_web_application_is_let_in(template: Template) -> Findings:
    """A browser lets the pages of WebOrigin use API and bucket, and no other page."""
    for bucket in template.of_type("S3::Bucket"):
        for rule in each(bucket.at("CorsConfiguration/CorsRules")):
            if rule.get("AllowedOrigins") != [{"Ref": "WebOrigin"}]:
                yield Finding(bucket.name, "is open to other pages")
    for response in template.of_type("ApiGateway::GatewayResponse", "ApiGateway::Method"):
        found = response.at("ResponseParameters") or response.at(
            "Integration/IntegrationResponses/0/ResponseParameters"
        )
        origins = [value for name, value in (found or {}).items() if name.endswith("Allow-Origin")]
        wanted = response.type.endswith("GatewayResponse") or response.at("HttpMethod") == "OPTIONS"
        if wanted and origins != [{"Fn::Sub": "'${WebOrigin}'"}]:
            yield Finding(response.name, "is open to other pages, or closed to WebOrigin")


def preflights_are_remembered(template: Template) -> Findings:
    """A browser asks once in two hours whether it may call, not before every call."""
    for method in template.of_type("ApiGateway::Method"):
        told = method.at("Integration/IntegrationResponses/0/ResponseParameters") or {}
        seconds = [value for name, value in told.items() if name.endswith("Access-Control-Max-Age")]
        declared = any(name.endswith("Max-Age") for name in method.at("MethodResponses/0/ResponseParameters") or {})
        if method.at("HttpMethod") == "OPTIONS" and not (seconds == [PREFLIGHT_SECONDS] and declared):
            yield Finding(method.name, "is asked before every call")


def functions_answer_the_api_only(template: Template) -> Findings:
    """Nothing but its own method of the API may call a function."""
    for permission in template.of_type("Lambda::Permission"):
        narrow = "Api" in names(permission.at("SourceArn")) and "/*/*" not in text(permission.at("SourceArn"))
        if permission.at("Principal") != "apigateway.amazonaws.com" or not narrow:
            yield Finding(permission.name, "lets others call")
    for url in template.of_type("Lambda::Url"):
        yield Finding(url.name, "is a way around the API")


def the_firewall_stands_before_the_api(template: Template) -> Findings:
    """A web firewall with the rules on bad addresses, bad inputs (Log4j) and rates blocks before every stage."""
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
            yield Finding(firewall.name, "lacks a rule, or only counts what it should block")


def blocks(rule: object) -> bool:
    """Return whether a rule of the firewall does what it says rather than count."""
    return at(rule, "OverrideAction/None") is not None or at(rule, "Action/Block") is not None


def calls_are_throttled(template: Template) -> Findings:
    """The API and each function take a set number of calls, so that a flood costs and breaks only so much."""
    for stage in template.of_type("ApiGateway::Stage"):
        settings = each(stage.at("MethodSettings"))
        limits = [template.number(at(setting, "ThrottlingRateLimit")) for setting in settings]
        if not limits or None in limits or at(settings, "0/ThrottlingBurstLimit") is None:
            yield Finding(stage.name, "takes any number of calls")
    for function in template.of_type("Lambda::Function"):
        if not template.number(function.at("ReservedConcurrentExecutions")):
            yield Finding(function.name, "runs any number of times at once")


def nothing_personal_is_logged(template: Template) -> Findings:
    """Logs and BI data name no user: no address, token or body from the API, no header from the firewall, no owner."""
    for stage in template.of_type("ApiGateway::Stage"):
        words = text(stage.at("AccessLogSetting/Format"))
        if any(at(setting, "DataTraceEnabled") is not False for setting in each(stage.at("MethodSettings"))):
            yield Finding(stage.name, "logs bodies")
        if any(personal in words for personal in PERSONAL):
            yield Finding(stage.name, "logs who calls")
    for logging in template.of_type("WAFv2::LoggingConfiguration"):
        redacted = [text(at(field, "SingleHeader/Name")) for field in each(logging.at("RedactedFields"))]
        if "authorization" not in redacted or logging.at("LoggingFilter/DefaultBehavior") != "DROP":
            yield Finding(logging.name, "logs tokens, or those who did no harm")
    for table in template.of_type("Glue::Table"):
        columns = {column["Name"] for column in each(table.at("TableInput/StorageDescriptor/Columns"))}
        if columns & {"owner", "user", "email", "object_key"}:
            yield Finding(table.name, "tells analysts whose image it was")


RULES: tuple[Rule, ...] = (
    methods_are_authorised,
    requests_are_checked,
    uploads_have_a_largest_size,
    only_the_web_application_is_let_in,
    preflights_are_remembered,
    functions_answer_the_api_only,
    the_firewall_stands_before_the_api,
    calls_are_throttled,
    nothing_personal_is_logged,
)
