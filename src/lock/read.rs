//! From text to a lock. What it says is held against itself: a lock that was changed by hand proves nothing.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{END, Lock, Pin, VERSION};
use crate::finding::{Code, Finding, Findings, Page, Severity, Words};
use crate::k3s::parse_ranges;
use crate::kube::{Image, Platform};
use crate::source::{FileId, LOCK_FILE, Sources, Span};
use crate::yaml::{Named, Node, Spanned, decode, maybe, read_typed};

/// A lock that cannot be believed.
pub static LOCK_INVALID: Code = Code {
    name: "lock-invalid",
    severity: Severity::Error,
    page: Page {
        about: "stackc.lock is written by `stackc lock` alone. This one was cut off, holds what git could not merge, is\n\
                of another version, or contradicts itself, so nothing is proved by it. To mend it, take one whole\n\
                side (git checkout --theirs stackc.lock) or remove it, and run `stackc lock`.",
        bad: "# stackc.lock\nstackc: 1\nimages:\n",
        good: "# stackc.lock\nstackc: 1\n# end of stackc.lock\n",
    },
};

/// What git leaves in a file that it could not merge.
const CONFLICT: [&str; 3] = ["<<<<<<<", "=======", ">>>>>>>"];

#[derive(Deserialize)]
struct LockFile {
    #[serde(default, deserialize_with = "maybe")]
    cloudflare: Option<CloudflareFile>,
    #[serde(default)]
    images: Named<PinFile>,
    #[serde(rename = "stackc")]
    _version: i64,
}

#[derive(Deserialize)]
struct CloudflareFile {
    etag: Option<Spanned<String>>,
    ranges: Vec<Spanned<String>>,
}

#[derive(Deserialize)]
struct PinFile {
    digest: Spanned<String>,
    platforms: Named<Spanned<String>>,
    #[serde(default)]
    listed: Vec<Spanned<String>>,
}

/// Reads a lock. One with any error is empty and `broken`.
pub fn read(sources: &Sources, file: FileId, found: &mut Findings) -> Lock {
    let before = found.errors();
    let mut lock = Lock { span: Some(file.start()), ..Lock::default() };
    let source = sources.file(file);
    if let Some(finding) = torn(&source.text, file).filter(|_| source.fault.is_none()) {
        found.push(finding);
    } else if let Some(file) =
        read_typed(sources, file, found).and_then(|tree| decoded(&tree, &mut lock, found))
    {
        file.images.0.iter().for_each(|(key, pin)| image(key, pin, &mut lock, found));
        agree(&lock, found);
        if let Some(cloudflare) = &file.cloudflare {
            ranges(cloudflare, &mut lock, found);
        }
    }
    if found.errors() > before {
        return Lock { span: lock.span, broken: true, newer: lock.newer, ..Lock::default() };
    }
    lock
}

fn invalid(span: Span, message: impl Into<Words>) -> Finding {
    Finding::new(&LOCK_INVALID, span, message)
}

/// What shows before anything is read that the text is no whole lock.
fn torn(text: &str, file: FileId) -> Option<Finding> {
    let mut start = 0_usize;
    for line in text.split_inclusive('\n') {
        if CONFLICT.iter().any(|mark| line.starts_with(mark)) {
            let span = file.part(start, start.saturating_add(line.trim_end().len()));
            return Some(
                invalid(span, format!("git could not merge {LOCK_FILE}"))
                    .help(format!("git checkout --theirs {LOCK_FILE} && stackc lock")),
            );
        }
        start = start.saturating_add(line.len());
    }
    let whole = text.trim_end().lines().next_back().is_some_and(|last| last == END);
    (!whole).then(|| {
        let end = text.trim_end();
        let last = end.rfind('\n').map_or(0, |at| at.saturating_add(1));
        invalid(file.part(last, end.len()), format!("{LOCK_FILE} was cut off: its last line is not `{END}`"))
            .help(format!("take it from git (git checkout {LOCK_FILE}), or write it anew: stackc lock"))
    })
}

