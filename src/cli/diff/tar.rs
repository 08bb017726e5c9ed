//! What `git archive` prints, unpacked into an empty folder: files, folders, links, long names. Not a reader of any tar.
#![cfg_attr(test, expect(clippy::disallowed_methods, reason = "tests look at what was unpacked"))]

use std::fs::{self, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::symlink;
use std::path::{Component, Path, PathBuf};

const BLOCK: usize = 512;

/// A larger file is no part of a stack: its own bounds are far below.
const LARGEST: u64 = 64 << 20;

/// What is said of the next entry in front of it.
#[derive(Default)]
struct Said {
    path: Option<String>,
    target: Option<String>,
}

/// Unpacks all entries below `root`, which only this process writes to.
///
/// # Errors
/// The machine's, or a text that is no archive.
pub(super) fn unpack(mut archive: impl Read, root: &Path) -> io::Result<()> {
    let mut said = Said::default();
    let mut header = [0_u8; BLOCK];
    loop {
        archive.read_exact(&mut header)?;
        if header.iter().all(|byte| *byte == 0) {
            // git fills up its last record; to leave it would look to git as if nobody were there.
            return io::copy(&mut archive, &mut io::sink()).map(|_| ());
        }
        let size = number(part(&header, 124, 12))?;
        match part(&header, 156, 1) {
            b"x" => said = extended(&content(&mut archive, size)?)?,
            kind => {
                let before = std::mem::take(&mut said);
                let path = before.path.unwrap_or_else(|| name(&header));
                let target = before.target.unwrap_or_else(|| text(part(&header, 157, 100)));
                entry(&mut archive, kind, root, &path, &target, size)?;
            }
        }
    }
}

fn entry(
    archive: &mut impl Read,
    kind: &[u8],
    root: &Path,
    path: &str,
    target: &str,
    size: u64,
) -> io::Result<()> {
    let place = match kind {
        b"0" | b"\0" | b"2" | b"5" => place(root, path)?,
        _ => None,
    };
    match (kind, place) {
        (b"5", Some(place)) => folders(root, &place)?,
        (b"2", Some(place)) => {
            folders(root, place.parent().unwrap_or(root))?;
            symlink(target, place)?;
        }
        (b"0" | b"\0", Some(place)) if size <= LARGEST => {
            folders(root, place.parent().unwrap_or(root))?;
            // A link of that name would lead elsewhere: it is not opened but an error.
            let mut file = OpenOptions::new().write(true).create_new(true).open(place)?;
            io::copy(&mut archive.by_ref().take(size), &mut file)?;
            return skip(archive, padding(size));
        }
        _ => {}
    }
    skip(archive, size.saturating_add(padding(size)))
}

/// Where an entry goes; none for what has no place below the root.
fn place(root: &Path, path: &str) -> io::Result<Option<PathBuf>> {
    let path = Path::new(path);
    let is_name = |part: Component<'_>| match part {
        Component::Normal(name) => !name.eq_ignore_ascii_case(".git"),
        Component::CurDir => true,
        _ => false,
    };
    if path.components().all(is_name) {
        return Ok(Some(root.join(path)));
    }
    Err(io::Error::other(format!("the archive has a path that leads out of it: {}", path.display())))
}

/// Makes a folder and those above it. A link among them is an error: git has no entry below a link.
fn folders(root: &Path, folder: &Path) -> io::Result<()> {
    let below = folder.strip_prefix(root).unwrap_or(folder);
    let mut at = root.to_path_buf();
    for part in below.components() {
        at.push(part);
        match fs::symlink_metadata(&at) {
            Ok(metadata) if metadata.is_dir() => {}
            Ok(_) => return Err(io::Error::other(format!("the archive has {} twice", at.display()))),
            Err(_) => fs::create_dir(&at)?,
        }
    }
    Ok(())
}

/// `LENGTH NAME=VALUE\n` records.
fn extended(bytes: &[u8]) -> io::Result<Said> {
    let mut said = Said::default();
    let mut rest = bytes;
    while !rest.is_empty() {
        let record =
            record(rest).ok_or_else(|| io::Error::other("the archive has a header that is cut off"))?;
        rest = rest.get(record.0..).unwrap_or_default();
        match record.1.split_once('=') {
            Some(("path", path)) => said.path = Some(path.to_owned()),
            Some(("linkpath", target)) => said.target = Some(target.to_owned()),
            _ => {}
        }
    }
    Ok(said)
}

/// The length of the first record, and what it says.
fn record(bytes: &[u8]) -> Option<(usize, String)> {
    let blank = bytes.iter().position(|byte| *byte == b' ')?;
    let length: usize = std::str::from_utf8(bytes.get(..blank)?).ok()?.parse().ok()?;
    let record = bytes.get(blank.checked_add(1)?..length)?;
    Some((length, String::from_utf8_lossy(record.strip_suffix(b"\n")?).into_owned()))
}

