//! Registries and Cloudflare: the only room that opens a socket or runs a credential helper. Only `lock` and `outdated`
//! come here, so that `build` and `check` are offline by their imports.
//!
//! In: [`Options`], then [`Wish`]es, or where Cloudflare publishes. Out: [`Resolved`] or [`Ranges`](crate::k3s::Ranges), else a [`Failure`],
//! whose words are composed in `failure.rs` alone. Knows nothing of stacks.
//!
//! To add an answer that users meet: a [`Cause`], its code and words in `failure.rs`, a server that gives it in
//! `tests/fetch.rs`.
//!
//! What must hold (`tests/fetch.rs`, `tests/registry.rs`): a login reaches only the host and port it is stored under;
//! every answer is bounded in bytes, time, redirects and tries; content is what its digest says; a document that programs
//! could read in two ways is refused; no server's character steers the terminal.
#![expect(
    clippy::disallowed_methods,
    reason = "time, sockets and credential helpers have their place here alone"
)]

mod built;
mod challenge;
mod clock;
mod cloudflare;
mod codes;
mod credentials;
mod document;
mod failure;
mod http;
mod login;
mod place;
mod registries;
mod registry;
mod resolve;
mod said;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use reqwest::Url;

pub use cloudflare::{Published, parse_cloudflare};
pub use codes::CODES;
pub use credentials::Credentials;
pub use failure::{Cause, Failure, Flaw};
pub use registries::Registries;
pub use resolve::{Child, Outcome, Resolved, Wish};

use crate::kube::Image;

/// How far a client goes.
#[derive(Clone, Debug)]
pub struct Limits {
    /// To be connected.
    pub connect: Duration,
    /// From one byte to the next.
    pub silence: Duration,
    /// For one answer, whole.
    pub request: Duration,
    /// For one image, with all that it takes.
    pub errand: Duration,
    /// Times that one question is asked.
    pub tries: u32,
    /// What a server may ask to wait; above that it is an error.
    pub longest_wait: Duration,
    /// Images at the same time.
    pub parallel: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            connect: Duration::from_secs(10),
            silence: Duration::from_secs(20),
            request: Duration::from_secs(60),
            errand: Duration::from_secs(300),
            tries: 4,
            longest_wait: Duration::from_secs(60),
            parallel: 6,
        }
    }
}

/// What a client is made of. The default knows no login and no mirror and trusts whom the system trusts; proxies are
/// those of the environment, never for this machine itself.
#[derive(Debug, Default)]
pub struct Options {
    /// Logins.
    pub credentials: Credentials,
    /// Mirrors.
    pub registries: Registries,
    /// Certificates, PEM, that are trusted besides the system's.
    pub authorities: Vec<u8>,
    /// `HOST` or `HOST:PORT` that are asked over plain HTTP.
    pub plain: BTreeSet<String>,
    /// Bounds.
    pub limits: Limits,
}

/// What happens, as it happens; told from several threads.
#[derive(Clone, Copy, Debug)]
pub enum Progress<'a> {
    /// Work on an image begins.
    Begins(&'a str),
    /// A server wants a pause, or the connection broke: the question is asked again.
    Waits {
        /// For which image.
        subject: &'a str,
        /// How long.
        pause: Duration,
        /// What happened.
        why: &'a str,
        /// The try that comes, such as the second …
        next: u32,
        /// … of so many.
        of: u32,
    },
    /// Work on an image is over.
    Ends(&'a str, Result<&'a Outcome, &'a Failure>),
}

/// Asks registries; one for a whole run, so that tokens are kept.
pub struct Client {
    http: http::Http,
    registries: Registries,
    credentials: Credentials,
    plain: BTreeSet<String>,
    /// Values of `Authorization` by host and name, and whether each stands for an account.
    logins: Mutex<BTreeMap<(String, String), (String, bool)>>,
    /// Addresses of registries on this machine.
    bases: Mutex<BTreeMap<String, Url>>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Client(…)")
    }
}

