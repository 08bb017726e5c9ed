//! Platforms as containerd compares them (containerd/platforms, `normalizePlatform`).

use std::fmt;

use super::document::Built;
use super::said::clean;
use crate::kube::Platform;

/// Other words for an architecture, and the variant that they imply.
const ARCHITECTURES: [(&str, &str, &str); 7] = [
    ("i386", "386", ""),
    ("x86_64", "amd64", ""),
    ("x86-64", "amd64", ""),
    ("aarch64", "arm64", ""),
    ("armhf", "arm", "v7"),
    ("armel", "arm", "v6"),
    ("ppc64el", "ppc64le", ""),
];

/// Variants that say nothing beyond their architecture, with the one that is meant.
const VARIANTS: [(&str, &str, &str); 8] = [
    ("amd64", "v1", ""),
    ("arm64", "v8", ""),
    ("arm64", "8", ""),
    ("arm", "", "v7"),
    ("arm", "5", "v5"),
    ("arm", "6", "v6"),
    ("arm", "7", "v7"),
    ("arm", "8", "v8"),
];

impl Built {
    /// The one form of each platform.
    pub fn normal(&self) -> Built {
        let (os, written) = (self.os.to_lowercase(), self.architecture.to_lowercase());
        let variant = self.variant.to_lowercase();
        let row = ARCHITECTURES.iter().find(|(other, ..)| *other == written);
        let (architecture, implied) =
            row.map_or((written.as_str(), ""), |(_, name, implied)| (*name, *implied));
        let variant = if implied.is_empty() { variant.as_str() } else { implied };
        let plain = VARIANTS.iter().find(|(of, other, _)| *of == architecture && *other == variant);
        let variant = plain.map_or(variant, |(_, _, plain)| plain);
        Built { os, architecture: architecture.to_owned(), variant: variant.to_owned() }
    }

    /// Whether it says nothing at all.
    pub fn is_nothing(&self) -> bool {
        self.os.is_empty() && self.architecture.is_empty()
    }

    /// The platform of a machine that runs it without any doubt. An os that is not spelled out means the host's own to
    /// containerd, and proves nothing; nor do amd64/v3, which plain machines never choose, and what stackc has no word for.
    pub fn platform(&self) -> Option<Platform> {
        let Built { os, architecture, variant } = self.normal();
        let word = if variant.is_empty() { architecture } else { format!("{architecture}/{variant}") };
        (os == "linux").then(|| Platform::parse(&word).ok()).flatten()
    }

    /// Whether an index's entry says the same as the image's own configuration. A variant is compared where both have one:
    /// older images have none in their configuration.
    pub fn agrees(&self, config: &Built) -> bool {
        let (entry, image) = (self.normal(), config.normal());
        let silent = self.variant.is_empty() || config.variant.is_empty();
        entry.os == image.os
            && entry.architecture == image.architecture
            && (silent || entry.variant == image.variant)
    }
}

impl fmt::Display for Built {
    /// A stranger's words, fit to be shown: `linux/arm/v7`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [&self.os, &self.architecture, &self.variant];
        let parts: Vec<&str> =
            parts.into_iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
        f.write_str(&clean(&parts.join("/")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built(text: &str) -> Built {
        let mut parts = text.split('/').map(ToOwned::to_owned);
        let mut next = || parts.next().unwrap_or_default();
        Built { os: next(), architecture: next(), variant: next() }
    }

    #[test]
    #[rustfmt::skip] // a table
    fn machines_of_a_platform() {
        for (written, platform) in [
            ("linux/amd64", Some("amd64")), ("Linux/AMD64", Some("amd64")), ("linux/amd64/v1", Some("amd64")),
            ("linux/x86_64", Some("amd64")), ("linux/amd64/v3", None), ("linux/arm64", Some("arm64")),
            ("linux/arm64/v8", Some("arm64")), ("linux/aarch64", Some("arm64")), ("linux/arm64/v9", None),
            ("linux/arm", Some("arm/v7")), ("linux/arm/v7", Some("arm/v7")), ("linux/arm/6", Some("arm/v6")),
            ("linux/armhf", Some("arm/v7")), ("linux/armel", Some("arm/v6")), ("linux/arm/v5", None),
            ("linux/386", Some("386")), ("linux/riscv64", Some("riscv64")), ("linux/mips64le", None),
            ("windows/amd64", None), ("/amd64", None), ("linux/", None), ("linux/ppc64el", Some("ppc64le")),
        ] {
            assert_eq!(built(written).platform().map(Platform::word), platform, "{written}");
        }
    }

    #[test]
    fn an_entry_and_its_image() {
        for (entry, config, agrees) in [
            ("linux/arm64", "linux/arm64/v8", true),
            ("linux/arm64/v8", "linux/arm64", true),
            ("linux/arm/v6", "linux/arm", true),
            ("linux/arm/v7", "linux/arm/v6", false),
            ("linux/arm64", "linux/amd64", false),
            ("linux/amd64", "windows/amd64", false),
            ("linux/x86_64", "linux/amd64", true),
        ] {
            assert_eq!(built(entry).agrees(&built(config)), agrees, "{entry} {config}");
        }
    }
}
