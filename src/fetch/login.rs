//! From a 401 to the value of `Authorization`: Basic, or a token from where the registry sends us.
//!
//! Whom the token comes from is the registry's choice, so that place gets a login only if it is the registry's own host
//! (CVE-2020-15157, oras-go's CVE-2026-48978); any other is asked as a stranger.

use reqwest::header::WWW_AUTHENTICATE;
use reqwest::{Method, Url};
use serde::Deserialize;

use super::Errand;
use super::challenge::{self, Challenge};
use super::credentials::{Found, Login};
use super::failure::Cause;
use super::http::{Answer, Http, Question};
use super::place::host;
use super::said::{clean, errors};

/// Bytes of a token's answer.
const LONGEST: u64 = 1024 * 1024;

/// What a token is asked for at most.
const SCOPES: usize = 8;

/// Registries whose tokens come from another host of theirs.
const SIBLINGS: [(&str, &str); 2] =
    [("registry-1.docker.io", "auth.docker.io"), ("registry.gitlab.com", "gitlab.com")];

/// What a login led to.
pub(super) struct Access {
    /// The value of `Authorization`; none: the server wants what we don't have.
    pub header: Option<String>,
    /// Whether it stands for an account.
    pub logged_in: bool,
    /// What the user should know about it.
    pub note: Option<String>,
}

/// Answers a challenge. `scope` is what is asked for if the registry doesn't say.
pub(super) fn log_in(
    http: &Http,
    refusal: &Answer,
    found: &Found,
    scope: &str,
    errand: &Errand<'_>,
) -> Result<Access, Cause> {
    let challenges = challenges(refusal)?;
    let by = |scheme: &str| challenges.iter().find(|challenge| challenge.scheme == scheme);
    if let Some(bearer) = by("bearer") {
        return token(http, refusal, bearer, found, scope, errand);
    }
    let header = by("basic").and(found.login.as_ref()).and_then(Login::basic);
    Ok(Access { logged_in: header.is_some(), header, note: found.note.clone() })
}

/// Every challenge of every header.
fn challenges(refusal: &Answer) -> Result<Vec<Challenge>, Cause> {
    let mut all = Vec::new();
    for header in refusal.headers.get_all(WWW_AUTHENTICATE) {
        let text = header.to_str().map_err(|_| "it is no text".to_owned());
        let parsed = text.and_then(challenge::parse);
        all.extend(parsed.map_err(|why| Cause::Challenge { host: host(&refusal.url), why: clean(&why) })?);
    }
    Ok(all)
}

#[derive(Deserialize)]
struct Token {
    token: Option<String>,
    access_token: Option<String>,
}

fn token(
    http: &Http,
    refusal: &Answer,
    bearer: &Challenge,
    found: &Found,
    scope: &str,
    errand: &Errand<'_>,
) -> Result<Access, Cause> {
    let realm = realm(http, refusal, bearer)?;
    let own = is_own(&refusal.url, &realm);
    let login = found.login.as_ref().filter(|_| own);
    let mut note = found.note.clone();
    if found.login.is_some() && !own {
        note = Some(format!(
            "the login for {} was not sent to {}, which it names for tokens",
            host(&refusal.url),
            host(&realm)
        ));
    }
    let answer = http.ask(&question(&realm, bearer, scope, login), errand)?;
    let at = host(&answer.url);
    match answer.status.as_u16() {
        200 => {}
        401 | 403 => {
            return Ok(Access { header: None, logged_in: login.is_some(), note: note.or(told(&answer)) });
        }
        429 => {
            let seconds = super::http::retry_after(&answer.headers).map(|wait| wait.as_secs());
            let said = errors(&answer.body);
            return Err(Cause::RateLimit { host: at, seconds, logged_in: login.is_some(), said });
        }
        status => return Err(Cause::Status { host: at, status, said: errors(&answer.body) }),
    }
    let token = serde_json::from_slice(&answer.body)
        .ok()
        .and_then(|Token { token, access_token }| token.or(access_token).filter(|token| !token.is_empty()));
    let Some(token) = token else {
        let why = if answer.is_page() { "a web page in place of a token" } else { "no token in its answer" };
        return Err(Cause::NotRegistry { host: at, why: why.into() });
    };
    Ok(Access { header: Some(format!("Bearer {token}")), logged_in: login.is_some(), note })
}

/// What the token's server says to a refusal.
fn told(answer: &Answer) -> Option<String> {
    let said = errors(&answer.body);
    (!said.is_empty()).then(|| format!("{} said: {said}", host(&answer.url)))
}

/// The place for tokens, if it may be asked at all.
fn realm(http: &Http, refusal: &Answer, bearer: &Challenge) -> Result<Url, Cause> {
    let from = host(&refusal.url);
    let text = bearer.get("realm").unwrap_or_default();
    let refused = |realm: String, why| Err(Cause::Realm { host: from.clone(), realm, why });
    let Ok(realm) = Url::parse(text) else { return refused(clean(text), "that is no URL") };
    let shown = clean(&format!("{}://{}", realm.scheme(), host(&realm)));
    if realm.fragment().is_some() {
        return refused(shown, "a fragment has no place there");
    }
    if realm.scheme() == "http" && refusal.url.scheme() != "http" {
        return refused(shown, "that is plain HTTP, where anybody can answer");
    }
    match http.refuse(&realm, &refusal.url) {
        Some(why) => refused(shown, why),
        None => Ok(realm),
    }
}

