//! What an address says about the machine behind it.

use std::net::IpAddr;

use reqwest::Url;

/// `HOST`, or `HOST:PORT` where the port is not the scheme's own: what credentials are bound to.
pub(super) fn host(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// Whether this very machine answers, and nobody can listen in between.
pub(super) fn is_loopback(url: &Url) -> bool {
    match address(url) {
        Some(address) => address.is_loopback(),
        None => url.host_str().is_some_and(|name| name == "localhost" || name.ends_with(".localhost")),
    }
}

/// Whether a server names an address that is nobody's but its client's: this machine, or the link (clouds answer with
/// secrets at 169.254.169.254). A registry on this machine may name this machine.
pub(super) fn leads_inside(url: &Url, from: &Url) -> bool {
    let link_local = address(url).is_some_and(|address| match address {
        IpAddr::V4(v4) => v4.is_link_local() || v4.is_unspecified() || v4.is_broadcast(),
        IpAddr::V6(v6) => v6.is_unicast_link_local() || v6.is_unspecified(),
    });
    link_local || (is_loopback(url) && !is_loopback(from))
}

/// The address, if the host is written as one.
fn address(url: &Url) -> Option<IpAddr> {
    let text = url.host_str()?;
    let text = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    text.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn loopback_is_this_machine_alone() {
        for inside in [
            "http://127.0.0.1:5000/",
            "http://localhost/",
            "http://[::1]:5000/",
            "http://a.localhost/",
            "http://0x7f.1/",
        ] {
            assert!(is_loopback(&url(inside)), "{inside}");
        }
        for outside in
            ["http://10.0.0.1/", "http://localhost.example/", "http://127.0.0.1.example/", "http://[::2]/"]
        {
            assert!(!is_loopback(&url(outside)), "{outside}");
        }
    }

    #[test]
    fn a_stranger_may_not_lead_inside() {
        let (far, near) = (url("https://registry.example/"), url("http://127.0.0.1:1/"));
        for inside in [
            "http://169.254.169.254/latest",
            "https://[fe80::1]/",
            "https://0.0.0.0/",
            "https://[::ffff:169.254.169.254]/",
        ] {
            assert!(leads_inside(&url(inside), &far) && leads_inside(&url(inside), &near), "{inside}");
        }
        assert!(
            leads_inside(&url("https://localhost/"), &far)
                && !leads_inside(&url("https://localhost/"), &near)
        );
        assert!(!leads_inside(&url("https://cdn.example/"), &far));
    }

    #[test]
    fn the_port_is_part_of_a_host() {
        assert_eq!(host(&url("https://a.example:443/x")), "a.example");
        assert_eq!(host(&url("https://a.example:5000/x")), "a.example:5000");
    }
}