fn decoded(tree: &Node, lock: &mut Lock, found: &mut Findings) -> Option<LockFile> {
    let version = tree.get("stackc");
    match version.and_then(Node::as_int) {
        Some(VERSION) => decode(tree, found),
        Some(other) => {
            lock.newer = other > VERSION;
            let span = version.map_or(tree.span, |node| node.span);
            found.push(
                invalid(span, format!("{LOCK_FILE} is of version {other}, this stackc knows {VERSION}"))
                    .help("use the stackc that wrote it, or write it anew: rm stackc.lock && stackc lock"),
            );
            None
        }
        None => {
            let finding = invalid(tree.span, format!("{LOCK_FILE} does not say its version"));
            found.push(finding.help("stackc: 1"));
            None
        }
    }
}

fn image(key: &Spanned<String>, file: &PinFile, lock: &mut Lock, found: &mut Findings) {
    let again = |finding: Finding| finding.help(format!("stackc lock {}", key.value));
    match Image::parse(&key.value) {
        Err(reason) => found.push(invalid(key.span, format!("`{}`: {reason}", key.value))),
        Ok(image) if image.key() != key.value => {
            found.push(again(invalid(
                key.span,
                format!("`{}` is not spelled out: {}", key.value, image.key()),
            )));
        }
        Ok(image) if image.digest.as_ref().is_some_and(|digest| *digest != file.digest.value) => {
            found.push(again(
                invalid(file.digest.span, "the digest is not the one that the reference names")
                    .also(key.span, "the reference"),
            ));
        }
        Ok(_) => {}
    }
    digest(&file.digest, found);
    let mut pin = Pin { digest: file.digest.value.clone(), platforms: BTreeMap::new(), listed: [].into() };
    for (word, child) in file.platforms.iter() {
        digest(child, found);
        if let Some(platform) = platform(word, found) {
            pin.platforms.insert(platform, child.value.clone());
        }
    }
    for word in &file.listed {
        let Some(platform) = platform(word, found) else { continue };
        if pin.platforms.contains_key(&platform) {
            found.push(again(invalid(word.span, format!("{platform} is both proved and only listed"))));
        }
        pin.listed.insert(platform);
    }
    if pin.platforms.is_empty() && pin.listed.is_empty() {
        found.push(again(invalid(key.span, "it names no platform")));
    }
    let one = pin.platforms.values().any(|child| *child == pin.digest);
    if one && pin.platforms.len().saturating_add(pin.listed.len()) > 1 {
        found.push(again(invalid(file.digest.span, "one image cannot be of several platforms")));
    }
    lock.images.insert(key.value.clone(), key.span);
    lock.pins.images.insert(key.value.clone(), pin);
}

fn platform(word: &Spanned<String>, found: &mut Findings) -> Option<Platform> {
    Platform::parse(&word.value).map_err(|reason| found.push(invalid(word.span, reason))).ok()
}

/// Digests are compared as text, so they have one spelling.
fn digest(digest: &Spanned<String>, found: &mut Findings) {
    if let Err(reason) = Image::parse(&format!("x@{}", digest.value)) {
        found.push(invalid(digest.span, format!("`{}` is no digest: {reason}", digest.value)));
    }
}

/// One digest is one content, whatever it is called by.
fn agree(lock: &Lock, found: &mut Findings) {
    let mut seen: BTreeMap<&str, (&str, &Pin)> = BTreeMap::new();
    for (key, pin) in &lock.pins.images {
        let (first, known) = *seen.entry(&pin.digest).or_insert((key, pin));
        let differ = pin
            .platforms
            .iter()
            .find(|(platform, child)| known.platforms.get(platform).is_some_and(|other| other != *child));
        if let (Some((platform, _)), Some(span)) = (differ, lock.images.get(key)) {
            found.push(
                invalid(
                    *span,
                    format!("`{key}` and `{first}` have one digest and two images for {platform}"),
                )
                .help(format!("stackc lock {key} {first}")),
            );
        }
    }
}

