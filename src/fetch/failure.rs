//! Why something could not be fetched, and the words for it: the one place where a finding about the network is composed.

use std::fmt;

use super::codes;
use crate::finding::{Code, Finding};
use crate::kube;
use crate::source::Span;

/// A failed fetch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure {
    /// What was wanted: an image as `domain/path:tag`, or Cloudflare's ranges.
    pub subject: String,
    /// Why it failed.
    pub cause: Box<Cause>,
    /// What else happened on the way, such as mirrors that failed before.
    pub notes: Vec<String>,
}

/// What is wrong with a certificate.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Flaw {
    /// Its time is over, or has not come.
    Expired,
    /// Nobody that this machine trusts signed it.
    Unknown,
    /// It is for another host.
    Name,
    /// rustls' words.
    Other(String),
}

/// Why. Hosts are `HOST` or `HOST:PORT`; `said` is the server's own text, its control characters replaced.
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the words below say it")]
pub enum Cause {
    NoName { host: String },
    Refused { host: String },
    TimedOut { host: String, doing: &'static str },
    NoRoute { host: String, why: String },
    Broken { host: String, why: String },
    Certificate { host: String, flaw: Flaw },
    NotTls { host: String },
    Plain { host: String },
    Redirect { host: String, to: String, why: &'static str },
    Realm { host: String, realm: String, why: &'static str },
    Challenge { host: String, why: String },
    TooLarge { host: String, what: &'static str, most: u64 },
    NotRegistry { host: String, why: String },
    NoAccess { host: String, repository: String, logged_in: bool, said: String },
    NotFound { repository: String, reference: String, said: String },
    ChildGone { platform: String, digest: String },
    RateLimit { host: String, seconds: Option<u64>, logged_in: bool, said: String },
    Status { host: String, status: u16, said: String },
    WrongDigest { host: String, asked: String, got: String },
    WrongType { host: String, got: String },
    Schema1,
    Unreadable { why: String },
    NoImage { why: String },
    Mislabelled { digest: String, entry: String, config: String },
    Cloudflare { from: String, why: String },
}

impl Failure {
    /// The kind of finding.
    pub fn code(&self) -> &'static Code {
        match &*self.cause {
            Cause::NoName { .. }
            | Cause::Refused { .. }
            | Cause::TimedOut { .. }
            | Cause::NoRoute { .. }
            | Cause::Broken { .. } => &codes::REGISTRY_UNREACHABLE,
            Cause::Certificate { .. } => &codes::REGISTRY_CERTIFICATE,
            Cause::NotTls { .. }
            | Cause::Plain { .. }
            | Cause::Redirect { .. }
            | Cause::Realm { .. }
            | Cause::Challenge { .. }
            | Cause::TooLarge { .. }
            | Cause::WrongDigest { .. } => &codes::REGISTRY_UNTRUSTED,
            Cause::NotRegistry { .. } | Cause::WrongType { .. } => &codes::REGISTRY_UNKNOWN,
            Cause::NoAccess { .. } | Cause::NotFound { .. } => &codes::IMAGE_NOT_FOUND,
            Cause::ChildGone { .. } => &codes::IMAGE_PLATFORM_GONE,
            Cause::RateLimit { .. } => &codes::REGISTRY_RATE_LIMIT,
            Cause::Status { .. } => &codes::REGISTRY_REFUSES,
            Cause::Schema1 | Cause::Unreadable { .. } | Cause::NoImage { .. } => &codes::IMAGE_UNREADABLE,
            Cause::Mislabelled { .. } => &codes::IMAGE_MISLABELLED,
            Cause::Cloudflare { .. } => &codes::CLOUDFLARE_LIST_INVALID,
        }
    }

    /// Whether it is the network that failed, and not an answer: status 2, as a disk that is full.
    pub fn is_machine(&self) -> bool {
        self.code() == &codes::REGISTRY_UNREACHABLE
    }

    /// The finding, at the place that asked for it.
    pub fn finding(&self, span: Span) -> Finding {
        let finding = Finding::new(self.code(), span, self.to_string());
        let notes = self.cause.notes().into_iter().chain(self.notes.iter().cloned());
        let finding = notes.fold(finding, Finding::note);
        self.cause.helps().into_iter().fold(finding, Finding::help)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.subject, self.cause)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::NoName { host } => {
                write!(f, "{host} has no address: no network, no DNS, or a slip in the name")
            }
            Cause::Refused { host } => write!(f, "{host} refuses connections"),
            Cause::TimedOut { host, doing } => write!(f, "{host} does not answer: out of time {doing}"),
            Cause::NoRoute { host, why } => write!(f, "{host} cannot be reached: {why}"),
            Cause::Broken { host, why } => write!(f, "the connection to {host} broke: {why}"),
            Cause::Certificate { host, flaw } => write!(f, "the certificate of {host} {flaw}"),
            Cause::NotTls { host } => write!(f, "{host} does not speak TLS"),
            Cause::Plain { host } => {
                write!(f, "{host} would have to be asked over plain HTTP, where anybody can answer")
            }
            Cause::Redirect { host, to, why } => write!(f, "{host} sends to {to}: {why}"),
            Cause::Realm { host, realm, why } => write!(f, "{host} sends for a token to {realm}: {why}"),
            Cause::Challenge { host, why } => {
                write!(f, "{host} asks for a login in words that cannot be understood: {why}")
            }
            Cause::TooLarge { host, what, most } => {
                write!(f, "{host} sends a {what} of more than {most} bytes")
            }
            Cause::NotRegistry { host, why } => write!(f, "{host} does not answer as a registry: {why}"),
            Cause::NoAccess { logged_in: true, .. } => {
                write!(f, "there is no such repository, or not for this account")
            }
            Cause::NoAccess { .. } => write!(f, "there is no such repository, or not for strangers"),
            Cause::NotFound { repository, reference, .. } => write!(f, "{repository} has no `{reference}`"),
            Cause::ChildGone { platform, digest } => {
                write!(f, "{platform} is listed as {digest}, which the registry no longer has")
            }
            Cause::RateLimit { host, seconds: Some(seconds), .. } => {
                write!(f, "{host} wants no more questions: try again in {}", span_of(*seconds))
            }
            Cause::RateLimit { host, .. } => write!(f, "{host} wants no more questions: try again later"),
            Cause::Status { host, status, .. } => write!(f, "{host} answers with status {status}"),
            Cause::WrongDigest { host, asked, got } => {
                write!(f, "{host} sends other content than asked for: {got} instead of {asked}")
            }
            Cause::WrongType { host, got } => {
                write!(f, "{host} calls what it sends `{got}`, which is no image and no index of images")
            }
            Cause::Schema1 => {
                write!(f, "it is in Docker's first format (schema 1), which containerd no longer pulls")
            }
            Cause::Unreadable { why } => write!(f, "it cannot be understood: {why}"),
            Cause::NoImage { why } => write!(f, "it is no container image: {why}"),
            Cause::Mislabelled { digest, entry, config } => {
                write!(f, "{digest} is listed as {entry}, but says of itself that it is {config}")
            }
            Cause::Cloudflare { from, why } => write!(f, "{from} is no list of them: {why}"),
        }
    }
}

impl Cause {
    /// Facts that explain.
    fn notes(&self) -> Vec<String> {
        let portal = "a network that wants a login first (hotel, train) answers like that, and so do proxies";
        let (host, said) = match self {
            Cause::NoName { .. }
            | Cause::Refused { .. }
            | Cause::TimedOut { .. }
            | Cause::NoRoute { .. }
            | Cause::Broken { .. } => {
                return vec![
                    "`build` and `check` need no network: they go on with what stackc.lock holds".into(),
                ];
            }
            Cause::NotRegistry { .. } | Cause::WrongType { .. } | Cause::Redirect { .. } => {
                return vec![portal.into()];
            }
            Cause::ChildGone { .. } => return vec!["a node of that platform cannot pull it".into()],
            Cause::Mislabelled { .. } => {
                return vec!["containerd goes by the list, and the pod ends in `exec format error`".into()];
            }
            Cause::Cloudflare { .. } => {
                let note =
                    "Traefik believes whoever calls from these ranges, so a doubtful list is not taken";
                return vec![note.into()];
            }
            Cause::NoAccess { host, said, .. }
            | Cause::RateLimit { host, said, .. }
            | Cause::Status { host, said, .. } => (host.as_str(), said),
            Cause::NotFound { said, .. } => ("the registry", said),
            _ => return Vec::new(),
        };
        let said = (!said.is_empty()).then(|| format!("{host} said: {said}"));
        let lost = self.lost().map(|gone| format!("{} was deleted in {}", gone.repository, gone.when));
        said.into_iter().chain(lost).collect()
    }

