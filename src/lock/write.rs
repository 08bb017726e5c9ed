//! From pins to text: one entry a line, sorted, so that git can merge and people can read a change.

use super::{END, Pin, Pins, VERSION};
use crate::kube::Platform;

/// The whole file.
pub fn write(pins: &Pins) -> String {
    let mut text = format!(
        "# Written by `stackc lock`: commit it, and change it with that command.\nstackc: {VERSION}\n"
    );
    if let Some(ranges) = &pins.cloudflare {
        text.push_str("cloudflare:\n");
        if let Some(etag) = &ranges.etag {
            // Quoted: 32 hexadecimal digits can look like a number.
            text.push_str(&format!("  etag: \"{etag}\"\n"));
        }
        text.push_str("  ranges:\n");
        ranges.all().for_each(|range| text.push_str(&format!("  - \"{range}\"\n")));
    }
    if !pins.images.is_empty() {
        text.push_str("images:\n");
        pins.images.iter().for_each(|(key, pin)| text.push_str(&entry(key, pin)));
    }
    text.push_str(END);
    text.push('\n');
    text
}

fn entry(key: &str, pin: &Pin) -> String {
    let platforms: Vec<String> =
        pin.platforms.iter().map(|(platform, digest)| format!("{platform}: {digest}")).collect();
    let listed: Vec<&str> = pin.listed.iter().copied().map(Platform::word).collect();
    let listed = if listed.is_empty() { String::new() } else { format!(", listed: [{}]", listed.join(", ")) };
    format!("  {key}: {{digest: {}, platforms: {{{}}}{listed}}}\n", pin.digest, platforms.join(", "))
}
