//! Image references, as containerd reads them.
//!
//! The grammar is that of distribution/reference (`ParseDockerRef`, which containerd's CRI plugin calls on the pod's
//! string). Beyond it, what can only be a slip is refused: see [`Image::parse`].

use std::fmt;

/// The registry that an image without one comes from.
const DEFAULT_DOMAIN: &str = "docker.io";

/// Longer than any registry, path, tag and digest together.
const LONGEST: usize = 1_000;

/// The longest path, counted without the domain and after `library/` was added.
const LONGEST_PATH: usize = 255;

/// The longest tag.
const LONGEST_TAG: usize = 128;

/// The digests that go-digest knows, with the number of their hex digits.
const DIGESTS: [(&str, usize); 3] = [("sha256", 64), ("sha384", 96), ("sha512", 128)];

/// An image reference, its short forms spelled out.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Image {
    /// The registry: `docker.io`, `localhost:5000`.
    pub domain: String,
    /// What it is called there: `library/nginx`.
    pub path: String,
    /// As written; none means `latest`, unless there is a digest.
    pub tag: Option<String>,
    /// Such as `sha256:…`. It decides what is pulled, whatever the tag says.
    pub digest: Option<String>,
}

impl Image {
    /// Reads a reference.
    ///
    /// Upstream takes some that this refuses: a domain in upper case (`Foo/bar`), one that is no host and so becomes
    /// empty (`a.b_c/app`), port 0 or over 65535, a host without an image (`localhost:5000` is the *tag* 5000), and a
    /// digest without a name (`sha256:…` is a *tag* of an image `sha256`).
    ///
    /// # Errors
    /// The reason, in a user's words.
    pub fn parse(text: &str) -> Result<Image, String> {
        reference(text)?;
        let (name, digest) = match text.split_once('@') {
            Some((name, digest)) => (name, Some(read_digest(digest)?)),
            None => (text, None),
        };
        let (domain, rest) = split_domain(name)?;
        let (path, tag) = match rest.split_once(':') {
            Some((path, tag)) => (path, Some(read_tag(tag)?)),
            None => (rest, None),
        };
        if !name.contains('/') {
            no_slip(path, tag.as_deref())?;
        }
        let path = read_path(&domain, path)?;
        Ok(Image { domain, path, tag, digest })
    }

    /// Registry and path: `docker.io/library/nginx`.
    pub fn repository(&self) -> String {
        format!("{}/{}", self.domain, self.path)
    }

    /// What is pulled, and so the key in the lock: `domain/path@digest`, else `domain/path:tag`.
    pub fn key(&self) -> String {
        match &self.digest {
            Some(digest) => format!("{}@{digest}", self.repository()),
            None => self.to_string(),
        }
    }
}

impl fmt::Display for Image {
    /// `docker.io/library/nginx:latest`; with a digest `domain/path:tag@digest`: the tag stays for people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.domain, self.path)?;
        match (&self.tag, &self.digest) {
            (None, None) => write!(f, ":latest"),
            (Some(tag), None) => write!(f, ":{tag}"),
            (None, Some(digest)) => write!(f, "@{digest}"),
            (Some(tag), Some(digest)) => write!(f, ":{tag}@{digest}"),
        }
    }
}

/// What is no reference at all.
fn reference(text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Err("the image is empty".into());
    }
    if text.len() > LONGEST {
        return Err(format!("it has {} characters, no image has more than {LONGEST}", text.len()));
    }
    if text.contains(char::is_whitespace) {
        return Err("blanks may not stand in an image, nor around it".into());
    }
    if let Some((scheme, _)) = text.split_once("://") {
        return Err(format!("an image is no URL: leave `{scheme}://` out"));
    }
    if is_hex(text, 64) {
        return Err("64 hex digits are an image's id, not its name: write `NAME@sha256:…`".into());
    }
    Ok(())
}

