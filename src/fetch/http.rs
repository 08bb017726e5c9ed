//! One question and its answer, within bounds: bytes, time, redirects, tries.
//!
//! Redirects are followed here and not by reqwest, so that a login never goes along to another host, scheme or port.

use std::collections::BTreeSet;
use std::error::Error;
use std::io::{self, Read};
use std::time::{Duration, Instant};

use reqwest::blocking::{Client, Response};
use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION,
    RETRY_AFTER,
};
use reqwest::{Certificate, Method, StatusCode, Url, redirect};

use super::clock;
use super::failure::{Cause, Flaw};
use super::place::{host, is_loopback, leads_inside};
use super::{Errand, Limits};

/// Redirects in one question.
const HOPS: usize = 5;

/// Bytes of an answer that only says what went wrong.
const ERROR_BODY: u64 = 64 * 1024;

/// Header fields of an answer.
const HEADERS: usize = 100;

/// What is asked.
pub(super) struct Question<'a> {
    pub method: Method,
    pub url: Url,
    pub accept: &'a str,
    /// The value of `Authorization`.
    pub login: Option<String>,
    /// Sent as a web form.
    pub form: Option<String>,
    /// What is expected, for people.
    pub what: &'static str,
    /// The most bytes of it.
    pub most: u64,
}

/// What came back.
pub(super) struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
    /// Who answered in the end.
    pub url: Url,
}

impl Answer {
    /// A header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The media type without parameters.
    pub fn media_type(&self) -> String {
        let whole = self.header(CONTENT_TYPE.as_str()).unwrap_or_default();
        whole.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }

    /// Whether a web page came back.
    pub fn is_page(&self) -> bool {
        self.media_type().contains("html") || self.body.trim_ascii_start().starts_with(b"<")
    }
}

/// Asks.
pub(super) struct Http {
    through_proxy: Client,
    direct: Client,
    plain: BTreeSet<String>,
    pub limits: Limits,
}

impl Http {
    /// `authorities` are PEM certificates that are trusted besides the system's.
    pub fn new(authorities: &[u8], plain: &BTreeSet<String>, limits: &Limits) -> Result<Http, String> {
        // an Err says that a provider is there already
        let _ = rustls::crypto::ring::default_provider().install_default();
        let roots = Certificate::from_pem_bundle(authorities)
            .map_err(|_| "the authority's file holds no certificate in PEM form".to_owned())?;
        if roots.is_empty() && !authorities.is_empty() {
            return Err("the authority's file holds no certificate in PEM form".into());
        }
        let builder = || {
            Client::builder()
                .user_agent(concat!("stackc/", env!("CARGO_PKG_VERSION")))
                .redirect(redirect::Policy::none())
                .retry(reqwest::retry::never())
                .referer(false)
                .http1_only()
                .http1_max_headers(HEADERS)
                .connect_timeout(limits.connect)
                // the blocking client's own bound: to the first byte, then for each read
                .timeout(limits.silence)
                .tls_certs_merge(roots.iter().cloned())
        };
        let built = |client: reqwest::Result<Client>| {
            client.map_err(|error| {
                format!("no TLS on this machine: {}; Debian: apt-get install ca-certificates", root(&error))
            })
        };
        Ok(Http {
            through_proxy: built(builder().build())?,
            direct: built(builder().no_proxy().build())?,
            plain: plain.clone(),
            limits: limits.clone(),
        })
    }

    /// Asks, and asks again where the answer is to wait; follows where it leads.
    pub fn ask(&self, question: &Question<'_>, errand: &Errand<'_>) -> Result<Answer, Cause> {
        let mut url = question.url.clone();
        let mut login = question.login.as_deref();
        for _ in 0..=HOPS {
            let answer = self.patiently(question, &url, login, errand)?;
            let Some(next) = self.led_to(&answer, question)? else { return Ok(answer) };
            if next.origin() != url.origin() {
                login = None;
            }
            url = next;
        }
        let to = format!("{HOPS} other places in turn");
        Err(Cause::Redirect { host: host(&question.url), to, why: "that never ends" })
    }

