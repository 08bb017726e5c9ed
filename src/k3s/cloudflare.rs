//! The addresses that Cloudflare connects from: whom Traefik may believe about a client's address.
//!
//! To bring the list up to date: paste what <https://www.cloudflare.com/ips-v4> and `/ips-v6` say, with etag and date of
//! <https://api.cloudflare.com/client/v4/ips>. A range that Cloudflare has given up must go at once: since 2021,
//! 104.28.0.0/14 carries WARP, which is anybody's traffic.

use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// As published (facts page on k3s, 9), in Cloudflare's own order.
const PUBLISHED: &str = "
    173.245.48.0/20 103.21.244.0/22 103.22.200.0/22 103.31.4.0/22 141.101.64.0/18 108.162.192.0/18 190.93.240.0/20
    188.114.96.0/20 197.234.240.0/22 198.41.128.0/17 162.158.0.0/15 104.16.0.0/13 104.24.0.0/14 172.64.0.0/13
    131.0.72.0/22
    2400:cb00::/32 2606:4700::/32 2803:f800::/32 2405:b500::/32 2405:8100::/32 2a06:98c0::/29 2c0f:f248::/32
";

/// Cloudflare's own mark of this list.
const ETAG: &str = "38f79d050aa027e3be3865e495dcc9bc";

/// The last day on which this list was seen to be current.
const DATE: &str = "2026-09-21";

/// The fewest ranges that a whole list has: five changes in ten years never came near these.
const FEWEST: (usize, usize) = (10, 5);

/// The shortest prefixes: Cloudflare's widest so far were 104.16.0.0/12 and a /29. Anything wider is somebody's mistake,
/// and would let strangers say who they are.
const SHORTEST: (u8, u8) = (12, 24);

/// Networks from which no Cloudflare address can come (IANA's special-purpose registries).
const NOT_PUBLIC_V4: &[Ipv4Net] = &[
    v4([0, 0, 0, 0], 8),
    v4([10, 0, 0, 0], 8),
    v4([100, 64, 0, 0], 10),
    v4([127, 0, 0, 0], 8),
    v4([169, 254, 0, 0], 16),
    v4([172, 16, 0, 0], 12),
    v4([192, 0, 0, 0], 24),
    v4([192, 0, 2, 0], 24),
    v4([192, 88, 99, 0], 24),
    v4([192, 168, 0, 0], 16),
    v4([198, 18, 0, 0], 15),
    v4([198, 51, 100, 0], 24),
    v4([203, 0, 113, 0], 24),
    v4([224, 0, 0, 0], 3),
];

/// What is handed out to networks; the rest of IPv6 is not routed between them.
const GLOBAL_V6: Ipv6Net = v6([0x2000, 0], 3);

/// Special purposes inside of it: protocols, documentation, 6to4, documentation again.
const NOT_PUBLIC_V6: &[Ipv6Net] =
    &[v6([0x2001, 0], 23), v6([0x2001, 0xdb8], 32), v6([0x2002, 0], 16), v6([0x3fff, 0], 20)];

/// A list of ranges, sorted by address: canonical, public, no two of which overlap.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ranges {
    /// IPv4.
    pub v4: Vec<Ipv4Net>,
    /// IPv6.
    pub v6: Vec<Ipv6Net>,
    /// Cloudflare's mark of the list; lists that are plain text have none.
    pub etag: Option<String>,
}

impl Ranges {
    /// All of them, IPv4 first.
    pub fn all(&self) -> impl Iterator<Item = IpNet> {
        self.v4.iter().copied().map(IpNet::V4).chain(self.v6.iter().copied().map(IpNet::V6))
    }
}

/// A range that Cloudflare gave up: whoever has it now could say that a request comes from anywhere.
#[derive(Debug)]
pub struct Delisted {
    /// The range.
    pub range: IpNet,
    /// When it went.
    pub when: &'static str,
    /// Who has it now.
    pub now: &'static str,
}

/// What is known of ranges that went (facts page on k3s, 9).
static DELISTED: [Delisted; 2] = [
    Delisted {
        range: IpNet::V4(v4([104, 28, 0, 0], 14)),
        when: "April 2021",
        now: "it carries WARP, which is anybody's traffic",
    },
    Delisted {
        range: IpNet::V4(v4([199, 27, 128, 0], 21)),
        when: "June 2017",
        now: "it is not Cloudflare's proxy any more",
    },
];

/// What is known of a range that holds a part of one that went, or lies in it.
pub fn delisted(range: &IpNet) -> Option<&'static Delisted> {
    DELISTED.iter().find(|gone| gone.range.contains(range) || range.contains(&gone.range))
}