/// The domain, spelled out, and what follows it. The first part is a domain only if it looks like a host.
fn split_domain(name: &str) -> Result<(String, &str), String> {
    let looks_like_host = |first: &str| {
        first == "localhost" || first.contains(['.', ':']) || first.contains(char::is_uppercase)
    };
    match name.split_once('/') {
        Some((first, rest)) if looks_like_host(first) => {
            domain(first)?;
            let folded = if first == "index.docker.io" { DEFAULT_DOMAIN } else { first };
            Ok((folded.to_owned(), rest))
        }
        _ => Ok((DEFAULT_DOMAIN.to_owned(), name)),
    }
}

/// `HOST` or `HOST:PORT`, the host as labels or as `[IPv6]`.
fn domain(text: &str) -> Result<(), String> {
    if text.contains(char::is_uppercase) {
        return Err(format!("`{text}` reads as a registry and must be lowercase"));
    }
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (text, None),
    };
    if !is_host(host) {
        return Err(format!("`{host}` reads as a registry and is no host name"));
    }
    match port {
        Some(port) if !is_port(port) => {
            Err(format!("`{port}` reads as the port of registry `{host}` and is no number from 1 to 65535"))
        }
        _ => Ok(()),
    }
}

fn is_host(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return !address.is_empty() && address.chars().all(|c| c.is_ascii_hexdigit() || c == ':');
    }
    host.split('.').all(|label| {
        !label.is_empty()
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    })
}

fn is_port(port: &str) -> bool {
    port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0)
}

/// Names without a slash that upstream takes for images of Docker Hub, and no user means so.
fn no_slip(path: &str, tag: Option<&str>) -> Result<(), String> {
    if path == "sha256" && tag.is_some_and(|tag| is_hex(tag, 64)) {
        return Err("a digest needs a name before it: write `NAME@sha256:…`".into());
    }
    if path == "localhost" || path.contains('.') {
        let host = tag.map_or_else(|| path.to_owned(), |tag| format!("{path}:{tag}"));
        return Err(format!("`{host}` reads as a registry without an image: write `{host}/NAME`"));
    }
    Ok(())
}

/// The path with Docker Hub's `library/`.
fn read_path(domain: &str, path: &str) -> Result<String, String> {
    if path.is_empty() {
        return Err("the image's name is empty".into());
    }
    path.split('/').try_for_each(component)?;
    let official = domain == DEFAULT_DOMAIN && !path.contains('/');
    let path = if official { format!("library/{path}") } else { path.to_owned() };
    if path.len() > LONGEST_PATH {
        return Err(format!("the name `{path}` has {} characters, {LONGEST_PATH} at most", path.len()));
    }
    Ok(path)
}

