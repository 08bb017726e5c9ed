//! What a machine runs and what an image was built for, as one word.

use std::fmt;

use crate::finding::{list, nearest};

/// All words, as image indexes and `docker buildx` write them without the leading `linux/`.
const WORDS: [&str; 8] = ["amd64", "arm64", "arm/v7", "arm/v6", "386", "riscv64", "s390x", "ppc64le"];

/// What other programs call them: uname, Debian, Rust, containerd's normalisation.
const ALIASES: [(&str, &str); 20] = [
    ("x86_64", "amd64"),
    ("x86-64", "amd64"),
    ("x64", "amd64"),
    ("amd64/v1", "amd64"),
    ("aarch64", "arm64"),
    ("arm64/v8", "arm64"),
    ("armv8", "arm64"),
    ("armhf", "arm/v7"),
    ("armv7", "arm/v7"),
    ("armv7l", "arm/v7"),
    ("armel", "arm/v6"),
    ("armv6", "arm/v6"),
    ("armv6l", "arm/v6"),
    ("x86", "386"),
    ("i386", "386"),
    ("i486", "386"),
    ("i586", "386"),
    ("i686", "386"),
    ("ppc64el", "ppc64le"),
    ("riscv", "riscv64"),
];

/// An architecture with its variant, of Linux: `arm64`, `arm/v7`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Platform(&'static str);

impl Platform {
    /// Reads a word.
    ///
    /// # Errors
    /// The reason with the word to write, in a user's words.
    pub fn parse(text: &str) -> Result<Platform, String> {
        if let Some(word) = WORDS.iter().find(|word| **word == text) {
            return Ok(Platform(word));
        }
        let plain = text.to_lowercase();
        let plain = plain.strip_prefix("linux/").unwrap_or(&plain);
        if plain == "arm" {
            return Err("`arm` alone does not say which: write `arm/v7` or `arm/v6`".into());
        }
        let known = WORDS.iter().find(|word| **word == plain);
        let alias = ALIASES.iter().find(|(alias, _)| *alias == plain).map(|(_, word)| word);
        match known.or(alias).copied().or_else(|| nearest(plain, WORDS)) {
            Some(word) => Err(format!("`{text}` is no architecture that stackc knows: write `{word}`")),
            None => Err(format!("`{text}` is no architecture that stackc knows: {}", list(WORDS))),
        }
    }

    /// All of them, in the order of the documentation.
    pub fn all() -> impl Iterator<Item = Platform> {
        WORDS.into_iter().map(Platform)
    }

    /// As users write it.
    pub fn word(self) -> &'static str {
        self.0
    }

    /// The value of the label `kubernetes.io/arch`: the variant is invisible to labels.
    pub fn label(self) -> &'static str {
        self.0.split_once('/').map_or(self.0, |(arch, _)| arch)
    }

    /// Whether a machine of this platform runs an image built for `image`. Only an exact match proves it: whether
    /// containerd falls back (arm64 to arm/v7, amd64 to 386) depends on its version and settings, and many 64-bit ARM
    /// cores cannot run 32-bit code, so that the machine's owner must say what it `also` runs.
    pub fn runs(self, also: &[Platform], image: &[Platform]) -> bool {
        image.iter().any(|built| *built == self || also.contains(built))
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn platforms(words: &[&str]) -> Vec<Platform> {
        words.iter().map(|word| Platform::parse(word).expect(word)).collect()
    }

    #[test]
    fn words_and_labels() {
        for word in WORDS {
            assert_eq!(Platform::parse(word).map(Platform::word), Ok(word));
        }
        let labels: Vec<_> = Platform::all().map(Platform::label).collect();
        assert_eq!(labels, ["amd64", "arm64", "arm", "arm", "386", "riscv64", "s390x", "ppc64le"]);
    }

    #[test]
    fn what_others_call_them_is_told() {
        for (alias, word) in ALIASES {
            assert!(!WORDS.contains(&alias) && WORDS.contains(&word), "{alias}");
            let reason = Platform::parse(alias).expect_err(alias);
            assert!(reason.ends_with(&format!(": write `{word}`")), "{reason}");
        }
        for (text, end) in [
            ("arm", "write `arm/v7` or `arm/v6`"),
            ("linux/arm", "write `arm/v7` or `arm/v6`"),
            ("linux/arm64", "write `arm64`"),
            ("AMD64", "write `amd64`"),
            ("amd46", "write `amd64`"),
            ("mips", "`s390x` or `ppc64le`"),
            ("", "`s390x` or `ppc64le`"),
        ] {
            let reason = Platform::parse(text).expect_err(text);
            assert!(reason.ends_with(end), "{reason}");
        }
    }

    #[test]
    #[rustfmt::skip] // a table
    fn only_an_exact_match_or_a_declared_one_runs() {
        for (node, also, image, runs) in [
            ("amd64", &[][..], &["amd64", "arm64"][..], true),
            ("arm64", &[], &["amd64"], false),
            // containerd's fallbacks, which depend on its version
            ("arm64", &[], &["amd64", "arm/v7"], false),
            ("amd64", &[], &["386"], false),
            ("arm/v7", &[], &["arm/v6"], false),
            ("arm64", &["arm/v7"], &["amd64", "arm/v7"], true),
            ("arm64", &["arm/v7"], &["arm/v6"], false),
            ("arm64", &[], &[], false),
        ] {
            let [node_platform] = platforms(&[node])[..] else { panic!() };
            assert_eq!(
                node_platform.runs(&platforms(also), &platforms(image)),
                runs,
                "{node} {also:?} {image:?}"
            );
        }
    }
}
