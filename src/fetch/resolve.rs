//! From a reference to what it holds: the digest, and each platform with its image.

use std::collections::BTreeSet;

use super::document::{Built, Descriptor, Document};
use super::failure::Cause;
use super::registry::{Endpoint, Manifest};
use super::{Client, Errand};
use crate::kube::{Image, Platform};

/// Indexes in indexes.
const DEEPEST: usize = 3;

/// Indexes below one reference: each is a question.
const INDEXES: usize = 16;

/// An image to be asked for.
#[derive(Clone, Debug)]
pub struct Wish {
    /// The reference; a digest in it decides.
    pub image: Image,
    /// The platforms whose images are fetched and compared with what lists them. Each costs two questions.
    pub platforms: Vec<Platform>,
    /// The digest that is known already: if the registry has the same, nothing else is asked.
    pub known: Option<String>,
}

/// What became of a wish.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// The registry still has the digest that was known.
    Unchanged,
    /// All that it holds.
    Resolved(Resolved),
}

/// What a reference holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Resolved {
    /// `sha256:…` of the raw bytes of what the reference names: an index, or an image.
    pub digest: String,
    /// What that is.
    pub media_type: String,
    /// Every image in it that a node could choose, one a platform, in the registry's order.
    pub children: Vec<Child>,
}

/// One platform's image.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Child {
    /// As written, such as `linux/arm/v7`; may be any that exists.
    pub name: String,
    /// The machines that run it for sure; none for what stackc has no word for (windows, amd64/v3).
    pub platform: Option<Platform>,
    /// Of its manifest. A single image is its own child.
    pub digest: String,
    /// Of its configuration, if that was fetched and says the same platform. None: listed, but not asked for.
    pub config: Option<String>,
}

/// Where and for what.
struct Search<'a> {
    client: &'a Client,
    at: &'a Endpoint,
    errand: &'a Errand<'a>,
    platforms: &'a [Platform],
}

/// Asks one registry, or one of its mirrors.
pub(super) fn resolve(
    client: &Client,
    at: &Endpoint,
    wish: &Wish,
    errand: &Errand<'_>,
) -> Result<Outcome, Cause> {
    let reference = reference(&wish.image);
    if wish.known.is_some() && client.head(at, reference, errand)? == wish.known {
        return Ok(Outcome::Unchanged);
    }
    let search = Search { client, at, errand, platforms: &wish.platforms };
    let Manifest { digest, media_type, document, .. } = client.manifest(at, reference, None, errand)?;
    let children = match document {
        Document::Image(config) => {
            let built = client.config(at, &config, errand)?;
            vec![Child::new(&built, &digest, Some(config.digest))]
        }
        Document::Index(entries) => {
            let mut images = Vec::new();
            search.flatten(entries, 1, &mut BTreeSet::from([digest.clone()]), &mut images)?;
            search.children(&images)?
        }
    };
    if children.is_empty() {
        return Err(Cause::NoImage { why: "it lists no image".into() });
    }
    Ok(Outcome::Resolved(Resolved { digest, media_type, children }))
}

/// What is asked for: the digest decides, the tag is for people.
pub(super) fn reference(image: &Image) -> &str {
    image.digest.as_deref().or(image.tag.as_deref()).unwrap_or("latest")
}

impl Child {
    fn new(built: &Built, digest: &str, config: Option<String>) -> Child {
        Child { name: built.to_string(), platform: built.platform(), digest: digest.to_owned(), config }
    }
}

impl Search<'_> {
    /// The images of an index and of those in it, in their order; an index that was there before is left out.
    fn flatten(
        &self,
        entries: Vec<Descriptor>,
        depth: usize,
        seen: &mut BTreeSet<String>,
        images: &mut Vec<Descriptor>,
    ) -> Result<(), Cause> {
        for entry in entries {
            if super::document::kind(&entry.media_type) == Some(super::document::Kind::Image) {
                images.push(entry);
            } else if seen.insert(entry.digest.clone()) {
                if depth >= DEEPEST || seen.len() > INDEXES {
                    let why = format!("indexes in indexes: more than {DEEPEST} deep, or more than {INDEXES}");
                    return Err(Cause::Unreadable { why });
                }
                let inner = self.fetch(&entry)?;
                let Document::Index(entries) = inner.document else { continue };
                self.flatten(entries, depth.saturating_add(1), seen, images)?;
            }
        }
        Ok(())
    }

    /// One image a platform, the first of each: that is the one containerd takes. Of those without a platform it takes
    /// the first, after all others.
    fn children(&self, images: &[Descriptor]) -> Result<Vec<Child>, Cause> {
        let mut taken: Vec<Built> = Vec::new();
        let mut children = Vec::new();
        for image in images {
            let Some(built) = image.platform.as_ref().filter(|built| !built.is_nothing()) else { continue };
            if taken.contains(&built.normal()) {
                continue;
            }
            taken.push(built.normal());
            let wanted = built.platform().is_some_and(|platform| self.platforms.contains(&platform));
            let config = if wanted { Some(self.compared(image, built)?) } else { None };
            children.push(Child::new(built, &image.digest, config));
        }
        let nameless = images.iter().find(|image| image.platform.as_ref().is_none_or(Built::is_nothing));
        if let Some(image) = nameless {
            let (built, config) = self.built(image)?;
            if !taken.contains(&built.normal()) {
                children.push(Child::new(&built, &image.digest, Some(config)));
            }
        }
        Ok(children)
    }

    /// The configuration's digest, if it says what the entry says.
    fn compared(&self, image: &Descriptor, entry: &Built) -> Result<String, Cause> {
        let (config, digest) = self.built(image)?;
        if entry.agrees(&config) {
            return Ok(digest);
        }
        let (entry, config) = (entry.to_string(), config.to_string());
        Err(Cause::Mislabelled { digest: image.digest.clone(), entry, config })
    }

    /// What an image says of itself, and the digest of what says it.
    fn built(&self, image: &Descriptor) -> Result<(Built, String), Cause> {
        match self.fetch(image)?.document {
            Document::Image(config) => {
                let built = self.client.config(self.at, &config, self.errand);
                Ok((built.map_err(|cause| gone(cause, image))?, config.digest))
            }
            Document::Index(_) => Err(Cause::Unreadable { why: "an index is listed as an image".into() }),
        }
    }

    fn fetch(&self, entry: &Descriptor) -> Result<Manifest, Cause> {
        let reference = super::registry::path_of(&entry.digest)?;
        let manifest = self.client.manifest(self.at, reference, Some(entry), self.errand);
        manifest.map_err(|cause| gone(cause, entry))
    }
}

/// What an index lists and its registry does not have.
fn gone(cause: Cause, entry: &Descriptor) -> Cause {
    let Cause::NotFound { .. } = cause else { return cause };
    let platform = entry.platform.as_ref().map_or_else(|| "an image".to_owned(), ToString::to_string);
    Cause::ChildGone { platform, digest: entry.digest.clone() }
}
