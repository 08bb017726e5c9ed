//! What a registry holds under a name: an index of images, or an image.
//!
//! A document that is both reads differently by its media type (CVE-2021-41190) and is refused. `urls` of descriptors are
//! not read at all: they name hosts that could ask for a login (CVE-2020-15157).

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::failure::Cause;
use super::said::clean;

/// All four types, asked for each time: a registry that is not asked for an index answers with its amd64 image.
pub(super) const ACCEPT: &str = "application/vnd.oci.image.index.v1+json, \
    application/vnd.docker.distribution.manifest.list.v2+json, \
    application/vnd.oci.image.manifest.v1+json, \
    application/vnd.docker.distribution.manifest.v2+json";

const INDEXES: [&str; 2] =
    ["application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json"];
const IMAGES: [&str; 2] =
    ["application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json"];
const SCHEMA_1: [&str; 2] = [
    "application/vnd.docker.distribution.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v1+prettyjws",
];
const CONFIGS: [&str; 2] =
    ["application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"];

/// Entries of one index.
const ENTRIES: usize = 64;

/// What is meant by a media type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Index,
    Image,
}

/// The kind of a media type, if it is one.
pub(super) fn kind(media_type: &str) -> Option<Kind> {
    let index = INDEXES.contains(&media_type).then_some(Kind::Index);
    index.or(IMAGES.contains(&media_type).then_some(Kind::Image))
}

/// Whether it is Docker's first format.
pub(super) fn is_schema_1(media_type: &str) -> bool {
    SCHEMA_1.contains(&media_type)
}

/// A document that was understood.
#[derive(Debug)]
pub(super) enum Document {
    /// Images and further indexes; what is neither was left out.
    Index(Vec<Descriptor>),
    /// Its configuration.
    Image(Descriptor),
}

/// A pointer to content.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Descriptor {
    #[serde(default)]
    pub media_type: String,
    pub digest: String,
    pub size: u64,
    pub platform: Option<Built>,
    #[serde(default)]
    annotations: Option<BTreeMap<String, String>>,
    artifact_type: Option<String>,
}

/// A platform as documents write it.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub(super) struct Built {
    #[serde(default)]
    pub os: String,
    #[serde(default)]
    pub architecture: String,
    #[serde(default)]
    pub variant: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw {
    media_type: Option<String>,
    manifests: Option<Vec<Descriptor>>,
    config: Option<Descriptor>,
    layers: Option<Vec<IgnoredAny>>,
    fs_layers: Option<IgnoredAny>,
    artifact_type: Option<String>,
}

/// What [`Raw`] reads; Go reads these in any case of letters.
const KEYS: [&str; 6] = ["mediaType", "manifests", "config", "layers", "fsLayers", "artifactType"];

/// Understands a document by the media type that it was sent with.
pub(super) fn read(media_type: &str, body: &[u8]) -> Result<Document, Cause> {
    let unreadable = |why: String| Err(Cause::Unreadable { why });
    let Some(kind) = kind(media_type) else {
        return unreadable(format!("its type is `{}`", clean(media_type)));
    };
    #[expect(clippy::zero_sized_map_values, reason = "a set has no place for the values that are read past")]
    let keys: BTreeMap<String, IgnoredAny> = match serde_json::from_slice(body) {
        Ok(keys) => keys,
        Err(error) => return unreadable(format!("it is no JSON map (line {})", error.line())),
    };
    let twin = |key: &&String| KEYS.iter().any(|known| known != *key && known.eq_ignore_ascii_case(key));
    if let Some(key) = keys.keys().find(twin) {
        return unreadable(format!("`{}` is read by some programs and not by others", clean(key)));
    }
    let raw: Raw = match serde_json::from_slice(body) {
        Ok(raw) => raw,
        Err(error) => return unreadable(clean(&error.to_string())),
    };
    if raw.fs_layers.is_some() {
        return Err(Cause::Schema1);
    }
    if let Some(own) = raw.media_type.as_ref().filter(|own| *own != media_type) {
        return unreadable(format!("it was sent as `{media_type}`, but calls itself `{}`", clean(own)));
    }
    match kind {
        Kind::Index if raw.config.is_some() || raw.layers.is_some() => {
            unreadable("it is an index and an image at once".into())
        }
        Kind::Image if raw.manifests.is_some() => unreadable("it is an image and an index at once".into()),
        Kind::Index => index(raw.manifests),
        Kind::Image => image(raw),
    }
}

fn index(manifests: Option<Vec<Descriptor>>) -> Result<Document, Cause> {
    let Some(mut entries) = manifests else {
        return Err(Cause::Unreadable { why: "it is an index without `manifests`".into() });
    };
    if entries.len() > ENTRIES {
        let why = format!("it lists {} images, no index needs more than {ENTRIES}", entries.len());
        return Err(Cause::Unreadable { why });
    }
    entries.retain(Descriptor::is_image);
    Ok(Document::Index(entries))
}

fn image(raw: Raw) -> Result<Document, Cause> {
    let Some(config) = raw.config else {
        return Err(Cause::Unreadable { why: "it is an image without `config`".into() });
    };
    // an artifact that says so may still have the configuration of an image
    if let Some(artifact) = raw.artifact_type.filter(|kind| !kind.is_empty() && !is_config(kind)) {
        return Err(Cause::NoImage { why: format!("it says that it is `{}`", clean(&artifact)) });
    }
    if !is_config(&config.media_type) {
        return Err(Cause::NoImage { why: format!("its configuration is `{}`", clean(&config.media_type)) });
    }
    Ok(Document::Image(config))
}

fn is_config(media_type: &str) -> bool {
    CONFIGS.contains(&media_type)
}

impl Descriptor {
    /// Whether containerd could choose it: no attestation (BuildKit writes them beside the images), no artifact, and of a
    /// type that is known.
    fn is_image(&self) -> bool {
        let reference = |key: &str| self.annotations.as_ref().is_some_and(|all| all.contains_key(key));
        let attestation = reference("vnd.docker.reference.type") || reference("vnd.docker.reference.digest");
        let artifact = self.artifact_type.as_ref().is_some_and(|kind| !kind.is_empty());
        let unknown = self
            .platform
            .as_ref()
            .is_some_and(|built| built.os == "unknown" || built.architecture == "unknown");
        kind(&self.media_type).is_some() && !attestation && !artifact && !unknown
    }
}

/// Reads an image's configuration: what it was built for.
pub(super) fn config(body: &[u8]) -> Result<Built, Cause> {
    let built: Built = serde_json::from_slice(body).map_err(|_| Cause::Unreadable {
        why: "its configuration is not JSON with os and architecture".into(),
    })?;
    if built.os.is_empty() || built.architecture.is_empty() {
        return Err(Cause::NoImage { why: "its configuration names no os or no architecture".into() });
    }
    Ok(built)
}
