//! One registry's protocol (OCI distribution-spec): manifests by tag or digest, blobs by digest, tags.

use reqwest::header::LINK;
use reqwest::{Method, Url};
use serde::Deserialize;

use super::document::{self, ACCEPT, Built, Descriptor, Document};
use super::failure::Cause;
use super::http::{Answer, Question, retry_after};
use super::login::log_in;
use super::place::{host, is_loopback};
use super::said::{clean, errors};
use super::{Client, Errand, locked};
use crate::kube::{Image, digest};

/// Bytes of a manifest: containerd's own bound.
const MANIFEST: u64 = 4 * 1048 * 1048;

/// Bytes of an image's configuration.
const CONFIG: u64 = 8 * 1024 * 1024;

/// Bytes of one page of tags.
const TAGS: u64 = 4 * 1024 * 1024;

/// Tags of one repository.
const MANY_TAGS: usize = 50_000;

/// Where an image is asked for.
#[derive(Debug)]
pub(super) struct Endpoint {
    /// Ends in `/v2` or a path of a mirror's own, without `/`.
    pub base: Url,
    /// What the image is called there.
    pub name: String,
    /// A mirror is told whose image is meant.
    pub upstream: Option<String>,
    /// `domain/path`, for people.
    pub repository: String,
}

/// A manifest as it was received.
pub(super) struct Manifest {
    /// Of the raw bytes.
    pub digest: String,
    pub media_type: String,
    pub document: Document,
}

/// What is asked of an endpoint.
struct Part<'a> {
    method: Method,
    /// Below the image's name: `manifests/latest`.
    path: String,
    accept: &'a str,
    what: &'static str,
    most: u64,
}

impl Client {
    /// The mirrors of an image's registry, and the registry itself.
    pub(super) fn endpoints(&self, image: &Image, errand: &Errand<'_>) -> Result<Vec<Endpoint>, Cause> {
        let own = self.base(&image.domain, errand)?;
        let mirrors = self.registries.mirrors(image).into_iter().filter(|(base, _)| *base != own);
        let mirrors = mirrors.map(|(base, name)| (base, name, Some(image.domain.clone())));
        let all = mirrors.chain([(own.clone(), image.path.clone(), None)]);
        let repository = image.repository();
        let endpoint =
            |(base, name, upstream)| Endpoint { base, name, upstream, repository: repository.clone() };
        Ok(all.map(endpoint).collect())
    }

    /// A registry's address. Only on this machine it is found out by asking whether it speaks TLS: a password goes nowhere
    /// before the handshake is done.
    fn base(&self, domain: &str, errand: &Errand<'_>) -> Result<Url, Cause> {
        let domain = if domain == "docker.io" { "registry-1.docker.io" } else { domain };
        let at = |scheme| {
            Url::parse(&format!("{scheme}://{domain}/v2"))
                .map_err(|error| Cause::Unreadable { why: format!("{domain}: {error}") })
        };
        let url = at("https")?;
        if self.plain.contains(domain) {
            return at("http");
        }
        if !is_loopback(&url) {
            return Ok(url);
        }
        if let Some(known) = locked(&self.bases).get(domain) {
            return Ok(known.clone());
        }
        let base = match self.http.greet(&url, errand) {
            Err(Cause::NotTls { .. } | Cause::NoRoute { .. } | Cause::Broken { .. }) => at("http")?,
            Err(failed @ (Cause::Refused { .. } | Cause::TimedOut { .. })) => return Err(failed),
            Ok(()) | Err(_) => url,
        };
        locked(&self.bases).insert(domain.to_owned(), base.clone());
        Ok(base)
    }