fn ranges(file: &CloudflareFile, lock: &mut Lock, found: &mut Findings) {
    let words: Vec<&str> = file.ranges.iter().map(|range| range.value.as_str()).collect();
    let span = file.ranges.first().map(|range| range.span).or(lock.span);
    match parse_ranges(&words.join("\n")) {
        Err(reason) => {
            let at = |range: &&Spanned<String>| reason.contains(range.value.as_str());
            let at = file.ranges.iter().rev().find(at).map(|range| range.span).or(span);
            let Some(at) = at else { return };
            found.push(
                invalid(at, format!("these ranges are not Cloudflare's: {reason}")).help("stackc lock"),
            );
        }
        Ok(ranges) => {
            let place =
                |text: String| file.ranges.iter().find(|range| range.value == text).map(|range| range.span);
            lock.ranges = ranges.all().filter_map(|range| place(range.to_string())).collect();
            let etag = file.etag.as_ref().map(|etag| etag.value.clone());
            if let Some(etag) = file.etag.as_ref().filter(|etag| !is_mark(&etag.value)) {
                found.push(invalid(etag.span, "Cloudflare's etag has 32 hex digits").help("stackc lock"));
            }
            lock.pins.cloudflare = Some(crate::k3s::Ranges { etag, ..ranges });
        }
    }
}