/// Whether a place for tokens is the registry's own.
fn is_own(registry: &Url, realm: &Url) -> bool {
    let (registry_host, realm_host) = (host(registry), host(realm));
    registry.origin() == realm.origin()
        || (realm.scheme() == "https" && SIBLINGS.contains(&(registry_host.as_str(), realm_host.as_str())))
}

/// An identity token goes in a form, a password in a header, a stranger with nothing.
fn question(realm: &Url, bearer: &Challenge, scope: &str, login: Option<&Login>) -> Question<'static> {
    let service = bearer.get("service").map(|service| ("service", service));
    let scopes = bearer.get("scope").unwrap_or(scope).split_ascii_whitespace().take(SCOPES);
    let pairs = service.into_iter().chain(scopes.map(|scope| ("scope", scope)));
    let mut url = realm.clone();
    let (mut method, mut form) = (Method::GET, None);
    if let Some(Login::Identity(secret)) = login {
        let grant = [("grant_type", "refresh_token"), ("client_id", "stackc"), ("refresh_token", secret)];
        let mut fields = realm.clone();
        fields.query_pairs_mut().clear().extend_pairs(pairs).extend_pairs(grant);
        form = fields.query().map(ToOwned::to_owned);
        method = Method::POST;
    } else {
        url.query_pairs_mut().extend_pairs(pairs);
    }
    let login = login.and_then(Login::basic);
    Question { method, url, accept: "application/json", login, form, what: "token", most: LONGEST }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use reqwest::StatusCode;
    use reqwest::header::{HeaderMap, HeaderValue};

    use super::*;
    use crate::fetch::Limits;

    fn refusal(from: &str, challenge: &str) -> Answer {
        let mut headers = HeaderMap::new();
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_str(challenge).unwrap());
        let url = Url::parse(from).unwrap();
        Answer { status: StatusCode::UNAUTHORIZED, headers, body: Vec::new(), url }
    }

    /// Whether the realm is asked, and whether with a login.
    fn asked(from: &str, at: &str) -> Result<bool, String> {
        let http = Http::new(b"", &BTreeSet::from(["plain.example".to_owned()]), &Limits::default()).unwrap();
        let answer = refusal(from, &format!("Bearer realm=\"{at}\""));
        let challenges = challenges(&answer).unwrap();
        match realm(&http, &answer, &challenges[0]) {
            Ok(realm) => Ok(is_own(&answer.url, &realm)),
            Err(Cause::Realm { why, .. }) => Err(why.to_owned()),
            Err(other) => Err(format!("{other:?}")),
        }
    }

    #[test]
    #[rustfmt::skip] // a table
    fn places_for_tokens() {
        let plain = Err("that is plain HTTP, where anybody can answer");
        let inside = Err("that is an address inside of this machine");
        for (from, at, expected) in [
            ("https://registry-1.docker.io/v2/", "https://auth.docker.io/token", Ok(true)),
            ("https://registry.gitlab.com/v2/", "https://gitlab.com/jwt/auth", Ok(true)),
            ("https://ghcr.io/v2/", "https://ghcr.io/token", Ok(true)),
            ("https://r.example:5000/v2/", "https://r.example:5000/token", Ok(true)),
            // others are asked as by a stranger
            ("https://r.example/v2/", "https://auth.docker.io/token", Ok(false)),
            ("https://registry-1.docker.io/v2/", "https://auth.docker.io.evil.example/", Ok(false)),
            ("https://r.example/v2/", "https://r.example:5000/token", Ok(false)),
            ("https://r.example/v2/", "https://sub.r.example/token", Ok(false)),
            // and some not at all
            ("https://r.example/v2/", "http://r.example/token", plain),
            ("https://plain.example/v2/", "http://plain.example/token", plain),
            ("http://plain.example/v2/", "http://other.example/token", plain),
            ("http://plain.example/v2/", "http://plain.example/token", Ok(true)),
            ("https://r.example/v2/", "https://127.0.0.1/token", inside),
            ("https://r.example/v2/", "https://169.254.169.254/token", inside),
            ("https://r.example/v2/", "https://localhost/token", inside),
            ("https://r.example/v2/", "https://u:p@r.example/token", Err("it carries a login of its own")),
            ("https://r.example/v2/", "https://r.example/token#x", Err("a fragment has no place there")),
            ("https://r.example/v2/", "file:///etc/passwd", Err("that is not HTTP")),
            ("https://r.example/v2/", "/token", Err("that is no URL")),
        ] {
            assert_eq!(asked(from, at), expected.map_err(ToOwned::to_owned), "{from} {at}");
        }
    }
}
