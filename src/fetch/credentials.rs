//! Who we are to a registry: `~/.docker/config.json` and the helpers that it names.
//!
//! A login is bound to the host and port that it was stored under: never to a suffix, never to a mirror of it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, mpsc};
use std::time::{Duration, Instant};

use data_encoding::BASE64;
use serde::Deserialize;

use super::locked;
use super::said::clean;

/// What `docker login` without a host stores Docker Hub under.
const DOCKER_HUB: &str = "https://index.docker.io/v1/";

/// The most that a helper may say.
const LONGEST: u64 = 64 * 1024;

/// How long a helper may think: it may ask its user.
const PATIENCE: Duration = Duration::from_secs(30);

/// A login. Its secret is never shown.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Login {
    /// Sent as it is, or for a token.
    Password { user: String, password: String },
    /// Good for tokens alone.
    Identity(String),
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login(…)")
    }
}

impl Login {
    /// The value of `Authorization`; an identity token has none.
    pub fn basic(&self) -> Option<String> {
        match self {
            Login::Password { user, password } => {
                Some(format!("Basic {}", BASE64.encode(format!("{user}:{password}").as_bytes())))
            }
            Login::Identity(_) => None,
        }
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct File {
    auths: BTreeMap<String, Auth>,
    cred_helpers: BTreeMap<String, String>,
    creds_store: Option<String>,
}

/// One entry of `auths`.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Auth {
    /// `USER:PASSWORD` in base64.
    #[serde(rename = "auth")]
    pub pair: Option<String>,
    pub username: Option<String>,
    pub password: Option<String>,
    pub identitytoken: Option<String>,
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Auth(…)")
    }
}

/// Everything that is known about logins. The default knows none.
#[derive(Debug, Default)]
pub struct Credentials {
    file: File,
    /// Where helpers are searched; none: the environment's `PATH`.
    path: Option<OsString>,
    /// Helpers are asked once.
    asked: Mutex<BTreeMap<String, Found>>,
}

/// A login or none, and what went wrong on the way.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    pub login: Option<Login>,
    pub note: Option<String>,
}

impl Credentials {
    /// Reads the text of docker's `config.json`.
    ///
    /// # Errors
    /// A reason, in a user's words; it holds nothing of the text.
    pub fn parse(text: &str) -> Result<Credentials, String> {
        let file = serde_json::from_str(text).map_err(|error| {
            format!("it is not docker's config.json: line {}, column {}", error.line(), error.column())
        })?;
        Ok(Credentials { file, ..Credentials::default() })
    }

    /// Searches helpers in `path` instead of the environment's.
    #[must_use]
    pub fn helpers_in(self, path: impl Into<OsString>) -> Credentials {
        Credentials { path: Some(path.into()), ..self }
    }

    /// A login that another file names, k3s' registries.yaml; it goes before all others.
    pub(super) fn learn(&self, host: &str, login: Login) {
        let mut asked = locked(&self.asked);
        asked.insert(host.to_owned(), Found { login: Some(login), note: None });
    }

    /// The login for a registry, by `HOST` or `HOST:PORT`. A helper may think for `patience`.
    pub(super) fn of(&self, host: &str, patience: Duration) -> Found {
        let mut asked = locked(&self.asked);
        asked.entry(host.to_owned()).or_insert_with(|| self.look_up(host, patience)).clone()
    }

    fn look_up(&self, host: &str, patience: Duration) -> Found {
        let helper =
            self.file.cred_helpers.iter().find(|(key, _)| is_for(key, host)).map(|(_, helper)| helper);
        if let Some(helper) = helper.or(self.file.creds_store.as_ref()).filter(|helper| !helper.is_empty()) {
            return match self.ask(helper, host, patience) {
                Ok(login) => Found { login, note: None },
                Err(why) => {
                    Found { login: None, note: Some(format!("docker-credential-{}: {why}", clean(helper))) }
                }
            };
        }
        let entries = || self.file.auths.iter().filter(|(key, _)| is_for(key, host));
        let exact = entries().find(|(key, _)| *key == host).or_else(|| entries().next());
        let Some((_, auth)) = exact else { return Found::default() };
        match auth.login() {
            Ok(login) => Found { login, note: None },
            Err(why) => {
                Found { login: None, note: Some(format!("config.json, the login for {host}: {why}")) }
            }
        }
    }

    /// docker-credential-helpers' protocol: the server on stdin, JSON on stdout, and errors on stdout as well.
    fn ask(&self, helper: &str, host: &str, patience: Duration) -> Result<Option<Login>, String> {
        if !helper.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-') {
            return Err("this is no name of a helper".into());
        }
        let server = if is_docker_hub(host) { DOCKER_HUB } else { host };
        let mut command = Command::new(format!("docker-credential-{helper}"));
        if let Some(path) = &self.path {
            command.env("PATH", path);
        }
        command.arg("get").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let child = command.spawn().map_err(|error| error.to_string())?;
        let (fine, said) = converse(child, server, patience.min(PATIENCE))?;
        if !fine {
            let said = String::from_utf8_lossy(&said);
            let none = said.contains("credentials not found");
            return if none { Ok(None) } else { Err(clean(&said)) };
        }
        Ok(answer(&said)?)
    }
}

/// What a helper answers.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Stored {
    username: String,
    secret: String,
}

fn answer(said: &[u8]) -> Result<Option<Login>, &'static str> {
    let Ok(Stored { username, secret }) = serde_json::from_slice(said) else {
        return Err("its answer is not JSON with Username and Secret");
    };
    Ok(match (username.as_str(), secret.as_str()) {
        (_, "") => None,
        ("<token>", _) => Some(Login::Identity(secret)),
        _ => Some(Login::Password { user: username, password: secret }),
    })
}