/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`
fn component(text: &str) -> Result<(), String> {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    if text.is_empty() {
        return Err("the image's name has an empty part beside a `/`".into());
    }
    if text.contains(char::is_uppercase) {
        return Err(format!("`{text}` in the image's name must be lowercase"));
    }
    if let Some(bad) = text.chars().find(|c| !is_plain(*c) && !matches!(c, '.' | '_' | '-')) {
        return Err(format!("`{bad}` may not stand in an image's name"));
    }
    let joined = |run: &str| matches!(run, "" | "." | "_" | "__") || run.chars().all(|c| c == '-');
    if !text.starts_with(is_plain) || !text.ends_with(is_plain) || !text.split(is_plain).all(joined) {
        return Err(format!(
            "in `{text}`, letters and digits may be joined by one `.`, by `_`, `__` or dashes, and must stand at both ends"
        ));
    }
    Ok(())
}

/// `[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}`
fn read_tag(tag: &str) -> Result<String, String> {
    if tag.is_empty() {
        return Err("the tag after `:` is missing".into());
    }
    if tag.len() > LONGEST_TAG {
        return Err(format!("the tag has {} characters, {LONGEST_TAG} at most", tag.len()));
    }
    if tag.starts_with(['.', '-']) {
        return Err(format!("the tag `{tag}` must begin with a letter, a digit or `_`"));
    }
    match tag.chars().find(|c| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '.' | '-')) {
        Some(bad) => Err(format!("`{bad}` may not stand in the tag `{tag}`")),
        None => Ok(tag.to_owned()),
    }
}

/// `sha256:HEX`: the algorithms and lengths that go-digest knows, in lower case.
fn read_digest(digest: &str) -> Result<String, String> {
    let Some((algorithm, hex)) = digest.split_once(':') else {
        return Err("the digest after `@` must read `sha256:…`".into());
    };
    let Some((_, length)) = DIGESTS.iter().find(|(name, _)| *name == algorithm) else {
        return Err(format!("`{algorithm}` is no digest that registries know: write `sha256:…`"));
    };
    if hex.len() != *length {
        return Err(format!("a {algorithm} digest has {length} hex digits, not {}", hex.chars().count()));
    }
    if !is_hex(hex, *length) {
        return Err("a digest is written in lower-case hex digits".into());
    }
    Ok(digest.to_owned())
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(length: usize) -> String {
        "0123456789abcdef".chars().cycle().take(length).collect()
    }

    /// Rows of the project's facts page on images, each run there against distribution/reference: what is accepted,
    /// and as what.
    #[test]
    #[rustfmt::skip] // a table
    fn accepted() {
        let h = hex(64);
        let long = "a".repeat(128);
        let rows: &[(String, String)] = &[
            ("nginx", "docker.io/library/nginx:latest"),
            ("docker.io/nginx", "docker.io/library/nginx:latest"),
            ("index.docker.io/nginx", "docker.io/library/nginx:latest"),
            ("index.docker.io/a/b", "docker.io/a/b:latest"),
            ("registry-1.docker.io/library/nginx", "registry-1.docker.io/library/nginx:latest"),
            ("registry-1.docker.io/nginx", "registry-1.docker.io/nginx:latest"),
            ("a/b/c", "docker.io/a/b/c:latest"),
            ("host/app", "docker.io/host/app:latest"),
            ("host:5000/app", "host:5000/app:latest"),
            ("host.local/app", "host.local/app:latest"),
            ("localhost/app", "localhost/app:latest"),
            ("example.com/app:5000", "example.com/app:5000"),
            ("nginx:Latest", "docker.io/library/nginx:Latest"),
            ("nginx:_x", "docker.io/library/nginx:_x"),
            (&format!("nginx:{long}"), &format!("docker.io/library/nginx:{long}")),
            (&format!("nginx:v1@sha256:{h}"), &format!("docker.io/library/nginx@sha256:{h}")),
            (&format!("nginx@sha512:{}", hex(128)), &format!("docker.io/library/nginx@sha512:{}", hex(128))),
            (&format!("nginx@sha384:{}", hex(96)), &format!("docker.io/library/nginx@sha384:{}", hex(96))),
            (&format!("foo/{h}"), &format!("docker.io/foo/{h}:latest")),
            ("a__b/c", "docker.io/a__b/c:latest"),
            ("x/a---b", "docker.io/x/a---b:latest"),
            ("[::1]:5000/app", "[::1]:5000/app:latest"),
            ("[::1]/app", "[::1]/app:latest"),
            ("127.0.0.1/app", "127.0.0.1/app:latest"),
            ("xn--bcher-kva.de/app", "xn--bcher-kva.de/app:latest"),
            ("foo.com:65535/app", "foo.com:65535/app:latest"),
            (&"a".repeat(247), &format!("docker.io/library/{}:latest", "a".repeat(247))),
            (&format!("example.com/{}", "a".repeat(255)), &format!("example.com/{}:latest", "a".repeat(255))),
            // a path with a slash says what it means, even if it looks odd
            ("docker.io/library/localhost:5000", "docker.io/library/localhost:5000"),
        ]
        .map(|(input, key): (&str, &str)| (input.to_owned(), key.to_owned()));
        for (input, key) in rows {
            let image = Image::parse(input).unwrap_or_else(|reason| panic!("{input}: {reason}"));
            assert_eq!(image.key(), *key, "{input}");
            assert_eq!(Image::parse(&image.to_string()).map(|image| image.key()), Ok(key.clone()), "{input}");
        }
    }

    /// The same page: what upstream refuses, and (marked) what stackc refuses beyond it.
    #[test]
    #[rustfmt::skip] // a table
    fn refused() {
        let h = hex(64);
        let rows: &[(String, &str)] = &[
            ("", "empty"),
            ("Host/App", "must be lowercase"),
            ("App", "must be lowercase"),
            ("foo.com/A/b", "must be lowercase"),
            ("nginx:.x", "must begin with"),
            ("nginx:-x", "must begin with"),
            ("nginx:1.27+x", "`+` may not stand in the tag"),
            ("nginx:", "tag after `:` is missing"),
            ("nginx@", "must read `sha256:…`"),
            ("nginx:t:t", "`:` may not stand in the tag"),
            ("quay.io/a/b:1/2", "`/` may not stand in the tag"),
            ("a:b/c", "port of registry `a`"),
            (&format!("nginx:{}", "a".repeat(129)), "129 characters"),
            (&format!("nginx@sha256:{}", h.to_uppercase()), "lower-case hex"),
            (&format!("nginx@sha256:{}", hex(63)), "64 hex digits, not 63"),
            (&format!("nginx@md5:{}", hex(32)), "`md5` is no digest"),
            (&format!("nginx@SHA256:{h}"), "`SHA256` is no digest"),
            (&h, "an image's id"),
            (&format!("@sha256:{h}"), "name is empty"),
            ("a//b", "empty part"),
            ("/a/b", "empty part"),
            ("a/b/", "empty part"),
            (" nginx", "blanks"),
            ("nginx\n", "blanks"),
            ("a___b/c", "letters and digits may be joined"),
            ("a..b/c", "no host name"),
            ("x/a..b", "letters and digits may be joined"),
            ("x/-a", "must stand at both ends"),
            ("x/a-", "must stand at both ends"),
            ("x/a_.b", "letters and digits may be joined"),
            ("[fe80::1%eth0]:5000/app", "no host name"),
            ("bücher.de/app", "no host name"),
            ("bücher/app", "`ü` may not stand"),
            ("foo.com:/app", "no number from 1 to 65535"),
            ("-a.com/app", "no host name"),
            ("https://docker.io/nginx", "leave `https://` out"),
            ("docker://nginx", "leave `docker://` out"),
            (&"a".repeat(248), "256 characters"),
            (&format!("example.com/{}", "a".repeat(256)), "256 characters"),
            ("docker.io/", "name is empty"),
            // from here on: upstream takes them
            ("HOST/app", "must be lowercase"),
            ("Foo/bar", "must be lowercase"),
            ("Example.com/app", "must be lowercase"),
            ("foo.com:99999/app", "no number from 1 to 65535"),
            ("foo.com:0/app", "no number from 1 to 65535"),
            ("localhost", "write `localhost/NAME`"),
            ("example.com", "write `example.com/NAME`"),
            ("docker.io", "write `docker.io/NAME`"),
            ("localhost:5000", "write `localhost:5000/NAME`"),
            ("example.com:5000", "write `example.com:5000/NAME`"),
            (&format!("sha256:{h}"), "needs a name before it"),
            ("a.b_c/app", "`a.b_c` reads as a registry and is no host name"),
        ]
        .map(|(input, reason): (&str, &'static str)| (input.to_owned(), reason));
        for (input, reason) in rows {
            let error = Image::parse(input).map(|image| image.to_string()).expect_err(input);
            assert!(error.contains(reason), "{input}: {error}");
        }
    }

    #[test]
    fn people_keep_the_tag_and_the_digest_decides() {
        let digest = format!("sha256:{}", hex(64));
        let image = Image::parse(&format!("quay.io/minio/minio:v1@{digest}")).expect("legal");
        assert_eq!(image.repository(), "quay.io/minio/minio");
        assert_eq!(image.tag.as_deref(), Some("v1"));
        assert_eq!(image.to_string(), format!("quay.io/minio/minio:v1@{digest}"));
        assert_eq!(image.key(), format!("quay.io/minio/minio@{digest}"));
        assert_eq!(Image::parse("nginx").expect("legal").tag, None);
    }
}
