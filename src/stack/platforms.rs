//! What images run on.

use std::collections::BTreeMap;

use super::invalid::value_invalid;
use super::nodes::platform_of;
use crate::finding::Findings;
use crate::kube::{Image, Platform};
use crate::lock::Lock;
use crate::yaml::{Named, Spanned};

/// All that is known.
#[derive(Debug, Default)]
pub struct Platforms {
    /// By hand, by repository.
    by_repository: BTreeMap<String, Vec<Declared>>,
    /// From stackc.lock, by [`Image::key`].
    locked: BTreeMap<String, Declared>,
}

/// An image's platforms, and who says so.
#[derive(Debug)]
pub struct Declared {
    /// The image as written.
    pub image: Spanned<String>,
    /// Its reference.
    pub parsed: Image,
    /// Whether the reference names a tag or digest, and so one image only.
    pub full: bool,
    /// What it runs on.
    pub platforms: Vec<Platform>,
    /// What the reference names, if a registry said so; if none, it is written in stack.yaml.
    pub digest: Option<String>,
}

impl Declared {
    /// Whether a registry said so.
    pub fn locked(&self) -> bool {
        self.digest.is_some()
    }
}

impl Platforms {
    /// What the file says.
    pub(super) fn resolve(file: &Named<Vec<Spanned<String>>>, found: &mut Findings) -> Platforms {
        let mut platforms = Platforms::default();
        for (image, words) in file.iter() {
            if let Some(declared) = declared(image, words, found) {
                platforms.by_repository.entry(declared.parsed.repository()).or_default().push(declared);
            }
        }
        platforms
    }

    /// Takes over what the lock knows.
    pub(super) fn learn(&mut self, lock: &Lock) {
        for (key, pin) in &lock.pins.images {
            let (Ok(parsed), Some(span)) = (Image::parse(key), lock.images.get(key)) else { continue };
            let image = Spanned { span: *span, value: key.clone() };
            let platforms = pin.platforms.keys().copied().collect();
            self.locked.insert(
                key.clone(),
                Declared { image, parsed, full: true, platforms, digest: Some(pin.digest.clone()) },
            );
        }
    }

    /// What is known of an image: the lock beats what is declared.
    pub fn of(&self, image: &Image) -> Option<&Declared> {
        self.locked(image).next().or_else(|| self.by_hand(image))
    }

    /// The lock's entries that speak of an image: its own, and where `pin: digest` wrote it, that of its tag.
    pub fn locked(&self, image: &Image) -> impl Iterator<Item = &Declared> {
        let own = self.locked.get(&image.key());
        let tagged = Image { digest: None, ..image.clone() };
        let tagged = self.locked.get(&tagged.key()).filter(|locked| locked.digest == image.digest);
        own.into_iter().chain(tagged)
    }

    /// What is declared about an image: a full reference beats a repository.
    pub fn by_hand(&self, image: &Image) -> Option<&Declared> {
        let of_repository = self.by_repository.get(&image.repository())?;
        let full =
            of_repository.iter().find(|declared| declared.full && declared.parsed.key() == image.key());
        full.or_else(|| of_repository.iter().find(|declared| !declared.full))
    }
}

fn declared(image: &Spanned<String>, words: &[Spanned<String>], found: &mut Findings) -> Option<Declared> {
    let platforms: Vec<_> = words.iter().filter_map(|word| platform_of(word, found)).collect();
    let parsed = Image::parse(&image.value)
        .map_err(|reason| found.push(value_invalid(image.span, format!("`{}`: {reason}", image.value))))
        .ok()?;
    let full = parsed.tag.is_some() || parsed.digest.is_some();
    Some(Declared { image: image.clone(), parsed, full, platforms, digest: None })
}