fn content(archive: &mut impl Read, size: u64) -> io::Result<Vec<u8>> {
    if size > LARGEST {
        return Err(io::Error::other("the archive has a header that is too large"));
    }
    let mut bytes = Vec::new();
    archive.by_ref().take(size).read_to_end(&mut bytes)?;
    skip(archive, padding(size))?;
    Ok(bytes)
}

fn skip(archive: &mut impl Read, length: u64) -> io::Result<()> {
    let skipped = io::copy(&mut archive.by_ref().take(length), &mut io::sink())?;
    if skipped == length { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

/// Content fills whole blocks.
fn padding(size: u64) -> u64 {
    let block = u64::try_from(BLOCK).unwrap_or(u64::MAX);
    size.next_multiple_of(block).saturating_sub(size)
}

fn part(header: &[u8; BLOCK], start: usize, length: usize) -> &[u8] {
    header.get(start..start.saturating_add(length)).unwrap_or_default()
}

fn text(field: &[u8]) -> String {
    let end = field.iter().position(|byte| *byte == 0).unwrap_or(field.len());
    String::from_utf8_lossy(field.get(..end).unwrap_or_default()).into_owned()
}

fn name(header: &[u8; BLOCK]) -> String {
    let (prefix, name) = (text(part(header, 345, 155)), text(part(header, 0, 100)));
    if prefix.is_empty() { name } else { format!("{prefix}/{name}") }
}

/// Octal digits.
fn number(field: &[u8]) -> io::Result<u64> {
    let text = text(field);
    u64::from_str_radix(text.trim(), 8)
        .map_err(|_| io::Error::other("the archive has a size that is no number"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::diff::private::Private;

    fn header(name: &str, kind: u8, size: usize, target: &str) -> Vec<u8> {
        let mut header = vec![0_u8; BLOCK];
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[124..135].copy_from_slice(format!("{size:011o}").as_bytes());
        header[156] = kind;
        header[157..157 + target.len()].copy_from_slice(target.as_bytes());
        header
    }

    fn archive(entries: &[(&str, u8, &str)]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (name, kind, content) in entries {
            let (size, target) = if *kind == b'2' { (0, *content) } else { (content.len(), "") };
            bytes.extend(header(name, *kind, size, target));
            if *kind != b'2' {
                bytes.extend(content.as_bytes());
                bytes.resize(bytes.len().next_multiple_of(BLOCK), 0);
            }
        }
        bytes.resize(bytes.len() + 2 * BLOCK, 0);
        bytes
    }

    fn unpacked(entries: &[(&str, u8, &str)]) -> (Private, io::Result<()>) {
        let folder = Private::new().unwrap();
        let result = unpack(archive(entries).as_slice(), folder.path());
        (folder, result)
    }

    #[test]
    fn files_folders_links_and_long_names() {
        let long = format!("{}/b.yaml", "a".repeat(120));
        let record = format!("path={long}\n");
        let record = format!("{} {record}", record.len() + 4);
        let (folder, result) = unpacked(&[
            ("pax_global_header", b'g', "52 comment=0123456789012345678901234567890123456789\n"),
            ("apps/", b'5', ""),
            ("apps/a.yaml", b'0', "kind: app\n"),
            ("empty", b'0', ""),
            ("link", b'2', "apps/a.yaml"),
            ("x", b'x', &record),
            ("short", b'0', "long\n"),
        ]);
        result.unwrap();
        let read = |path: &str| fs::read_to_string(folder.path().join(path)).unwrap();
        assert_eq!((read("apps/a.yaml").as_str(), read("empty").as_str()), ("kind: app\n", ""));
        assert_eq!((read("link").as_str(), read(&long).as_str()), ("kind: app\n", "long\n"));
    }

    #[test]
    fn nothing_is_written_elsewhere() {
        for entries in [
            &[("../a", b'0', "x")][..],
            &[("/tmp/a", b'0', "x")],
            &[("a/../../b", b'0', "x")],
            &[(".git/hooks/x", b'0', "x")],
            &[("a", b'2', "/tmp"), ("a/b", b'0', "x")],
            &[("a", b'2', "/tmp/b"), ("a", b'0', "x")],
        ] {
            let (folder, result) = unpacked(entries);
            assert!(result.is_err(), "{entries:?}");
            assert!(fs::read_dir(folder.path()).unwrap().all(|entry| entry.unwrap().path().is_symlink()));
        }
    }

    #[test]
    fn what_is_cut_off_is_an_error() {
        let whole = archive(&[("a", b'0', "abc")]);
        for end in [0, 100, BLOCK, BLOCK + 2, BLOCK + 100, 2 * BLOCK] {
            let folder = Private::new().unwrap();
            assert!(unpack(whole.get(..end).unwrap(), folder.path()).is_err(), "{end}");
        }
    }
}
