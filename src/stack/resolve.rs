//! From what the file says to what it means.

use ipnet::IpNet;

use super::cluster::{IngressFile, SecretFile, StackFile};
use super::network::range;
use super::nodes::platform_of;
use super::{ClusterNode, Network, Place, TraefikWorkload};
use crate::finding::{Code, Finding, Findings, Page, Severity, nearest};
use crate::k3s::{Release, Version};
use crate::kube::names;
use crate::kube::{Image, Platform};
use crate::source::Span;
use crate::yaml::{Map, Spanned, Value};

/// A value that its place cannot use.
pub static VALUE_INVALID: Code = Code {
    name: "value-invalid",
    severity: Severity::Error,
    page: Page {
        about: "A value of the right type that its place cannot use: a name that Kubernetes refuses, an address\n\
                that is none, two alternatives where one is wanted. The message says what is wrong with it.",
        bad: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nports: {HTTP_PORT: 8080}\n",
        good: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nports: {http: 8080}\n",
    },
};

/// A k3s release that stackc knows nothing of.
pub static RELEASE_UNKNOWN: Code = Code {
    name: "release-unknown",
    severity: Severity::Error,
    page: Page {
        about: "`k3s` is the full release as `k3s --version` prints it: vX.Y.Z+k3sN, v1.21.0+k3s1 or newer. API\n\
                groups and keys of Traefik's chart change inside patch releases, so the minor does not suffice.",
        bad: "# stack.yaml\nstackc: 1\nk3s: v1.22\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
              platforms: {registry.example/web: [amd64]}\n",
        good: "# stack.yaml\nstackc: 1\nk3s: v1.22.7+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
               platforms: {registry.example/web: [amd64]}\n",
    },
};

/// A k3s release newer than this stackc.
pub static RELEASE_NEWER: Code = Code {
    name: "release-newer",
    severity: Severity::Note,
    page: Page {
        about: "This k3s release is newer than the newest that this stackc knows. It compiles as for the newest known\n\
                one, and writes only what every chart of Traefik takes. A newer stackc may know more.",
        bad: "# stack.yaml\nstackc: 1\nk3s: v1.99.0+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
              platforms: {registry.example/web: [amd64]}\n",
        good: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
               platforms: {registry.example/web: [amd64]}\n",
    },
};

/// A var with the name of something else.
pub static VAR_RESERVED: Code = Code {
    name: "var-reserved",
    severity: Severity::Error,
    page: Page {
        about: "Templates know `stack`, `app`, `apps`, `nodes`, `network` and `k3s` by themselves; a var of such a\n\
                name would hide it or be hidden.",
        bad: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org, app: x}\nnodes:\n  alpha: {arch: amd64}\n\
              platforms: {registry.example/web: [amd64]}\n",
        good: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org, tier: x}\nnodes:\n  alpha: {arch: amd64}\n\
               platforms: {registry.example/web: [amd64]}\n",
    },
};

/// What templates know without being told.
const RESERVED_VARS: [&str; 6] = ["stack", "app", "apps", "nodes", "network", "k3s"];

/// The cluster as stack.yaml describes it.
#[derive(Debug)]
pub struct Stack {
    /// The prefix of the output's file names.
    pub name: Spanned<String>,
    /// stack.yaml as a whole: the cause of what no key asks for.
    pub span: Span,
    /// What this k3s release does.
    pub release: Release,
    /// Where the release is written.
    pub release_span: Span,
    /// Where apps go that say none.
    pub namespace: Spanned<String>,
    /// Address ranges.
    pub network: Network,
    /// The machines.
    pub nodes: Vec<ClusterNode>,
    /// Whether every node could be read: if not, nothing can be said about where pods may land.
    pub nodes_complete: bool,
    /// Traefik and certificates.
    pub ingress: Option<Ingress>,
    /// Secrets that exist in the cluster.
    pub secrets: Vec<Secret>,
    /// Where a new Secret's line would go.
    pub platforms: Vec<Declared>,
}