    /// Ways out.
    fn helps(&self) -> Vec<String> {
        if let Some(gone) = self.lost() {
            return vec![gone.instead.to_owned()];
        }
        let help = match self {
            Cause::NoName { .. } | Cause::NoRoute { .. } | Cause::TimedOut { .. } => {
                "behind a proxy: HTTPS_PROXY=http://HOST:PORT stackc lock".into()
            }
            Cause::Certificate { flaw: Flaw::Expired, .. } => {
                "look at this machine's clock (date); else its owner must renew it".into()
            }
            Cause::Certificate { flaw: Flaw::Unknown, .. } => {
                "if the authority is your own: stackc lock --ca FILE".into()
            }
            Cause::NotTls { host } | Cause::Plain { host } => {
                format!("if that is how it is meant: stackc lock --plain-http {host}")
            }
            Cause::NoAccess { host, logged_in: false, .. } => format!("if it is private: {}", login(host)),
            Cause::RateLimit { host, logged_in: false, .. } => {
                format!("with an account the limit is higher: {}", login(host))
            }
            Cause::NotFound { repository, .. } => format!("what there is: stackc outdated {repository}"),
            Cause::ChildGone { .. } | Cause::Mislabelled { .. } => {
                "tell its owner; until then use another tag or image".into()
            }
            Cause::Schema1 => {
                "push it again with a current docker, or: skopeo copy --format v2s2 docker://OLD docker://NEW"
                    .into()
            }
            _ => return Vec::new(),
        };
        vec![help]
    }