    /// Where an answer leads, if it does.
    fn led_to(&self, answer: &Answer, question: &Question<'_>) -> Result<Option<Url>, Cause> {
        let redirects = [301, 302, 303, 307, 308];
        if !redirects.contains(&answer.status.as_u16()) {
            return Ok(None);
        }
        let refused =
            |to: &str, why| Err(Cause::Redirect { host: host(&answer.url), to: super::said::clean(to), why });
        let Some(location) = answer.header(LOCATION.as_str()) else {
            return refused("nowhere", "the place is missing");
        };
        let Ok(next) = answer.url.join(location) else { return refused(location, "that is no URL") };
        let shown = format!("{}://{}", next.scheme(), host(&next));
        if question.form.is_some() {
            return refused(&shown, "a secret would have to go along");
        }
        if answer.url.scheme() == "https" && next.scheme() == "http" {
            return refused(&shown, "from TLS to plain HTTP");
        }
        match self.refuse(&next, &answer.url) {
            Some(why) => refused(&shown, why),
            None => Ok(Some(next)),
        }
    }

    /// Why `url`, which `from` named, is not asked.
    pub fn refuse(&self, url: &Url, from: &Url) -> Option<&'static str> {
        if !url.username().is_empty() || url.password().is_some() {
            return Some("it carries a login of its own");
        }
        if leads_inside(url, from) {
            return Some("that is an address inside of this machine");
        }
        match url.scheme() {
            "https" => None,
            "http" if self.may_be_plain(url) => None,
            "http" => Some("that is plain HTTP, where anybody can answer"),
            _ => Some("that is not HTTP"),
        }
    }

    /// Whether a host may be asked without TLS.
    pub fn may_be_plain(&self, url: &Url) -> bool {
        is_loopback(url) || self.plain.contains(&host(url))
    }

    /// Whether a host answers at all; once, and whatever it says.
    pub fn greet(&self, url: &Url, errand: &Errand<'_>) -> Result<(), Cause> {
        let (url, form, login) = (url.clone(), None, None);
        let question = Question {
            method: Method::GET,
            url,
            accept: "*/*",
            login,
            form,
            what: "answer",
            most: ERROR_BODY,
        };
        self.once(&question, &question.url, None, errand).map(|_| ())
    }

    /// Asks until there is an answer that is not "later", or the tries are used up.
    fn patiently(
        &self,
        question: &Question<'_>,
        url: &Url,
        login: Option<&str>,
        errand: &Errand<'_>,
    ) -> Result<Answer, Cause> {
        let mut tries = 1;
        loop {
            let result = self.once(question, url, login, errand);
            let wait = match &result {
                Ok(answer) => pause(answer, tries),
                Err(Cause::Broken { .. }) => Some(backoff(tries)),
                Err(_) => None,
            };
            let Some(wait) = wait.filter(|wait| {
                tries < self.limits.tries && *wait <= self.limits.longest_wait && *wait < errand.left()
            }) else {
                return result;
            };
            let why = match &result {
                Ok(answer) => format!("{} answers with status {}", host(url), answer.status.as_u16()),
                Err(cause) => cause.to_string(),
            };
            tries = tries.saturating_add(1);
            errand.waits(wait, &why, tries, self.limits.tries);
            std::thread::sleep(wait);
        }
    }

    fn once(
        &self,
        question: &Question<'_>,
        url: &Url,
        login: Option<&str>,
        errand: &Errand<'_>,
    ) -> Result<Answer, Cause> {
        let until = errand.until.min(Instant::now() + self.limits.request);
        let timed_out = |doing| Cause::TimedOut { host: host(url), doing };
        if Instant::now() >= until {
            return Err(timed_out("before it was asked"));
        }
        let client = if is_loopback(url) { &self.direct } else { &self.through_proxy };
        let mut request = client
            .request(question.method.clone(), url.clone())
            .header(ACCEPT, question.accept)
            // a digest is that of the bytes as they are
            .header(ACCEPT_ENCODING, "identity");
        if let Some(form) = &question.form {
            request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form.clone());
        }
        if let Some(login) = login {
            request = request.header(AUTHORIZATION, secret(login, url)?);
        }
        let response = request.send().map_err(|error| cause(&error, url))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let most = if status.is_success() { question.most } else { ERROR_BODY };
        let (body, whole) = read(response, most, until).map_err(|error| match error {
            Some(error) => cause(&error, url),
            None => timed_out("while it was sending"),
        })?;
        if !whole && status.is_success() {
            return Err(Cause::TooLarge { host: host(url), what: question.what, most });
        }
        Ok(Answer { status, headers, body, url: url.clone() })
    }
}