impl Client {
    /// Asks nobody yet.
    ///
    /// # Errors
    /// What is wrong with the authorities or with this machine's TLS, in a user's words.
    pub fn new(options: Options) -> Result<Client, String> {
        let Options { credentials, registries, authorities, mut plain, limits } = options;
        for (host, login) in registries.logins() {
            credentials.learn(host, login.clone());
        }
        plain.extend(registries.plain());
        let http = http::Http::new(&authorities, &plain, &limits)?;
        let (logins, bases) = (Mutex::default(), Mutex::default());
        Ok(Client { http, registries, credentials, plain, logins, bases })
    }

    /// Asks for many images, several at a time. Results are in the order of the wishes; one that fails stops no other.
    pub fn resolve(
        &self,
        wishes: &[Wish],
        notice: &(dyn Fn(Progress<'_>) + Sync),
    ) -> Vec<Result<Outcome, Failure>> {
        self.each(wishes, |wish| {
            let errand = Errand::new(&wish.image.to_string(), self, notice);
            notice(Progress::Begins(&errand.subject));
            let result = self.anywhere(&wish.image, &errand, |at| resolve::resolve(self, at, wish, &errand));
            notice(Progress::Ends(&errand.subject, result.as_ref()));
            result
        })
    }

    /// All tags of each image's repository, in the registry's order.
    pub fn tags(
        &self,
        images: &[Image],
        notice: &(dyn Fn(Progress<'_>) + Sync),
    ) -> Vec<Result<Vec<String>, Failure>> {
        self.each(images, |image| {
            let errand = Errand::new(&image.repository(), self, notice);
            self.anywhere(image, &errand, |at| self.tags_at(at, &errand))
        })
    }

    /// The first of an image's mirrors that answers, and its registry in the end.
    fn anywhere<T>(
        &self,
        image: &Image,
        errand: &Errand<'_>,
        ask: impl Fn(&registry::Endpoint) -> Result<T, Cause>,
    ) -> Result<T, Failure> {
        let endpoints = self.endpoints(image, errand).map_err(|cause| errand.failure(cause))?;
        let mut last = Cause::NoImage { why: "no registry has it".into() };
        for endpoint in &endpoints {
            match ask(endpoint) {
                Ok(answer) => return Ok(answer),
                Err(cause) => last = cause,
            }
            if endpoint.upstream.is_some() {
                errand.note(format!("the mirror {}: {last}", place::host(&endpoint.base)));
            }
        }
        Err(errand.failure(last))
    }

    /// Does a job for each item, on a few threads.
    fn each<T: Sync, R: Send>(&self, items: &[T], job: impl Fn(&T) -> R + Sync) -> Vec<R> {
        let next = AtomicUsize::new(0);
        let done = Mutex::new(Vec::new());
        let work = || {
            while let Some((place, item)) = {
                let place = next.fetch_add(1, Ordering::Relaxed);
                items.get(place).map(|item| (place, item))
            } {
                let result = job(item);
                locked(&done).push((place, result));
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..self.http.limits.parallel.clamp(1, items.len().max(1)) {
                scope.spawn(work);
            }
        });
        let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        done.sort_by_key(|(place, _)| *place);
        done.into_iter().map(|(_, result)| result).collect()
    }
}

/// A lock that was held by a thread that panicked still guards whole values here.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One thing that is being fetched.
struct Errand<'a> {
    subject: String,
    until: Instant,
    notice: &'a (dyn Fn(Progress<'_>) + Sync),
    notes: Mutex<Vec<String>>,
}

impl<'a> Errand<'a> {
    fn new(subject: &str, client: &Client, notice: &'a (dyn Fn(Progress<'_>) + Sync)) -> Errand<'a> {
        let until = Instant::now() + client.http.limits.errand;
        Errand { subject: subject.to_owned(), until, notice, notes: Mutex::default() }
    }

    fn left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }

    fn waits(&self, pause: Duration, why: &str, next: u32, of: u32) {
        (self.notice)(Progress::Waits { subject: &self.subject, pause, why, next, of });
    }

    /// What the user should know if it fails.
    fn note(&self, note: String) {
        let mut notes = locked(&self.notes);
        if !notes.contains(&note) {
            notes.push(note);
        }
    }

    fn failure(&self, cause: Cause) -> Failure {
        let notes = std::mem::take(&mut *locked(&self.notes));
        Failure { subject: self.subject.clone(), cause: Box::new(cause), notes }
    }
}
