//! Traefik: certificates, entry points, whom it trusts, where it runs.

use ipnet::IpNet;

use super::cluster::{EntryPointFile, IngressFile};
use super::invalid::{is_name, value_invalid};
use super::network::range;
use super::{ClusterNode, Place, Protocol, TraefikWorkload};
use crate::finding::{Findings, nearest};
use crate::kube::names;
use crate::source::Span;
use crate::yaml::{Node, Spanned};

/// Traefik's configuration and certificates.
#[derive(Debug)]
pub struct Ingress {
    /// Certificates, in the order written.
    pub certificates: Vec<Certificate>,
    /// Whose word on the client's address Traefik takes; none = k3s' default.
    pub trust: Option<Trust>,
    /// Traefik's own kind of workload.
    pub workload: Option<TraefikWorkload>,
    /// How many pods, where it is a Deployment.
    pub replicas: Option<Spanned<u32>>,
    /// Ports beyond `web` and `websecure`, in the order written.
    pub entry_points: Vec<EntryPoint>,
    /// Whether this stack writes Traefik's configuration.
    pub owned: bool,
    /// Other values of the chart.
    pub values: Option<Node>,
    /// Where Traefik runs.
    pub place: Option<Place>,
    /// web → websecure, permanent: the place of the key when asked for.
    pub https_redirect: bool,
    /// The IngressRoute that gathers routes.
    pub merge_into: Option<Spanned<String>>,
    /// The cause of what no key asks for.
    pub span: Span,
}

/// A certificate and the names in it.
#[derive(Debug)]
pub struct Certificate {
    /// The Secret.
    pub secret: Spanned<String>,
    /// The hosts.
    pub hosts: Vec<Spanned<String>>,
    /// Traefik's own resolver, which fetches it instead of a Secret.
    pub resolver: Option<Spanned<String>>,
    /// Served where no other fits.
    pub default: bool,
}

/// An entry point of Traefik.
#[derive(Debug)]
pub struct EntryPoint {
    /// Its name.
    pub name: Spanned<String>,
    /// Traefik's own port.
    pub port: Spanned<u16>,
    /// The Service's port.
    pub exposed: Spanned<u16>,
    /// Its protocol.
    pub protocol: Protocol,
}

impl Certificate {
    /// Whether it names this host: exactly, or by a wildcard, which covers one label.
    pub fn covers(&self, host: &str) -> bool {
        self.covers_exactly(host)
            || host.split_once('.').is_some_and(|(label, rest)| {
                !label.is_empty() && self.hosts.iter().any(|name| name.value.strip_prefix("*.") == Some(rest))
            })
    }

    /// Whether it names this host without a wildcard.
    pub fn covers_exactly(&self, host: &str) -> bool {
        self.hosts.iter().any(|name| name.value == host)
    }
}

/// Whose word on the client's address Traefik takes.
#[derive(Debug)]
pub struct Trust {
    /// The place of the words.
    pub span: Span,
    /// Whether Cloudflare is among them.
    pub cloudflare: bool,
    /// Further ranges, each with its place.
    pub ranges: Vec<(IpNet, Span)>,
}

/// What the file means.
pub(super) fn resolve(
    file: IngressFile,
    span: Span,
    stack: &str,
    nodes: &[ClusterNode],
    found: &mut Findings,
) -> Ingress {
    let certificates = file.tls.0.into_iter().map(|(secret, certificate)| {
        is_name("Secret's name", &secret, names::dns_subdomain, found);
        Certificate {
            secret,
            hosts: certificate.hosts,
            resolver: certificate.cert_resolver,
            default: certificate.default.unwrap_or(false),
        }
    });
    let certificates: Vec<_> = certificates.collect();
    served(&certificates, found);
    for host in certificates.iter().flat_map(|certificate| &certificate.hosts) {
        is_name("host", host, host_name, found);
    }
    if let Some(place) = &file.place {
        place.check(nodes, found);
    }
    if let Some(name) = &file.merge_into {
        is_name("IngressRoute's name", name, names::dns_label, found);
    }
    if let Some(replicas) =
        file.replicas.as_ref().filter(|_| file.workload == Some(TraefikWorkload::DaemonSet))
    {
        found.push(value_invalid(replicas.span, "a DaemonSet has no `replicas`: it runs once on each node"));
    }
    let entry_points: Vec<EntryPoint> =
        file.entry_points.iter().filter_map(|(name, file)| entry_point(name, file, found)).collect();
    ports_once(&entry_points, found);
    let trust = file.client_ip.map(|client| trust(&client.trust, span, found));
    Ingress {
        certificates,
        trust,
        workload: file.workload,
        replicas: file.replicas,
        entry_points,
        owned: file.owner.is_none_or(|owner| owner.value == stack),
        values: file.values,
        place: file.place,
        https_redirect: file.https_redirect.unwrap_or(false),
        merge_into: file.merge_into,
        span,
    }
}