    /// What is known of a repository that was deleted; Docker Hub answers 401 for it, as for what never was.
    fn lost(&self) -> Option<&'static kube::Gone> {
        match self {
            Cause::NoAccess { repository, .. } | Cause::NotFound { repository, .. } => kube::gone(repository),
            _ => None,
        }
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Flaw::Expired => f.write_str("is expired, or not yet valid"),
            Flaw::Unknown => f.write_str("is signed by nobody that this machine trusts"),
            Flaw::Name => f.write_str("is for another host"),
            Flaw::Other(why) => write!(f, "does not hold: {why}"),
        }
    }
}

/// Docker Hub is what `docker login` means by itself.
fn login(host: &str) -> String {
    let host = if host == "registry-1.docker.io" { "" } else { host };
    format!("docker login {host}").trim_end().to_owned()
}

/// Seconds as people say them.
fn span_of(seconds: u64) -> String {
    match seconds {
        0..=90 => format!("{seconds} seconds"),
        91..=5_400 => format!("{} minutes", seconds.div_ceil(60)),
        _ => format!("{} hours", seconds.div_ceil(3_600)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;

    fn finding(cause: Cause) -> Finding {
        let place = Sources::default().add("apps/web.yaml".into(), Ok(Vec::new())).start();
        Failure { subject: "docker.io/minio/minio:v1".into(), cause: Box::new(cause), notes: Vec::new() }
            .finding(place)
    }

    fn no_access(repository: &str) -> Cause {
        let (host, said) = ("registry-1.docker.io".into(), "UNAUTHORIZED: authentication required".into());
        Cause::NoAccess { host, repository: repository.into(), logged_in: false, said }
    }

    #[test]
    fn a_repository_that_was_deleted_names_one_that_exists() {
        let finding = finding(no_access("docker.io/minio/minio"));
        assert_eq!(
            finding.message,
            "docker.io/minio/minio:v1: there is no such repository, or not for strangers"
        );
        assert_eq!(
            finding.notes,
            [
                "registry-1.docker.io said: UNAUTHORIZED: authentication required",
                "docker.io/minio/minio was deleted in September 2026"
            ]
        );
        assert_eq!(finding.helps.len(), 1);
        assert!(finding.helps[0].starts_with("use quay.io/minio/minio "));
    }

    #[test]
    fn any_other_may_be_private() {
        let finding = finding(no_access("docker.io/library/ngnix"));
        assert_eq!(finding.helps, ["if it is private: docker login"]);
        let limit = Cause::RateLimit {
            host: "ghcr.io".into(),
            seconds: Some(5_401),
            logged_in: false,
            said: String::new(),
        };
        assert_eq!(limit.to_string(), "ghcr.io wants no more questions: try again in 2 hours");
        assert_eq!(self::finding(limit).helps, ["with an account the limit is higher: docker login ghcr.io"]);
    }
}