    /// Asks, and logs in where that is wanted. The second value: whether an account asked.
    fn ask(&self, at: &Endpoint, part: &Part<'_>, errand: &Errand<'_>) -> Result<(Answer, bool), Cause> {
        let question = |login| Question {
            method: part.method.clone(),
            url: at.url(&part.path),
            accept: part.accept,
            login,
            form: None,
            what: part.what,
            most: part.most,
        };
        let key = (host(&at.base), at.name.clone());
        let known = locked(&self.logins).get(&key).cloned();
        let (known, account) = known.map_or((None, false), |(login, account)| (Some(login), account));
        let answer = self.http.ask(&question(known), errand)?;
        // another host, reached by a redirect, has no claim on a login
        if answer.status.as_u16() != 401 || answer.url.origin() != at.base.origin() {
            return Ok((answer, account));
        }
        let found = self.credentials.of(&key.0, errand.left());
        let scope = format!("repository:{}:pull", at.name);
        let access = log_in(&self.http, &answer, &found, &scope, errand)?;
        if let Some(note) = access.note {
            errand.note(note);
        }
        let Some(login) = access.header else { return Ok((answer, access.logged_in)) };
        locked(&self.logins).insert(key, (login.clone(), access.logged_in));
        Ok((self.http.ask(&question(Some(login)), errand)?, access.logged_in))
    }

    /// The digest that a registry has for a reference, if it says so. Costs no pull.
    pub(super) fn head(
        &self,
        at: &Endpoint,
        reference: &str,
        errand: &Errand<'_>,
    ) -> Result<Option<String>, Cause> {
        let path = format!("manifests/{reference}");
        let part = Part { method: Method::HEAD, path, accept: ACCEPT, what: "manifest", most: 0 };
        let (answer, logged_in) = self.ask(at, &part, errand)?;
        match answer.status.as_u16() {
            200 => Ok(answer.header("docker-content-digest").map(ToOwned::to_owned)),
            // tried often enough
            429 | 500 | 502..=504 => Err(refused(at, reference, &answer, logged_in)),
            // a GET tells why
            _ => Ok(None),
        }
    }

    /// A manifest, its bytes held against every digest that names them.
    pub(super) fn manifest(
        &self,
        at: &Endpoint,
        reference: &str,
        entry: Option<&Descriptor>,
        errand: &Errand<'_>,
    ) -> Result<Manifest, Cause> {
        let path = format!("manifests/{reference}");
        let part = Part { method: Method::GET, path, accept: ACCEPT, what: "manifest", most: MANIFEST };
        let (answer, logged_in) = self.ask(at, &part, errand)?;
        if answer.status.as_u16() != 200 {
            return Err(refused(at, reference, &answer, logged_in));
        }
        // by digest, the digest asked for decides, whatever the header says
        let named =
            if reference.contains(':') { Some(reference) } else { answer.header("docker-content-digest") };
        if let Some(asked) = named.filter(|asked| !digest::names(asked, &answer.body)) {
            return Err(wrong_digest(&answer, asked));
        }
        let media_type = answer.media_type();
        known_type(&answer, &media_type)?;
        let size = u64::try_from(answer.body.len()).unwrap_or(u64::MAX);
        if let Some(entry) = entry.filter(|entry| entry.size != size || entry.media_type != media_type) {
            let why = format!("{} is listed with another size or type than it has", clean(&entry.digest));
            return Err(Cause::Unreadable { why });
        }
        let document = document::read(&media_type, &answer.body)?;
        Ok(Manifest { digest: digest::digest(&answer.body), media_type, document })
    }

    /// What an image's configuration says that it was built for.
    pub(super) fn config(
        &self,
        at: &Endpoint,
        config: &Descriptor,
        errand: &Errand<'_>,
    ) -> Result<Built, Cause> {
        let most = CONFIG;
        if config.size > most {
            return Err(Cause::TooLarge { host: host(&at.base), what: "configuration", most });
        }
        let path = format!("blobs/{}", path_of(&config.digest)?);
        let part = Part { method: Method::GET, path, accept: "*/*", what: "configuration", most };
        let (answer, logged_in) = self.ask(at, &part, errand)?;
        if answer.status.as_u16() != 200 {
            return Err(refused(at, &config.digest, &answer, logged_in));
        }
        let size = u64::try_from(answer.body.len()).ok();
        if size != Some(config.size) || !digest::names(&config.digest, &answer.body) {
            return Err(wrong_digest(&answer, &config.digest));
        }
        document::config(&answer.body)
    }

