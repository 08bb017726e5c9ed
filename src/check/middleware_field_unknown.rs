//! Fields of Traefik's middlewares that look like a slip of the pen. The API server drops a field that the custom resource
//! does not have, without a word: a limit with `averge` limits nothing.

use super::Facts;
use crate::finding::{Code, Finding, Findings, Page, Severity, nearest};
use crate::lower::{is_newer_middleware, renamed_middleware};
use crate::yaml::Node;

/// A field that Traefik does not have, and that is nearly one that it has.
pub static CODE: Code = Code {
    name: "middleware-field-unknown",
    severity: Severity::Warning,
    page: Page {
        about: "A middleware has a field that Traefik does not know, and that is nearly one that it knows. The API server\n\
                drops unknown fields without a word, so the middleware would do less than it seems to.",
        bad: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nports: {http: 8080}\n\
              routes: {web: {host: www.example.org, middlewares: [slow]}}\nmiddlewares: {slow: {rateLimit: {averge: 50}}}\n",
        good: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nports: {http: 8080}\n\
               routes: {web: {host: www.example.org, middlewares: [slow]}}\nmiddlewares: {slow: {rateLimit: {average: 50}}}\n",
    },
};

/// Fields of each, of Traefik 2.6 to 3.7 together (its custom resources, `pkg/provider/kubernetes/crd/traefikio/v1alpha1`
/// and `pkg/config/dynamic/middlewares.go`). Others may come, so that only a near miss is told.
#[rustfmt::skip] // a table
const FIELDS: [(&str, &[&str]); 21] = [
    ("addPrefix", &["prefix"]),
    ("basicAuth", &["secret", "realm", "removeHeader", "headerField"]),
    ("buffering", &["maxRequestBodyBytes", "memRequestBodyBytes", "maxResponseBodyBytes", "memResponseBodyBytes", "retryExpression"]),
    ("chain", &["middlewares"]),
    ("circuitBreaker", &["expression", "checkPeriod", "fallbackDuration", "recoveryDuration", "responseCode"]),
    ("contentType", &["autoDetect"]),
    ("digestAuth", &["secret", "realm", "removeHeader", "headerField"]),
    ("errors", &["status", "statusRewrites", "service", "query", "errorRequestHeaders"]),
    ("forwardAuth", &[
        "address", "trustForwardHeader", "authResponseHeaders", "authResponseHeadersRegex", "authRequestHeaders", "tls",
        "maxResponseBodySize", "addAuthCookiesToResponse", "headerField", "forwardBody", "maxBodySize",
        "preserveLocationHeader", "preserveRequestMethod", "authSigninURL",
    ]),
    ("headers", &[
        "customRequestHeaders", "customResponseHeaders", "accessControlAllowCredentials", "accessControlAllowHeaders",
        "accessControlAllowMethods", "accessControlAllowOrigin", "accessControlAllowOriginList",
        "accessControlAllowOriginListRegex", "accessControlExposeHeaders", "accessControlMaxAge", "addVaryHeader",
        "allowedHosts", "hostsProxyHeaders", "sslRedirect", "sslTemporaryRedirect", "sslHost", "sslProxyHeaders",
        "sslForceHost", "stsSeconds", "stsIncludeSubdomains", "stsPreload", "forceSTSHeader", "frameDeny",
        "customFrameOptionsValue", "contentTypeNosniff", "browserXssFilter", "customBrowserXSSValue",
        "contentSecurityPolicy", "contentSecurityPolicyReportOnly", "publicKey", "referrerPolicy", "featurePolicy",
        "permissionsPolicy", "isDevelopment",
    ]),
    ("inFlightConn", &["amount"]),
    ("inFlightReq", &["amount", "sourceCriterion"]),
    ("ipAllowList", &["sourceRange", "ipStrategy", "rejectStatusCode"]),
    ("ipWhiteList", &["sourceRange", "ipStrategy"]),
    ("rateLimit", &["average", "period", "burst", "sourceCriterion", "redis"]),
    ("redirectRegex", &["regex", "replacement", "permanent"]),
    ("redirectScheme", &["scheme", "port", "permanent"]),
    ("replacePath", &["path"]),
    ("replacePathRegex", &["regex", "replacement"]),
    ("stripPrefix", &["prefixes", "forceSlash"]),
    ("stripPrefixRegex", &["regex"]),
];

