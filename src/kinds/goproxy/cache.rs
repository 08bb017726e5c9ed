//! Where fetched modules are kept: a volume, or a bucket that speaks S3.

use serde::Deserialize;

use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::kinds::secret::SecretKey;
use crate::kinds::{Asked, data, upstream};
use crate::stack::value_invalid;
use crate::yaml::{Node, Spanned, decode, like};

/// A cache that may fill the node's disk.
pub(in crate::kinds) static CACHE_UNBOUNDED: Code = Code {
    name: "cache-unbounded",
    severity: Severity::Warning,
    page: Page {
        about: "No proxy of Go modules throws anything away, and an `emptyDir` lies on the node's own disk. Without a\n\
                limit it grows until the kubelet evicts pods of that node, this one or others. Give it a size, or a\n\
                folder on a disk of its own.",
        bad: concat!(
            go_stack!(),
            "# apps/goproxy.yaml\nkind: goproxy\nimage: ghcr.io/goproxy/goproxy:0.26.1\nhost: go.example.org\n",
            "cache: {emptyDir: {}}\n"
        ),
        good: concat!(
            go_stack!(),
            "# apps/goproxy.yaml\nkind: goproxy\nimage: ghcr.io/goproxy/goproxy:0.26.1\nhost: go.example.org\n",
            "cache: {emptyDir: 10Gi}\n"
        ),
    },
};

/// What keeps modules.
pub(super) enum Cache {
    /// A volume, as the user writes it.
    Volume(Node),
    /// A bucket.
    S3(S3),
}

/// A cache in a bucket.
#[derive(Deserialize)]
pub(super) struct S3File {
    /// A bucket of a server that speaks S3.
    s3: S3,
}

/// A bucket of a server that speaks S3.
#[derive(Deserialize)]
pub(super) struct S3 {
    /// The server: `http://HOST:PORT` or `https://HOST`. In the cluster its Service, not its public host: Cloudflare takes
    /// 100 MB at most.
    pub(super) endpoint: Spanned<String>,
    /// The bucket, which must exist.
    pub(super) bucket: Spanned<String>,
    /// The name of the key that may write to it.
    #[serde(rename = "accessKey", deserialize_with = "like::<SecretKey, _, _>")]
    access_key: Node,
    /// The key itself.
    #[serde(rename = "secretKey", deserialize_with = "like::<SecretKey, _, _>")]
    secret_key: Node,
    /// The server's region. Default: `us-east-1`.
    region: Option<Spanned<String>>,
    /// Whether the bucket is in the path, and not in the host; minio wants that. Default: `false`.
    #[serde(rename = "pathStyle")]
    pub(super) path_style: Option<bool>,
}

/// A bucket, looked through.
pub(super) struct Bucket<'a> {
    pub(super) s3: &'a S3,
    pub(super) access_key: SecretKey,
    pub(super) secret_key: SecretKey,
    pub(super) region: &'a str,
    /// Host and port.
    pub(super) authority: &'a str,
    pub(super) tls: bool,
}

/// What stands under `cache`.
pub(super) fn read(cache: &Node, asked: &Asked<'_>, found: &mut Findings) -> Option<Cache> {
    if cache.get("s3").is_some() {
        let file: S3File = decode(cache, found)?;
        return Some(Cache::S3(file.s3));
    }
    if let Some(empty) = cache.get("emptyDir").filter(|empty| empty.get("sizeLimit").is_none()) {
        found.push(
            Finding::new(&CACHE_UNBOUNDED, empty.span, "the cache may fill the node's disk")
                .note("nothing is ever thrown away; on a full disk the kubelet evicts pods")
                .help("cache: {emptyDir: 10Gi}"),
        );
    }
    data::owner(cache, asked, found);
    Some(Cache::Volume(cache.clone()))
}

impl S3 {
    /// The parts, each of plain letters: they stand in arguments and variables, where `$(…)` means something.
    pub(super) fn bucket(&self, found: &mut Findings) -> Option<Bucket<'_>> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
        let region = self.region.as_ref();
        for (key, text) in [("bucket", Some(&self.bucket)), ("region", region)] {
            if let Some(text) = text.filter(|text| text.value.is_empty() || !text.value.chars().all(plain)) {
                let message = format!("`{}` is no {key}: letters, digits, `-`, `.`, `_`", text.value);
                found.push(value_invalid(text.span, message));
            }
        }
        let access_key = SecretKey::of(&self.access_key, found);
        let secret_key = SecretKey::of(&self.secret_key, found);
        let endpoint = self.endpoint.value.trim_end_matches('/');
        let authority = endpoint.split_once("://").map_or("", |(_, authority)| authority);
        let scheme = upstream::parts(endpoint).map(|(scheme, ..)| scheme);
        let rest = |c: char| plain(c) || matches!(c, ':' | '[' | ']');
        if !matches!(scheme, Some("http" | "https")) || !authority.chars().all(rest) {
            found.push(
                value_invalid(
                    self.endpoint.span,
                    "`endpoint` is http:// or https:// and a host, and no path",
                )
                .help("endpoint: http://minio.default.svc:9000"),
            );
            return None;
        }
        Some(Bucket {
            s3: self,
            access_key: access_key?,
            secret_key: secret_key?,
            region: region.map_or("us-east-1", |region| region.value.as_str()),
            authority,
            tls: scheme == Some("https"),
        })
    }
}