    /// All tags of a repository, in the registry's order.
    pub(super) fn tags_at(&self, at: &Endpoint, errand: &Errand<'_>) -> Result<Vec<String>, Cause> {
        #[derive(Deserialize)]
        struct Page {
            tags: Option<Vec<String>>,
        }
        let mut all = Vec::new();
        let mut path = "tags/list?n=1000".to_owned();
        loop {
            let accept = "application/json";
            let part = Part { method: Method::GET, path, accept, what: "list of tags", most: TAGS };
            let (answer, logged_in) = self.ask(at, &part, errand)?;
            if answer.status.as_u16() != 200 {
                return Err(refused(at, "tags", &answer, logged_in));
            }
            let Ok(page) = serde_json::from_slice::<Page>(&answer.body) else {
                let why = if answer.is_page() { "a web page came back" } else { "this is no list of tags" };
                return Err(Cause::NotRegistry { host: host(&answer.url), why: why.into() });
            };
            let tags = page.tags.unwrap_or_default();
            let next = (!tags.is_empty()).then(|| next_page(&answer)).flatten();
            all.extend(tags);
            match next {
                Some(next) if all.len() < MANY_TAGS => path = format!("tags/list?{next}"),
                _ => return Ok(all),
            }
        }
    }
}

impl Endpoint {
    fn url(&self, part: &str) -> Url {
        let mut url = self.base.clone();
        let (path, query) = part.split_once('?').map_or((part, None), |(path, query)| (path, Some(query)));
        url.set_path(&format!("{}/{}/{path}", self.base.path(), self.name));
        url.set_query(query);
        if let Some(upstream) = &self.upstream {
            url.query_pairs_mut().append_pair("ns", upstream);
        }
        url
    }
}

/// The query of the next page: `</v2/a/tags/list?last=x&n=1000>; rel="next"`. Its host and path are not believed.
fn next_page(answer: &Answer) -> Option<String> {
    let link = answer.header(LINK.as_str())?;
    let (target, rest) = link.trim().strip_prefix('<')?.split_once('>')?;
    let next = answer.url.join(target).ok().filter(|_| rest.contains("next"))?;
    next.query().map(ToOwned::to_owned)
}

/// A digest as a part of a path; the registry wrote it.
pub(super) fn path_of(digest: &str) -> Result<&str, Cause> {
    let plain = digest.split_once(':').is_some_and(|(algorithm, hex)| {
        ["sha256", "sha384", "sha512"].contains(&algorithm) && hex.bytes().all(|b| b.is_ascii_hexdigit())
    });
    if plain {
        Ok(digest)
    } else {
        Err(Cause::Unreadable { why: format!("`{}` is no digest", clean(digest)) })
    }
}

fn wrong_digest(answer: &Answer, asked: &str) -> Cause {
    Cause::WrongDigest { host: host(&answer.url), asked: clean(asked), got: digest::digest(&answer.body) }
}

/// What came is called an image or an index.
fn known_type(answer: &Answer, media_type: &str) -> Result<(), Cause> {
    if document::kind(media_type).is_some() {
        return Ok(());
    }
    if document::is_schema_1(media_type) {
        return Err(Cause::Schema1);
    }
    let host = host(&answer.url);
    if answer.is_page() {
        return Err(Cause::NotRegistry { host, why: "a web page came back".into() });
    }
    Err(Cause::WrongType { host, got: clean(media_type) })
}

/// What an answer other than 200 means.
fn refused(at: &Endpoint, reference: &str, answer: &Answer, logged_in: bool) -> Cause {
    let (host, said) = (host(&answer.url), errors(&answer.body));
    let repository = at.repository.clone();
    match answer.status.as_u16() {
        401 | 403 if !answer.is_page() => Cause::NoAccess { host, repository, logged_in, said },
        404 if !answer.is_page() => Cause::NotFound { repository, reference: clean(reference), said },
        429 => {
            let seconds = retry_after(&answer.headers).map(|wait| wait.as_secs());
            Cause::RateLimit { host, seconds, logged_in, said }
        }
        status if status < 500 && answer.is_page() => {
            Cause::NotRegistry { host, why: format!("a web page with status {status} came back") }
        }
        status => Cause::Status { host, status, said },
    }
}