/// Whether the helper ended well, and what it said.
fn converse(mut child: Child, server: &str, patience: Duration) -> Result<(bool, Vec<u8>), String> {
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    let (sender, receiver) = mpsc::channel();
    // not joined: whatever the helper started may keep the pipe open for ever
    std::thread::spawn(move || {
        let mut said = Vec::new();
        // a pipe that breaks ends what there is to read, and whoever asked may have given up
        let _ = stdout.map(|stdout| stdout.take(LONGEST).read_to_end(&mut said));
        let _ = sender.send(said);
    });
    // a helper that does not read its question still answers
    let _ = stdin.map(|mut stdin| stdin.write_all(server.as_bytes()));
    let until = Instant::now() + patience;
    let said = receiver.recv_timeout(patience);
    loop {
        match (child.try_wait(), &said) {
            (Ok(Some(status)), Ok(said)) => return Ok((status.success(), said.clone())),
            (Ok(None), Ok(_)) if Instant::now() < until => std::thread::sleep(Duration::from_millis(5)),
            _ => break,
        }
    }
    // how it ends is no longer of interest
    let _ = child.kill().and_then(|()| child.wait());
    Err(format!("no answer in {} seconds", patience.as_secs()))
}

impl Auth {
    /// The login, if the entry holds one.
    pub fn login(&self) -> Result<Option<Login>, &'static str> {
        if let Some(token) = self.identitytoken.as_ref().filter(|token| !token.is_empty()) {
            return Ok(Some(Login::Identity(token.clone())));
        }
        if let (Some(user), Some(password)) = (&self.username, &self.password) {
            return Ok(Some(Login::Password { user: user.clone(), password: password.clone() }));
        }
        let Some(pair) = self.pair.as_ref().filter(|pair| !pair.is_empty()) else { return Ok(None) };
        let bytes = BASE64.decode(pair.as_bytes()).map_err(|_| "`auth` is not base64")?;
        let text = String::from_utf8(bytes).map_err(|_| "`auth` is not UTF-8")?;
        let (user, password) = text.split_once(':').ok_or("`auth` is not USER:PASSWORD")?;
        let password = password.trim_end_matches('\0');
        Ok(Some(Login::Password { user: user.to_owned(), password: password.to_owned() }))
    }
}

/// Whether a key of the file names a host: keys may have a scheme and a path.
fn is_for(key: &str, host: &str) -> bool {
    let key = key.split_once("://").map_or(key, |(_, rest)| rest);
    let key = key.split('/').next().unwrap_or_default();
    key == host || (is_docker_hub(key) && is_docker_hub(host))
}

/// Docker Hub's names.
pub(super) fn is_docker_hub(host: &str) -> bool {
    ["docker.io", "index.docker.io", "registry-1.docker.io"].contains(&host)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `user:password` of a host, as the file has it.
    fn of(file: &str, host: &str) -> String {
        let found = Credentials::parse(file).unwrap().of(host, PATIENCE);
        match (found.login, found.note) {
            (Some(Login::Password { user, password }), _) => format!("{user} {password}"),
            (Some(Login::Identity(token)), _) => format!("token {token}"),
            (None, Some(note)) => note,
            (None, None) => "none".into(),
        }
    }

    #[test]
    #[rustfmt::skip] // a table
    fn a_login_is_bound_to_host_and_port() {
        // YWxpY2U6czpjcmV0 is alice:s:cret
        let file = r#"{"auths": {
            "https://index.docker.io/v1/": {"auth": "YWxpY2U6czpjcmV0"},
            "registry.example": {"auth": "YWxpY2U6czpjcmV0AAA="},
            "https://old.example/v1/": {"username": "bob", "password": "x"},
            "token.example": {"identitytoken": "T"},
            "empty.example": {},
            "bad.example": {"auth": "%%"},
            "flat.example": {"auth": "YWxpY2U="}
        }, "HttpHeaders": {"X": "y"}}"#;
        for (host, expected) in [
            ("docker.io", "alice s:cret"),
            ("registry-1.docker.io", "alice s:cret"),
            ("registry.example", "alice s:cret"),
            ("registry.example:5000", "none"),
            ("sub.registry.example", "none"),
            ("example", "none"),
            ("old.example", "bob x"),
            ("token.example", "token T"),
            ("empty.example", "none"),
            ("bad.example", "config.json, the login for bad.example: `auth` is not base64"),
            ("flat.example", "config.json, the login for flat.example: `auth` is not USER:PASSWORD"),
        ] {
            assert_eq!(of(file, host), expected, "{host}");
        }
    }

    #[test]
    fn a_helper_is_a_name() {
        let file = r#"{"credsStore": "../../bin/sh", "auths": {"a.example": {"auth": "YWxpY2U6czpjcmV0"}}}"#;
        assert_eq!(of(file, "a.example"), "docker-credential-../../bin/sh: this is no name of a helper");
    }

    #[test]
    fn what_is_wrong_with_a_file_shows_nothing_of_it() {
        let reason = Credentials::parse("{\"auths\": {\"a\": {\"auth\": s3cret}}}").unwrap_err();
        assert_eq!(reason, "it is not docker's config.json: line 1, column 26");
        let credentials =
            Credentials::parse("{\"auths\": {\"a\": {\"auth\": \"czNjcmV0OnMzY3JldA==\"}}}").unwrap();
        credentials.of("a", PATIENCE);
        assert!(
            !format!("{credentials:?}").contains("czNj") && !format!("{credentials:?}").contains("s3cret")
        );
    }
}