/// The list that stackc carries.
#[expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "the text stands above, and a test reads it"
)]
pub fn ranges() -> Ranges {
    Ranges { etag: Some(ETAG.to_owned()), ..parse_ranges(PUBLISHED).expect("the embedded ranges") }
}

/// The day on which the embedded list was last seen to be current, as `2026-09-21`.
pub fn ranges_date() -> &'static str {
    DATE
}

/// Reads a list as it is published: networks between blanks, both families, in any order; sorts it.
///
/// # Errors
/// Why the list is not to be believed, in a user's words.
pub fn parse_ranges(text: &str) -> Result<Ranges, String> {
    let (mut v4, mut v6) = (Vec::new(), Vec::new());
    for word in text.split_whitespace() {
        let net: IpNet =
            word.parse().map_err(|_| format!("{word:?} is not a network such as 173.245.48.0/20"))?;
        if net != net.trunc() {
            return Err(format!("{net} has bits set behind its prefix: {} is the network", net.trunc()));
        }
        // 010.0.0.0 is 8.0.0.0 to some programs: what can be read in two ways is not believed.
        if net.to_string() != word {
            return Err(format!("{word:?} is not how a network is written: {net}"));
        }
        match net {
            IpNet::V4(net) => v4.push(plausible(net, is_public_v4(net), SHORTEST.0, net.prefix_len())?),
            IpNet::V6(net) => v6.push(plausible(net, is_public_v6(net), SHORTEST.1, net.prefix_len())?),
        }
    }
    if v4.len() < FEWEST.0 || v6.len() < FEWEST.1 {
        let (few4, few6) = FEWEST;
        return Err(format!(
            "{} IPv4 and {} IPv6 ranges: a whole list has at least {few4} and {few6}",
            v4.len(),
            v6.len()
        ));
    }
    v4.sort_unstable();
    v6.sort_unstable();
    // sorted and canonical, a network that overlaps another follows one that contains it
    let twin4 = v4.windows(2).find_map(|pair| overlap(pair, |a, b| a.contains(b)));
    let twin6 = v6.windows(2).find_map(|pair| overlap(pair, |a, b| a.contains(b)));
    twin4.or(twin6).map_or(Ok(Ranges { v4, v6, etag: None }), Err)
}

/// One network by itself: public and not too wide.
fn plausible<N: std::fmt::Display>(net: N, public: bool, shortest: u8, prefix: u8) -> Result<N, String> {
    match (public, prefix >= shortest) {
        (true, true) => Ok(net),
        (false, _) => Err(format!("{net} is not a public network")),
        (true, false) => Err(format!("{net} is too wide: /{shortest} is the widest to be believed")),
    }
}

fn is_public_v4(net: Ipv4Net) -> bool {
    !NOT_PUBLIC_V4.iter().any(|special| special.contains(&net) || net.contains(special))
}

fn is_public_v6(net: Ipv6Net) -> bool {
    GLOBAL_V6.contains(&net)
        && !NOT_PUBLIC_V6.iter().any(|special| special.contains(&net) || net.contains(special))
}

/// Why two neighbours can't both stand in a list.
fn overlap<N: std::fmt::Display>(pair: &[N], contains: impl Fn(&N, &N) -> bool) -> Option<String> {
    match pair {
        [a, b] if contains(a, b) => Some(format!("{a} contains {b}")),
        _ => None,
    }
}