/// A header that no log shows.
fn secret(login: &str, url: &Url) -> Result<HeaderValue, Cause> {
    let mut value = HeaderValue::from_str(login).map_err(|_| Cause::Challenge {
        host: host(url),
        why: "the token holds characters that no header can".into(),
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// At most `most` bytes, and whether these were all; without an error it was time that ran out.
fn read(mut response: Response, most: u64, until: Instant) -> Result<(Vec<u8>, bool), Option<io::Error>> {
    let mut body = Vec::new();
    let mut piece = [0; 16 * 1024];
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    loop {
        let count = response.read(&mut piece).map_err(Some)?;
        if count == 0 {
            return Ok((body, true));
        }
        body.extend(piece.iter().take(count));
        if body.len() > most {
            body.truncate(most);
            return Ok((body, false));
        }
        if Instant::now() >= until {
            return Err(None);
        }
    }
}

/// How long an answer asks to wait, if it does.
fn pause(answer: &Answer, tries: u32) -> Option<Duration> {
    match answer.status.as_u16() {
        429 | 503 => Some(retry_after(&answer.headers).unwrap_or_else(|| backoff(tries))),
        500 | 502 | 504 => Some(backoff(tries)),
        _ => None,
    }
}

/// What `Retry-After` says: seconds, or a date.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    // compared with the server's own clock, ours may be wrong
    let now =
        headers.get(HeaderName::from_static("date")).and_then(|date| clock::seconds(date.to_str().ok()?));
    Some(Duration::from_secs(clock::seconds(text)?.saturating_sub(now?)))
}

/// One second, two, four.
fn backoff(tries: u32) -> Duration {
    Duration::from_secs(1 << tries.saturating_sub(1).min(6))
}

/// What an error of the transport means: the first cause in its chain that says something.
fn cause(error: &(dyn Error + 'static), url: &Url) -> Cause {
    let host = host(url);
    let mut next = Some(error);
    let mut connecting = false;
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<rustls::Error>() {
            return tls(error, host);
        }
        if let Some(error) = error.downcast_ref::<reqwest::Error>() {
            connecting |= error.is_connect();
            if error.is_dns() {
                return Cause::NoName { host };
            }
            if error.is_timeout() {
                return Cause::TimedOut {
                    host,
                    doing: if connecting { "connecting" } else { "waiting for it" },
                };
            }
        }
        if let Some(error) = error.downcast_ref::<io::Error>() {
            match error.kind() {
                io::ErrorKind::ConnectionRefused => return Cause::Refused { host },
                io::ErrorKind::TimedOut => return Cause::TimedOut { host, doing: "connecting" },
                _ => {}
            }
            if let Some(inner) = error.get_ref() {
                next = Some(inner);
                continue;
            }
        }
        next = error.source();
    }
    let why = super::said::clean(&root(error));
    if connecting { Cause::NoRoute { host, why } } else { Cause::Broken { host, why } }
}

/// The innermost words: the outer ones repeat the URL, which may carry a signature.
fn root(error: &(dyn Error + 'static)) -> String {
    let mut inner = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    inner.to_string()
}

fn tls(error: &rustls::Error, host: String) -> Cause {
    use rustls::CertificateError as Bad;
    let flaw = match error {
        rustls::Error::InvalidMessage(_) => return Cause::NotTls { host },
        rustls::Error::InvalidCertificate(bad) => match bad {
            Bad::Expired | Bad::ExpiredContext { .. } | Bad::NotValidYet | Bad::NotValidYetContext { .. } => {
                Flaw::Expired
            }
            Bad::UnknownIssuer => Flaw::Unknown,
            Bad::NotValidForName | Bad::NotValidForNameContext { .. } => Flaw::Name,
            other => Flaw::Other(other.to_string()),
        },
        other => Flaw::Other(other.to_string()),
    };
    Cause::Certificate { host, flaw }
}