/// A certificate that nothing can take, and a second one for what no other fits.
fn served(certificates: &[Certificate], found: &mut Findings) {
    for certificate in certificates.iter().filter(|one| one.hosts.is_empty() && !one.default) {
        let secret = &certificate.secret;
        found.push(
            value_invalid(secret.span, format!("the certificate `{}` names no host", secret.value))
                .note("routes take the certificate that covers their hosts")
                .help(format!("{}: [example.org, \"*.example.org\"]", secret.value)),
        );
    }
    let mut defaults = certificates.iter().filter(|one| one.default).map(|one| &one.secret);
    if let (Some(first), Some(second)) = (defaults.next(), defaults.next()) {
        found.push(
            value_invalid(second.span, "two certificates have `default: true`, and Traefik serves one")
                .also(first.span, "the first"),
        );
    }
}

/// A host as certificates and routes name it: a DNS name, with `*.` in front if it covers one label.
///
/// # Errors
/// The reason, in a user's words.
pub fn host_name(host: &str) -> Result<(), String> {
    names::dns_subdomain(host.strip_prefix("*.").unwrap_or(host))
}

fn trust(words: &[Spanned<String>], span: Span, found: &mut Findings) -> Trust {
    let mut trust =
        Trust { span: words.first().map_or(span, |word| word.span), cloudflare: false, ranges: Vec::new() };
    for word in words {
        match word.value.parse::<IpNet>() {
            _ if word.value == "cloudflare" => trust.cloudflare = true,
            Ok(range) if range.prefix_len() == 0 => found.push(
                value_invalid(word.span, format!("`{range}` trusts every caller"))
                    .note("anyone could then claim any client address in X-Forwarded-For")
                    .help("list the proxy's own ranges: trust: [cloudflare], or trust: [] without a proxy"),
            ),
            Ok(_) => trust.ranges.extend(range(word, found).map(|(range, _)| (range, word.span))),
            Err(_) => {
                let near = nearest(&word.value, ["cloudflare"]).map(|near| format!("did you mean `{near}`?"));
                let message = format!("`{}` is neither `cloudflare` nor an address range", word.value);
                let help = near.unwrap_or_else(|| "trust: [cloudflare, 192.168.1.0/24]".to_owned());
                found.push(value_invalid(word.span, message).help(help));
            }
        }
    }
    trust
}

/// Entry points that Traefik's chart has by itself: name, port, port of its Service (facts on k3s, 3.3). `traefik`
/// moved from 9000 to 8080 with chart 33; both are taken for all releases, for an upgrade must not break routes.
const OWN_ENTRY_POINTS: [(&str, u16, Option<u16>); 5] = [
    ("web", 8000, Some(80)),
    ("websecure", 8443, Some(443)),
    ("traefik", 9000, None),
    ("traefik", 8080, None),
    ("metrics", 9100, None),
];

/// Traefik listens once on a port of a protocol, and its Service has each once.
fn ports_once(points: &[EntryPoint], found: &mut Findings) {
    let mut before: Vec<&EntryPoint> = Vec::new();
    for point in points {
        if let Some(zero) = [&point.port, &point.exposed].into_iter().find(|number| number.value == 0) {
            found.push(value_invalid(zero.span, "0 is no port").help("ports are 1 to 65535"));
        }
        let own = OWN_ENTRY_POINTS.iter().filter(|_| point.protocol != Protocol::UDP);
        for (name, port, exposed) in own {
            let taken = if *port == point.port.value { Some(&point.port) } else { None };
            let taken =
                taken.or_else(|| Some(&point.exposed).filter(|number| *exposed == Some(number.value)));
            if let Some(number) = taken {
                let message =
                    format!("the port {} is that of Traefik's own entry point `{name}`", number.value);
                found.push(value_invalid(number.span, message).help("choose another number"));
            }
        }
        let twin = before.iter().find(|other| {
            let same = other.port.value == point.port.value || other.exposed.value == point.exposed.value;
            same && (other.protocol == Protocol::UDP) == (point.protocol == Protocol::UDP)
        });
        if let Some(twin) = twin {
            let message =
                format!("the entry points `{}` and `{}` have one port", twin.name.value, point.name.value);
            found.push(value_invalid(point.port.span, message).also(twin.port.span, "here as well"));
        }
        before.push(point);
    }
}

fn entry_point(name: &Spanned<String>, file: &EntryPointFile, found: &mut Findings) -> Option<EntryPoint> {
    is_name("entry point", name, names::dns_label, found);
    if OWN_ENTRY_POINTS.iter().any(|(own, _, _)| *own == name.value) {
        let message = format!("`{}` is an entry point of Traefik's own", name.value);
        found.push(value_invalid(name.span, message).help("choose another name"));
        return None;
    }
    let protocol = file.protocol.unwrap_or(Protocol::TCP);
    let exposed = file.exposed_port.clone().unwrap_or_else(|| file.port.clone());
    Some(EntryPoint { name: name.clone(), port: file.port.clone(), exposed, protocol })
}