const fn v4([a, b, c, d]: [u8; 4], prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6([a, b]: [u16; 2], prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, 0, 0, 0, 0, 0, 0), prefix)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The list of the project's facts page on k3s (9), sorted by hand: the embedded text may not lose one.
    const SORTED: &str = "103.21.244.0/22 103.22.200.0/22 103.31.4.0/22 104.16.0.0/13 104.24.0.0/14 108.162.192.0/18 \
        131.0.72.0/22 141.101.64.0/18 162.158.0.0/15 172.64.0.0/13 173.245.48.0/20 188.114.96.0/20 190.93.240.0/20 \
        197.234.240.0/22 198.41.128.0/17 \
        2400:cb00::/32 2405:8100::/32 2405:b500::/32 2606:4700::/32 2803:f800::/32 2a06:98c0::/29 2c0f:f248::/32";

    #[test]
    fn the_embedded_list_is_the_published_one_sorted() {
        let ranges = ranges();
        assert_eq!((ranges.v4.len(), ranges.v6.len()), (15, 7));
        let v4 = ranges.v4.iter().map(ToString::to_string);
        let all: Vec<String> = v4.chain(ranges.v6.iter().map(ToString::to_string)).collect();
        assert_eq!(all.join(" "), SORTED);
    }

    #[test]
    fn the_embedded_list_is_canonical() {
        let ranges = ranges();
        assert!(ranges.v4.is_sorted() && ranges.v6.is_sorted());
        assert!(ranges.v4.iter().all(|net| *net == net.trunc()));
        assert!(ranges.v6.iter().all(|net| *net == net.trunc()));
        for net in &ranges.v4 {
            assert!(PUBLISHED.split_whitespace().any(|word| word == net.to_string()), "{net}");
        }
    }

    #[test]
    fn etag_and_date_have_their_shape() {
        assert!(ETAG.len() == 32 && ETAG.bytes().all(|b| b.is_ascii_hexdigit()));
        let parts: Vec<u16> = DATE.split('-').map(|part| part.parse().unwrap()).collect();
        assert!(matches!(parts[..], [2026..=2999, 1..=12, 1..=31]) && DATE.len() == 10);
    }

    #[test]
    fn no_delisted_range_is_believed() {
        assert!(ranges().all().all(|range| delisted(&range).is_none()));
        for (range, gone) in [
            ("104.16.0.0/12", true),
            ("104.28.0.0/14", true),
            ("104.30.0.0/16", true),
            ("199.27.128.0/21", true),
            ("104.24.0.0/14", false),
            ("2606:4700::/32", false),
        ] {
            assert_eq!(delisted(&range.parse().unwrap()).is_some(), gone, "{range}");
        }
    }

    #[test]
    fn one_bad_network_spoils_the_list() {
        for (word, reason) in [
            ("<html>", "\"<html>\" is not a network such as 173.245.48.0/20"),
            (
                "131.0.72.0/222400:cb00::/32",
                "\"131.0.72.0/222400:cb00::/32\" is not a network such as 173.245.48.0/20",
            ),
            ("08.8.8.0/24", "\"08.8.8.0/24\" is not how a network is written: 8.8.8.0/24"),
            ("2600:0::/32", "\"2600:0::/32\" is not how a network is written: 2600::/32"),
            ("8.8.8.8", "\"8.8.8.8\" is not a network such as 173.245.48.0/20"),
            ("8.8.8.8/33", "\"8.8.8.8/33\" is not a network such as 173.245.48.0/20"),
            ("8.8.8.8/24", "8.8.8.8/24 has bits set behind its prefix: 8.8.8.0/24 is the network"),
            ("2600::1/32", "2600::1/32 has bits set behind its prefix: 2600::/32 is the network"),
            ("10.253.0.0/16", "10.253.0.0/16 is not a public network"),
            ("192.168.1.0/24", "192.168.1.0/24 is not a public network"),
            ("0.0.0.0/0", "0.0.0.0/0 is not a public network"),
            ("192.0.0.0/8", "192.0.0.0/8 is not a public network"),
            ("240.0.0.0/4", "240.0.0.0/4 is not a public network"),
            ("::/0", "::/0 is not a public network"),
            ("fd00::/32", "fd00::/32 is not a public network"),
            ("2001:db8::/32", "2001:db8::/32 is not a public network"),
            ("8.0.0.0/11", "8.0.0.0/11 is too wide: /12 is the widest to be believed"),
            ("2600::/23", "2600::/23 is too wide: /24 is the widest to be believed"),
            ("104.16.0.0/16", "104.16.0.0/13 contains 104.16.0.0/16"),
            ("104.16.0.0/12", "104.16.0.0/12 contains 104.16.0.0/13"),
            ("162.158.0.0/15", "162.158.0.0/15 contains 162.158.0.0/15"),
            ("2606:4700:8000::/33", "2606:4700::/32 contains 2606:4700:8000::/33"),
        ] {
            assert_eq!(parse_ranges(&format!("{PUBLISHED} {word}")), Err(reason.to_owned()), "{word}");
        }
    }

    #[test]
    fn a_short_list_is_not_believed() {
        assert_eq!(
            parse_ranges("").unwrap_err(),
            "0 IPv4 and 0 IPv6 ranges: a whole list has at least 10 and 5"
        );
        let no_v6: Vec<&str> = PUBLISHED.split_whitespace().filter(|word| !word.contains(':')).collect();
        assert_eq!(
            parse_ranges(&no_v6.join("\n")).unwrap_err(),
            "15 IPv4 and 0 IPv6 ranges: a whole list has at least 10 and 5"
        );
    }
}