/// Traefik's configuration and certificates.
#[derive(Debug)]
pub struct Ingress {
    /// Certificates, in the order written.
    pub certificates: Vec<Certificate>,
    /// Whose word on the client's address Traefik takes; none = k3s' default.
    pub trust: Option<Trust>,
    /// Traefik's own kind of workload.
    pub workload: Option<TraefikWorkload>,
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
    /// Further ranges.
    pub ranges: Vec<IpNet>,
}

/// A Secret that exists in the cluster.
#[derive(Debug)]
pub struct Secret {
    /// Its name.
    pub name: Spanned<String>,
    /// Its keys; empty = unknown.
    pub keys: Vec<String>,
    /// The namespaces that have it.
    pub namespaces: Vec<String>,
}

/// An image's platforms, by hand.
#[derive(Debug)]
pub struct Declared {
    /// The image as written.
    pub image: Spanned<String>,
    /// Its reference.
    pub parsed: Image,
    /// Whether the reference names a tag or digest, and so one image only.
    pub full: bool,
    /// What it runs on.
    pub platforms: Vec<Platform>,
}

/// A value that its place cannot use.
pub fn value_invalid(span: Span, message: impl Into<String>) -> Finding {
    Finding::new(&VALUE_INVALID, span, message)
}

/// A name that Kubernetes refuses, with the grammar's reason.
pub fn name_invalid(what: &str, name: &str, span: Span, reason: &str) -> Finding {
    value_invalid(span, format!("the {what} `{name}`: {reason}"))
}

/// Tells a name that breaks a grammar.
pub(super) fn is_name(
    what: &str,
    name: &Spanned<String>,
    grammar: fn(&str) -> Result<(), String>,
    found: &mut Findings,
) {
    if let Err(reason) = grammar(&name.value) {
        found.push(name_invalid(what, &name.value, name.span, &reason));
    }
}

/// What the file means. `None` when the release or the format is unknown, for then nothing else has a meaning.
pub fn resolve(file: StackFile, span: Span, folder: &str, found: &mut Findings) -> Option<Stack> {
    if file.stackc.value != 1 {
        let message = format!("version {} of the format is unknown", file.stackc.value);
        found.push(value_invalid(file.stackc.span, message).help("this stackc reads version 1: `stackc: 1`"));
        return None;
    }
    let name = file.name.unwrap_or_else(|| Spanned { span, value: folder.to_owned() });
    if let Err(reason) = names::dns_label(&name.value) {
        let help = "the stack's name is the prefix of its files: set `name:` in stack.yaml";
        found.push(name_invalid("stack's name", &name.value, name.span, &reason).help(help));
    }
    let namespace = file.namespace.unwrap_or_else(|| Spanned { span, value: "default".to_owned() });
    is_name("namespace", &namespace, names::dns_label, found);
    let network = Network::resolve(file.network.as_ref(), found);
    let machines = &file.nodes.value;
    let nodes: Vec<_> =
        machines.iter().filter_map(|(name, node)| ClusterNode::resolve(name, node, found)).collect();
    if machines.is_empty() {
        found.push(
            value_invalid(file.nodes.span, "`nodes` names no machine").help("nodes:\n  NAME: {arch: amd64}"),
        );
    }
    network.check_addresses(&nodes, found);
    let nodes_complete = nodes.len() == machines.0.len() && !nodes.is_empty();
    let ingress = file.ingress.map(|file| ingress(file, span, &nodes, found));
    let secrets = file.secrets.iter().map(|(name, file)| secret(name, file, &namespace, found)).collect();
    let platforms =
        file.platforms.iter().filter_map(|(image, words)| declared(image, words, found)).collect();
    let release = release(&file.k3s.version, found)?;
    let release_span = file.k3s.version.span;
    Some(Stack {
        name,
        span,
        release,
        release_span,
        namespace,
        network,
        nodes,
        nodes_complete,
        ingress,
        secrets,
        platforms,
    })
}

/// Tells vars that would hide what templates know.
pub fn check_vars(vars: &Map, found: &mut Findings) {
    for entry in &vars.entries {
        if RESERVED_VARS.contains(&entry.key.text.as_ref()) {
            let message =
                format!("the var `{}` has the name of something that templates know", entry.key.text);
            found.push(Finding::new(&VAR_RESERVED, entry.key.span, message).help("choose another name"));
        }
        if matches!(entry.value.value, Value::Null) {
            found.push(
                value_invalid(entry.value.span, format!("the var `{}` holds nothing", entry.key.text))
                    .help("write a value, or remove it; empty text is \"\""),
            );
        }
    }
}