fn is_mark(etag: &str) -> bool {
    etag.len() == 32 && etag.bytes().all(|b| b.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::k3s;
    use crate::lock::{Pins, write};

    /// What was read, and what was told: code, line and message.
    fn told(text: &str) -> (Lock, Vec<String>) {
        let (mut sources, mut found) = (Sources::default(), Findings::default());
        let file = sources.add("stackc.lock".into(), Ok(text.into()));
        let lock = read(&sources, file, &mut found);
        let line = |finding: &Finding| {
            let line = sources.place(finding.primary.span).line;
            format!("{} {line}: {}", finding.code.name, finding.message)
        };
        (lock, found.sorted().iter().map(line).collect())
    }

    fn hash(digit: char) -> String {
        format!("sha256:{}", digit.to_string().repeat(64))
    }

    fn pins() -> Pins {
        let pin = |digit: char, platforms: &[(&str, char)], listed: &[&str]| Pin {
            digest: hash(digit),
            platforms: platforms
                .iter()
                .map(|(word, digit)| (Platform::parse(word).unwrap(), hash(*digit)))
                .collect(),
            listed: listed.iter().map(|word| Platform::parse(word).unwrap()).collect(),
        };
        let one = format!("registry.example:5000/one@{}", hash('5'));
        Pins {
            cloudflare: Some(k3s::ranges()),
            images: [
                (
                    "docker.io/library/nginx:1.27".to_owned(),
                    pin('1', &[("arm64", '2'), ("amd64", '3')], &["s390x", "386"]),
                ),
                (one, pin('5', &[("arm/v7", '5')], &[])),
                ("quay.io/latest:latest".to_owned(), pin('6', &[("riscv64", '7')], &[])),
            ]
            .into(),
        }
    }

    #[test]
    fn written_and_read_back() {
        for pins in [pins(), Pins::default(), Pins { cloudflare: None, ..pins() }] {
            let text = write(&pins);
            let (lock, told) = told(&text);
            assert_eq!(told, Vec::<String>::new(), "{text}");
            assert_eq!(lock.pins, pins, "{text}");
            assert_eq!(write(&lock.pins), text);
            assert_eq!(lock.images.len(), pins.images.len());
            assert_eq!(lock.ranges.len(), pins.cloudflare.map_or(0, |ranges| ranges.all().count()));
        }
    }

    #[test]
    fn an_entry_has_a_line() {
        let text = write(&pins());
        let nginx = text.lines().find(|line| line.contains("nginx")).unwrap();
        assert_eq!(
            nginx,
            format!(
                "  docker.io/library/nginx:1.27: {{digest: {}, platforms: {{amd64: {}, arm64: {}}}, listed: [386, s390x]}}",
                hash('1'),
                hash('3'),
                hash('2')
            )
        );
    }

    #[test]
    fn every_cut_is_seen() {
        let text = write(&pins());
        for end in 0..text.len().saturating_sub(1) {
            let (lock, told) = told(text.get(..end).unwrap());
            assert!(lock.broken && lock.pins == Pins::default(), "{end}");
            assert!(told.iter().any(|told| told.starts_with("lock-invalid")), "{end}: {told:?}");
        }
    }

    #[test]
    #[rustfmt::skip] // a table
    fn what_hands_and_merges_make() {
        let image = |rest: &str| format!("stackc: 1\nimages:\n  {rest}\n{END}\n");
        let (a, b, c) = (hash('a'), hash('b'), hash('c'));
        let (whole, etag) = (write(&pins()), "38f79d050aa027e3be3865e495dcc9bc");
        for (text, expected) in [
            (format!("stackc: 1\n<<<<<<< HEAD\n=======\n>>>>>>> x\n{END}\n"), "lock-invalid 2: git could not merge stackc.lock".to_owned()),
            (String::new(), "lock-invalid 1: stackc.lock was cut off: its last line is not `# end of stackc.lock`".into()),
            (format!("stackc: 2\n{END}\n"), "lock-invalid 1: stackc.lock is of version 2, this stackc knows 1".into()),
            (format!("images: {{}}\n{END}\n"), "lock-invalid 1: stackc.lock does not say its version".into()),
            (image(&format!("nginx:1: {{digest: {a}, platforms: {{}}}}")), "lock-invalid 3: `nginx:1` is not spelled out: docker.io/library/nginx:1".into()),
            (image(&format!("q.io/x:1: {{digest: {a}, platforms: {{amd64: {a}, arm64: {b}}}}}")), "lock-invalid 3: one image cannot be of several platforms".into()),
            (image(&format!("q.io/x:1: {{digest: {a}, platforms: {{amd64: {b}}}, listed: [amd64]}}")), "lock-invalid 3: amd64 is both proved and only listed".into()),
            (image(&format!("q.io/x@{b}: {{digest: {a}, platforms: {{}}}}")), "lock-invalid 3: the digest is not the one that the reference names".into()),
            (image(&format!("q.io/x:1: {{digest: {a}, platforms: {{amd64: {b}}}}}\n  q.io/y:1: {{digest: {a}, platforms: {{amd64: {c}}}}}")),
                "lock-invalid 4: `q.io/y:1` and `q.io/x:1` have one digest and two images for amd64".into()),
            (image(&format!("q.io/x:1: {{digest: {a}, platforms: {{x86_64: {b}}}}}")), "lock-invalid 3: `x86_64` is no architecture that stackc knows: write `amd64`".into()),
            (image("q.io/x:1: {digest: sha256:abc, platforms: {}}"),
                "lock-invalid 3: `sha256:abc` is no digest: a sha256 digest has 64 hex digits, not 3".into()),
            (image(&format!("q.io/x:1: {{digest: {a}}}")), "lock-invalid 3: it names no platform".into()),
            (image(&format!("q.io/x:1: {{digest: {a}, platforms: {{}}, more: 1}}")), "key-unknown 3: unknown key `more`".into()),
            (whole.replace(etag, "38f79\\\"d0"), "lock-invalid 4: Cloudflare's etag has 32 hex digits".into()),
            (format!("stackc: 1\ncloudflare:\n  ranges:\n  - 10.0.0.0/8\n{END}\n"), "lock-invalid 4: these ranges are not Cloudflare's: 10.0.0.0/8 is not a public network".into()),
            (format!("stackc: 1\ncloudflare:\n  ranges:\n  - 8.8.8.0/24\n{END}\n"),
                "lock-invalid 4: these ranges are not Cloudflare's: 1 IPv4 and 0 IPv6 ranges: a whole list has at least 10 and 5".into()),
        ] {
            let (lock, told) = told(&text);
            assert!(lock.broken, "{text}");
            assert!(told.iter().any(|told| told.starts_with(&expected)), "{expected}\n{told:?}");
        }
    }

    #[test]
    fn line_ends_of_windows_are_no_cut() {
        let (lock, told) = told(&write(&pins()).replace('\n', "\r\n"));
        assert_eq!((lock.pins, told), (pins(), Vec::new()));
    }
}
