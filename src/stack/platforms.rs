//! What images run on.

use std::collections::BTreeMap;

use super::nodes::platform_of;
use super::resolve::value_invalid;
use crate::finding::Findings;
use crate::kube::{Image, Platform};
use crate::yaml::{Named, Spanned};

/// All declarations, by repository.
#[derive(Debug, Default)]
pub struct Platforms {
    by_repository: BTreeMap<String, Vec<Declared>>,
}

/// An image's platforms, by hand.
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

    /// What is declared about an image: a full reference beats a repository.
    pub fn of(&self, image: &Image) -> Option<&Declared> {
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
    Some(Declared { image: image.clone(), parsed, full, platforms })
}
