//! k3s' registries.yaml: mirrors with rewrites, and logins (k3s' documentation, Private Registry Configuration).
//!
//! Its `tls` names files on the nodes, so it is not followed here: `--ca` names the authority on this machine.

use std::collections::BTreeSet;

use regex_lite::Regex;
use reqwest::Url;
use serde::Deserialize;

use super::codes::REGISTRIES_INVALID;
use super::credentials::{Auth, Login, is_docker_hub};
use super::place::{host, is_loopback};
use crate::finding::{Finding, Findings, Words};
use crate::kube::Image;
use crate::source::Span;
use crate::yaml::{Named, Node, Spanned, Value, decode};

/// Who answers in place of a registry. The default knows nobody.
#[derive(Debug, Default)]
pub struct Registries {
    mirrors: Vec<Mirror>,
    logins: Vec<(String, Login)>,
}

#[derive(Debug)]
struct Mirror {
    /// A registry, or `*`: every registry without an entry of its own.
    of: String,
    endpoints: Vec<Url>,
    rewrites: Vec<(Regex, String)>,
}

#[derive(Debug, Deserialize)]
struct File {
    mirrors: Named<Node>,
    configs: Named<Node>,
}

#[derive(Debug, Default, Deserialize)]
struct MirrorFile {
    endpoint: Vec<Spanned<String>>,
    rewrite: Named<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
struct ConfigFile {
    auth: Option<AuthFile>,
    #[serde(rename = "tls")]
    _tls: Option<Node>,
}

#[derive(Debug, Deserialize)]
struct AuthFile {
    username: Option<String>,
    password: Option<String>,
    auth: Option<String>,
    token: Option<String>,
}

impl Registries {
    /// Reads the file's map; what is wrong becomes findings.
    pub fn read(node: &Node, found: &mut Findings) -> Option<Registries> {
        let before = found.errors();
        let file: File = decode(node, found)?;
        let mut registries = Registries::default();
        for (of, mirror) in file.mirrors.iter() {
            let mirror = entry::<MirrorFile>(mirror, found).unwrap_or_default();
            registries.mirrors.push(mirror.resolve(&of.value, found));
        }
        for (host, config) in file.configs.iter() {
            let config = entry::<ConfigFile>(config, found);
            registries.logins.extend(config.and_then(|config| config.login(host, found)));
        }
        (found.errors() == before).then_some(registries)
    }

    /// The mirrors of a registry in their order, each with what the image is called there.
    pub(super) fn mirrors(&self, image: &Image) -> Vec<(Url, String)> {
        let of = |name: &str| self.mirrors.iter().find(|mirror| mirror.of == name);
        let Some(mirror) = of(&image.domain).or_else(|| of("*")) else { return Vec::new() };
        let name = mirror.rewritten(&image.path);
        mirror.endpoints.iter().map(|endpoint| (endpoint.clone(), name.clone())).collect()
    }

    /// Mirrors that the file itself wants over plain HTTP.
    pub(super) fn plain(&self) -> BTreeSet<String> {
        let all = self.mirrors.iter().flat_map(|mirror| &mirror.endpoints);
        all.filter(|endpoint| endpoint.scheme() == "http").map(host).collect()
    }

    /// Logins by host; `registry-1.docker.io` goes before Docker Hub's other names.
    pub(super) fn logins(&self) -> impl Iterator<Item = (&str, &Login)> {
        let (hub, others): (Vec<_>, Vec<_>) = self.logins.iter().partition(|(host, _)| is_docker_hub(host));
        let last = hub.iter().find(|(host, _)| host == "registry-1.docker.io").or(hub.first()).copied();
        let hub = last.map(|(_, login)| ("registry-1.docker.io", login));
        others.into_iter().map(|(host, login)| (host.as_str(), login)).chain(hub)
    }
}

/// What stands under a key; nothing is how k3s' embedded mirror is turned on, which is no mirror for us.
fn entry<'de, T: Deserialize<'de>>(node: &'de Node, found: &mut Findings) -> Option<T> {
    if matches!(node.value, Value::Null) { None } else { decode(node, found) }
}

impl Mirror {
    /// The first rewrite that changes something.
    fn rewritten(&self, path: &str) -> String {
        let mut changed = self.rewrites.iter().map(|(from, to)| from.replace_all(path, to.as_str()));
        changed.find(|name| name != path).map_or_else(|| path.to_owned(), Into::into)
    }
}

impl MirrorFile {
    fn resolve(&self, of: &str, found: &mut Findings) -> Mirror {
        let mut endpoints: Vec<Url> = Vec::new();
        for endpoint in &self.endpoint {
            match url(&endpoint.value) {
                Ok(url) if endpoints.contains(&url) => {}
                Ok(url) => endpoints.push(url),
                Err(reason) => found.push(invalid(endpoint.span, format!("`{}`: {reason}", endpoint.value))),
            }
        }
        let rewrites = self.rewrite.iter().filter_map(|(from, to)| match Regex::new(&from.value) {
            Ok(regex) => Some((regex, to.value.clone())),
            Err(error) => {
                let message = format!("`{}` is no regular expression: {error}", from.value);
                found.push(invalid(from.span, message));
                None
            }
        });
        Mirror { of: of.to_owned(), rewrites: rewrites.collect(), endpoints }
    }
}

impl ConfigFile {
    fn login(&self, host: &Spanned<String>, found: &mut Findings) -> Option<(String, Login)> {
        let auth = self.auth.as_ref()?;
        if host.value == "*" {
            found.push(invalid(host.span, "a login for `*` would go to any host").help("name the host"));
            return None;
        }
        match auth.login() {
            Ok(login) => Some((host.value.clone(), login?)),
            Err(reason) => {
                found.push(invalid(host.span, format!("the login for `{}`: {reason}", host.value)));
                None
            }
        }
    }
}

impl AuthFile {
    fn login(&self) -> Result<Option<Login>, &'static str> {
        let AuthFile { username, password, auth, token } = self;
        let auth = Auth {
            username: username.clone(),
            password: password.clone(),
            pair: auth.clone(),
            identitytoken: token.clone(),
        };
        auth.login()
    }
}

