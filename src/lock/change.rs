//! What a new lock changes, as people read it.

use std::fmt;

use super::{Pin, Pins};
use crate::k3s::Ranges;
use crate::kube::Platform;

/// One line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change {
    what: &'static str,
    text: String,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:8}{}", self.what, self.text)
    }
}

/// All changes: images by key, then ranges.
pub fn changes(old: &Pins, new: &Pins) -> Vec<Change> {
    let mut keys: Vec<&String> = old.images.keys().chain(new.images.keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    let images = keys.into_iter().filter_map(|key| image(key, old.images.get(key), new.images.get(key)));
    images.chain(ranges(old, new)).collect()
}

fn image(key: &str, old: Option<&Pin>, new: Option<&Pin>) -> Option<Change> {
    let (what, text) = match (old, new) {
        (Some(old), Some(new)) if old == new => return None,
        (Some(old), Some(new)) if old.digest == new.digest => ("proved", format!("{key}: {}", words(new))),
        (Some(old), Some(new)) => {
            let gone: Vec<&str> = old
                .platforms
                .keys()
                .filter(|platform| !new.platforms.contains_key(platform) && !new.listed.contains(platform))
                .map(|p| p.word())
                .collect();
            let gone = if gone.is_empty() { String::new() } else { format!("; gone: {}", gone.join(", ")) };
            (
                "moved",
                format!("{key}: {} -> {}: {}{gone}", short(&old.digest), short(&new.digest), words(new)),
            )
        }
        (None, Some(new)) => ("added", format!("{key}: {}: {}", short(&new.digest), words(new))),
        (_, None) => ("dropped", key.to_owned()),
    };
    Some(Change { what, text })
}

fn words(pin: &Pin) -> String {
    let words: Vec<&str> = pin.platforms.keys().copied().map(Platform::word).collect();
    if words.is_empty() { "none of this cluster's machines".to_owned() } else { words.join(", ") }
}

/// Enough to tell one from another.
fn short(digest: &str) -> String {
    digest.chars().take("sha256:".len() + 12).collect()
}

/// A range that went is urgent: while the old list is deployed, whoever has the range now is believed.
fn ranges(old: &Pins, new: &Pins) -> Vec<Change> {
    let all = |pins: &Pins| pins.cloudflare.iter().flat_map(Ranges::all).collect::<Vec<_>>();
    let (before, after) = (all(old), all(new));
    let removed = before.iter().filter(|range| !after.contains(range)).map(|range| Change {
        what: "removed",
        text: format!(
            "{range}: Cloudflare gave it up; build and install now, for its new owner is believed until then"
        ),
    });
    let added = after.iter().filter(|range| !before.contains(range));
    let added = added.map(|range| Change { what: "added", text: format!("{range}, of Cloudflare") });
    if before.is_empty() && !after.is_empty() {
        return vec![Change { what: "added", text: format!("{} ranges of Cloudflare", after.len()) }];
    }
    removed.chain(added).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::k3s;

    #[test]
    fn each_kind_of_change() {
        let pin = |digest: &str, words: &[&str]| Pin {
            digest: format!("sha256:{}", digest.repeat(64)),
            platforms: words.iter().map(|word| (Platform::parse(word).unwrap(), "sha256:0".into())).collect(),
            listed: [].into(),
        };
        let pins = |images: &[(&str, Pin)]| Pins {
            images: images.iter().map(|(key, pin)| ((*key).to_owned(), pin.clone())).collect(),
            cloudflare: None,
        };
        let old = pins(&[
            ("a", pin("1", &["amd64", "arm64"])),
            ("b", pin("2", &["amd64"])),
            ("d", pin("4", &["amd64"])),
            ("e", pin("5", &["amd64"])),
        ]);
        let new = pins(&[
            ("a", pin("3", &["amd64"])),
            ("c", pin("2", &["arm/v7"])),
            ("d", pin("4", &["amd64", "arm64"])),
            ("e", pin("5", &["amd64"])),
        ]);
        let told: Vec<String> = changes(&old, &new).iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "moved   a: sha256:111111111111 -> sha256:333333333333: amd64; gone: arm64",
                "dropped b",
                "added   c: sha256:222222222222: arm/v7",
                "proved  d: amd64, arm64",
            ]
        );
    }

    #[test]
    fn ranges_that_come_and_go() {
        let whole = Pins { cloudflare: Some(k3s::ranges()), ..Pins::default() };
        let told =
            |old: &Pins, new: &Pins| changes(old, new).iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(told(&Pins::default(), &whole), ["added   22 ranges of Cloudflare"]);
        let mut less = whole.clone();
        let gone = less.cloudflare.as_mut().and_then(|ranges| ranges.v4.pop()).unwrap();
        assert_eq!(told(&less, &whole), [format!("added   {gone}, of Cloudflare")]);
        assert!(
            told(&whole, &less)
                .first()
                .unwrap()
                .starts_with(&format!("removed {gone}: Cloudflare gave it up"))
        );
        assert_eq!(told(&whole, &whole), Vec::<String>::new());
    }
}