fn release(written: &Spanned<String>, found: &mut Findings) -> Option<Release> {
    let release = Version::parse(&written.value).and_then(Release::of);
    match release {
        Ok(release) => {
            if release.is_newer_than_known() {
                found.push(Finding::new(
                    &RELEASE_NEWER,
                    written.span,
                    format!(
                        "{} is newer than {}, the newest that this stackc knows",
                        written.value,
                        Release::newest_known()
                    ),
                ));
            }
            Some(release)
        }
        Err(reason) => {
            found.push(Finding::new(&RELEASE_UNKNOWN, written.span, reason));
            None
        }
    }
}

fn ingress(file: IngressFile, span: Span, nodes: &[ClusterNode], found: &mut Findings) -> Ingress {
    let certificates = file.tls.0.into_iter().map(|(secret, certificate)| {
        is_name("Secret's name", &secret, names::dns_subdomain, found);
        Certificate { secret, hosts: certificate.hosts }
    });
    let certificates: Vec<_> = certificates.collect();
    for host in certificates.iter().flat_map(|certificate| &certificate.hosts) {
        is_name("host", host, host_name, found);
    }
    if let Some(place) = &file.place {
        place.check(nodes, found);
    }
    if let Some(name) = &file.merge_into {
        is_name("IngressRoute's name", name, names::dns_label, found);
    }
    let trust = file.client_ip.map(|client| trust(&client.trust, span, found));
    Ingress {
        certificates,
        trust,
        workload: file.workload,
        place: file.place,
        https_redirect: file.https_redirect.unwrap_or(false),
        merge_into: file.merge_into,
        span,
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
                    .note("anyone could then claim any client address in X-Forwarded-For"),
            ),
            Ok(_) => trust.ranges.extend(range(word, found).map(|(range, _)| range)),
            Err(_) => {
                let near = nearest(&word.value, ["cloudflare"]).map(|near| format!("did you mean `{near}`?"));
                let message = format!("`{}` is neither `cloudflare` nor an address range", word.value);
                let help = near.unwrap_or_else(|| "trust: [cloudflare, 10.0.0.0/8]".to_owned());
                found.push(value_invalid(word.span, message).help(help));
            }
        }
    }
    trust
}

fn secret(
    name: &Spanned<String>,
    file: &SecretFile,
    namespace: &Spanned<String>,
    found: &mut Findings,
) -> Secret {
    is_name("Secret's name", name, names::dns_subdomain, found);
    let namespaces = file.namespaces.as_deref().unwrap_or(std::slice::from_ref(namespace));
    file.namespaces.iter().flatten().for_each(|name| is_name("namespace", name, names::dns_label, found));
    let implied: &[&str] = match file.kind.as_ref().map(|kind| kind.value.as_str()) {
        Some("kubernetes.io/tls") => &["tls.crt", "tls.key"],
        Some("kubernetes.io/basic-auth") => &["username", "password"],
        Some("kubernetes.io/ssh-auth") => &["ssh-privatekey"],
        Some("kubernetes.io/dockerconfigjson") => &[".dockerconfigjson"],
        _ => &[],
    };
    let keys = file.keys.iter().map(|key| key.value.clone());
    Secret {
        name: name.clone(),
        keys: keys.chain(implied.iter().map(|key| (*key).to_owned())).collect(),
        namespaces: namespaces.iter().map(|namespace| namespace.value.clone()).collect(),
    }
}

fn declared(image: &Spanned<String>, words: &[Spanned<String>], found: &mut Findings) -> Option<Declared> {
    let platforms: Vec<_> = words.iter().filter_map(|word| platform_of(word, found)).collect();
    let parsed = Image::parse(&image.value)
        .map_err(|reason| found.push(value_invalid(image.span, format!("`{}`: {reason}", image.value))))
        .ok()?;
    let full = parsed.tag.is_some() || parsed.digest.is_some();
    Some(Declared { image: image.clone(), parsed, full, platforms })
}