/// Fields of Traefik's files that its custom resources do not have: the middleware, the fields, what to write.
const ELSEWHERE: [(&str, &[&str], &str); 2] = [
    ("basicAuth", &["users", "usersFile"], "secret: NAME, of a Secret whose key `users` holds these lines"),
    ("digestAuth", &["users", "usersFile"], "secret: NAME, of a Secret whose key `users` holds these lines"),
];

/// Tells each.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    newer(facts, found);
    let middlewares =
        facts.objects.iter().filter(|object| ["Middleware", "MiddlewareTCP"].contains(&object.id.kind.as_str()));
    for entry in middlewares.flat_map(|object| object.body.get("spec").map_or(&[][..], Node::entries)) {
        let Some((kind, fields)) = FIELDS.iter().find(|(kind, _)| *kind == entry.key.text) else { continue };
        for field in entry.value.entries().iter().filter(|field| !fields.contains(&&*field.key.text)) {
            let is = |row: &&(&str, &[&str], &str)| row.0 == *kind && row.1.contains(&&*field.key.text);
            if let Some((.., instead)) = ELSEWHERE.iter().find(is) {
                let message = format!("`{}` is no field of the custom resource's `{kind}`: nobody is asked for it", field.key.text);
                found.push(Finding::new(&CODE, field.key.span, message).weighs(Severity::Error).help(*instead));
            } else if let Some(near) = nearest(&field.key.text, fields.iter().copied()) {
                let message = format!("Traefik's `{kind}` has no field `{}`, and would ignore it", field.key.text);
                found.push(
                    Finding::new(&CODE, field.key.span, message).help(format!("did you mean `{near}`?")),
                );
            }
        }
    }
}

/// Middlewares that this release's Traefik has not yet: the API server drops the word, and the routes answer 404.
fn newer(facts: &Facts<'_>, found: &mut Findings) {
    let stack = facts.stack;
    if stack.disables("traefik").is_some() || facts.served.dialect.is_none() {
        return;
    }
    let raw = facts.of("Middleware").iter().chain(facts.of("MiddlewareTCP"));
    let raw = raw.filter(|object| object.id.group().starts_with("traefik."));
    for entry in raw.flat_map(|object| object.body.get("spec").map_or(&[][..], Node::entries)) {
        let word = entry.key.text.as_ref();
        if !is_newer_middleware(word, &stack.release) || found.tells(entry.key.span) {
            continue;
        }
        let message = format!("the Traefik of {} has no middleware `{word}`", stack.release.version());
        let finding = Finding::new(&CODE, entry.key.span, message).weighs(Severity::Error);
        let finding = finding.also(stack.release_span, "this release").note("routes that go through it answer 404");
        found.push(finding.maybe_help(renamed_middleware(word).map(|old| format!("this Traefik calls it `{old}`"))));
    }
}

#[cfg(test)]
mod tests {
    use crate::check::trial::told;

    #[test]
    fn middlewares_that_came_with_a_later_traefik() {
        let middleware = |word: &str| {
            format!("apiVersion: traefik.io/v1alpha1\nkind: Middleware\nmetadata: {{name: lan}}\nspec: {{{word}: {{}}}}\n")
        };
        for (release, word, told_of) in [
            ("v1.28.5+k3s1", "ipAllowList", 1),
            ("v1.28.5+k3s1", "ipWhiteList", 0),
            ("v1.28.5+k3s1", "grpcWeb", 1),
            ("v1.29.10+k3s1", "ipAllowList", 0), // chart 25 or 27
            ("v1.31.2+k3s1", "ipAllowList", 0),  // Traefik 2.11
            ("v1.32.2+k3s1", "ipAllowList", 0),
        ] {
            let told = told(super::run, &format!("k3s: {release}"), &middleware(word));
            assert_eq!(told.len(), told_of, "{release} {word} {told:?}");
        }
    }
}