fn invalid(span: Span, message: impl Into<Words>) -> Finding {
    Finding::new(&REGISTRIES_INVALID, span, message)
}

/// An endpoint as k3s completes it: https, but for a port of this machine; `/v2`, but for a path of its own.
fn url(text: &str) -> Result<Url, String> {
    let whole = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
    let mut url = Url::parse(&whole).map_err(|error| format!("no URL: {error}"))?;
    if !text.contains("://") && is_loopback(&url) && url.port().is_some() {
        url.set_scheme("http").map_err(|()| "no URL".to_owned())?;
    }
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err("neither http nor https".into());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("a login has no place in an endpoint: write it to `configs`".into());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("`?` and `#` have no place in an endpoint".into());
    }
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(if path.is_empty() { "/v2" } else { &path });
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;
    use crate::yaml::read_typed;

    /// What is wrong with a file, or what it means.
    fn read(text: &str) -> Result<Registries, Vec<String>> {
        let (mut sources, mut found) = (Sources::default(), Findings::default());
        let file = sources.add("registries.yaml".into(), Ok(text.as_bytes().to_vec()));
        let node = read_typed(&sources, file, &mut found);
        let registries = node.and_then(|node| Registries::read(&node, &mut found));
        registries
            .ok_or_else(|| found.sorted().into_iter().map(|finding| finding.message.into_owned()).collect())
    }

    fn mirrors(registries: &Registries, image: &str) -> Vec<String> {
        let all = registries.mirrors(&Image::parse(image).unwrap());
        all.into_iter().map(|(url, name)| format!("{url} {name}")).collect()
    }

    #[test]
    fn mirrors_and_rewrites() {
        let registries = read(
            "mirrors:\n  docker.io:\n    endpoint: [cache.example:5000, \"http://127.0.0.1:5000\", localhost:6000, \
             \"https://cache.example:5000/v2/\", \"https://harbor.example/v2/hub\"]\n    \
             rewrite: {\"^library/(.*)\": \"mirror/$1\"}\n  quay.io:\n  \"*\":\n    endpoint: [https://any.example/]\n",
        )
        .unwrap();
        assert_eq!(
            mirrors(&registries, "nginx"),
            [
                "https://cache.example:5000/v2 mirror/nginx",
                "http://127.0.0.1:5000/v2 mirror/nginx",
                "http://localhost:6000/v2 mirror/nginx",
                "https://harbor.example/v2/hub mirror/nginx",
            ]
        );
        assert_eq!(mirrors(&registries, "ghcr.io/a/b"), ["https://any.example/v2 a/b"]);
        assert_eq!(mirrors(&registries, "quay.io/a/b"), [""; 0]);
        let plain: Vec<String> = registries.plain().into_iter().collect();
        assert_eq!(plain, ["127.0.0.1:5000", "localhost:6000"]);
    }

    #[test]
    fn logins_are_by_host() {
        let registries = read(
            "configs:\n  docker.io: {auth: {username: a, password: b}}\n  registry-1.docker.io: {auth: {auth: eDp5}}\n  \
             r.example:5000: {auth: {token: T}, tls: {ca_file: /etc/ca.pem}}\n",
        )
        .unwrap();
        let logins: Vec<(String, Option<String>)> =
            registries.logins().map(|(host, login)| (host.to_owned(), login.basic())).collect();
        let hub = ("registry-1.docker.io".to_owned(), Some("Basic eDp5".to_owned()));
        assert_eq!(logins, [("r.example:5000".to_owned(), None), hub]);
    }

    #[test]
    fn what_cannot_be_used_is_told() {
        for (text, reason) in [
            ("mirrors: {a: {endpoint: [\"ftp://x\"]}}\n", "`ftp://x`: neither http nor https"),
            ("mirrors: {a: {endpoint: [\"https://u:p@x\"]}}\n", "a login has no place"),
            ("mirrors: {a: {endpoint: [\"https://x/?a=b\"]}}\n", "have no place in an endpoint"),
            ("mirrors: {a: {endpoint: [\"\"]}}\n", "``: no URL"),
            ("mirrors: {a: {endpoint: [x], rewrite: {\"(\": y}}}\n", "`(` is no regular expression"),
            (
                "configs: {\"*\": {auth: {username: a, password: b}}}\n",
                "a login for `*` would go to any host",
            ),
            ("configs: {a: {auth: {auth: \"%\"}}}\n", "the login for `a`: `auth` is not base64"),
            ("mirror: {}\n", "mirror"),
        ] {
            let told = read(text).unwrap_err();
            assert!(told.len() == 1 && told[0].contains(reason), "{text}{told:?}");
        }
    }
}
