//! Edits that know nothing of YAML but its nasty pieces.

use super::Herd;
use crate::random::Random;

/// What readers of YAML, templates and terminals stumble over.
#[rustfmt::skip] // a table
const TOKENS: [&[u8]; 66] = [
    b"\t", b"\0", "\u{feff}".as_bytes(), b"{{", b"}}", b"{%", b"{{ domain }}", b"{{ apps.web.host }}", b"{# ",
    b"{{ 'a' * 9 }}", b"{% raw %}", b"&a ", b"*a", b"&a [*a ]", b"<<: ", b"<<: *a", b"!!int ", b"!!binary ", b"!<x> ", b"! ",
    b"9223372036854775808", b"-9223372036854775808", b"1e999", b"-0", b"0x7fffffffffffffff", b"0777", b"1_000", b".inf",
    b".nan", "\u{2028}".as_bytes(), "\u{85}".as_bytes(), b"\r\n", b"\r", b"\n", b"---\n", b"\n--- ", b"...\n",
    b"%YAML 1.1\n", b"? ", b": ", b":", b"- ", b"-", b"[", b"]", b"{", b"}", b",", b"#", b" #", b"|\n", b">\n", b"|9\n", b"|-\n",
    b"\"", b"'", b"\"\\", b"~", b"null", b"yes", "\u{1f600}".as_bytes(), "\u{202e}".as_bytes(), b"\x1b[31m", b"\xff", b"\xed\xa0\x80",
    b"              ",
];

pub(super) fn edit(content: &mut Vec<u8>, herd: &Herd, random: &mut Random) {
    match random.below(12) {
        0 => flip(content, random),
        1 => insert(content, random.below(256).to_le_bytes()[..1].to_vec(), random),
        2..=4 => {
            let token = random.of(&TOKENS).to_vec();
            insert(content, token, random);
        }
        5 => delete(content, random),
        6 => content.truncate(random.below(content.len())),
        7 => repeat(content, random),
        8 => splice(content, herd, random),
        _ => lines(content, random),
    }
}

fn flip(content: &mut [u8], random: &mut Random) {
    let at = random.below(content.len());
    if let Some(byte) = content.get_mut(at) {
        *byte ^= 1 << random.below(8);
    }
}

fn insert(content: &mut Vec<u8>, piece: Vec<u8>, random: &mut Random) {
    let at = random.below(content.len() + 1);
    content.splice(at..at, piece);
}

/// A few bytes, or many.
fn range(content: &[u8], random: &mut Random) -> std::ops::Range<usize> {
    let start = random.below(content.len());
    let most = *random.of(&[2, 10, 200]);
    start..(start + random.below(most)).min(content.len())
}

fn delete(content: &mut Vec<u8>, random: &mut Random) {
    content.drain(range(content, random));
}

/// A piece many times over.
fn repeat(content: &mut Vec<u8>, random: &mut Random) {
    let range = range(content, random);
    let times = *random.of(&[1, 2, 100]);
    let piece = content[range.clone()].repeat(times);
    content.splice(range.end..range.end, piece);
}

/// A piece of any file, to anywhere.
fn splice(content: &mut Vec<u8>, herd: &Herd, random: &mut Random) {
    let (_, other) = random.of(&herd.files);
    let piece = other[range(other, random)].to_vec();
    insert(content, piece, random);
}

fn lines(content: &mut Vec<u8>, random: &mut Random) {
    let mut lines: Vec<Vec<u8>> =
        content.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    if lines.is_empty() {
        return;
    }
    let (one, other) = (random.below(lines.len()), random.below(lines.len()));
    match random.below(5) {
        0 => lines.insert(other, lines[one].clone()),
        1 => lines.swap(one, other),
        2 => drop(lines.remove(one)),
        3 => lines[one].splice(0..0, b"  ".iter().copied()).for_each(drop),
        _ => {
            let indent = lines[one].iter().take(2).take_while(|byte| **byte == b' ').count();
            lines[one].drain(..indent);
        }
    }
    *content = lines.concat();
}
