//! From what the file says to what it means.

use super::cluster::{NamespaceFile, Pin, SecretFile, StackFile, Weight};
use super::external::{External, external};
use super::ingress::{self, Ingress};
use super::invalid::{is_name, name_invalid, value_invalid};
use super::platforms::Platforms;
use super::{ClusterNode, Network};
use crate::finding::{Code, Finding, Findings, Page, Severity, nearest};
use crate::k3s::{self, Ranges, Release, Version};
use crate::kube::names;
use crate::lock::Lock;
use crate::source::Span;
use crate::yaml::{Map, Named, Node, Spanned, Value};

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
    /// The cluster, where it is written; else it has the stack's name.
    pub cluster: Option<Spanned<String>>,
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
    /// What images run on.
    pub platforms: Platforms,
    /// How images are written.
    pub pin: Pin,
    /// What `stackc lock` pinned.
    pub lock: Lock,
    /// Middlewares for every app.
    pub middlewares: Named<Node>,
    /// What exists without stackc.
    pub external: Vec<External>,
    /// Namespaces to which something is added.
    pub namespaces: Named<NamespaceFile>,
    /// Packaged parts of k3s that do not run.
    pub disabled: Vec<Spanned<String>>,
    /// What findings weigh, by their codes.
    pub checks: Named<Spanned<Weight>>,
}

impl Stack {
    /// The cluster's name.
    pub fn cluster_name(&self) -> &str {
        &self.cluster.as_ref().unwrap_or(&self.name).value
    }

    /// With what registries and Cloudflare said.
    #[must_use]
    pub fn pinned(mut self, lock: Lock) -> Stack {
        self.platforms.learn(&lock);
        self.lock = lock;
        self
    }

    /// Cloudflare's ranges: those of the lock, else those that stackc carries.
    pub fn cloudflare(&self) -> Ranges {
        self.lock.pins.cloudflare.clone().unwrap_or_else(k3s::ranges)
    }

    /// Where a packaged part of k3s is said not to run, if it is.
    pub fn disables(&self, part: &str) -> Option<Span> {
        self.disabled.iter().find(|name| name.value == part).map(|name| name.span)
    }

    /// The name of something that exists without stackc, if it was said to.
    pub fn external_name(&self, kind: &str, namespace: &str, name: &str) -> Option<String> {
        let known = self.external.iter().find(|other| {
            other.kind == kind
                && other.name == name
                && other.namespace.as_deref().is_none_or(|own| own == namespace)
        });
        known.map(|known| known.name.clone())
    }
}

/// A Secret that exists in the cluster.
#[derive(Debug)]
pub struct Secret {
    /// Its name.
    pub name: Spanned<String>,
    /// Its keys; empty = unknown.
    pub keys: Vec<String>,
    /// Where it exists.
    pub namespaces: Vec<String>,
}

/// Whether a file is of a version of the format that is known here; else it is told.
pub(super) fn is_known_format(version: i64, span: Span, found: &mut Findings) -> bool {
    if version != 1 {
        let message = format!("version {version} of the format is unknown");
        found.push(value_invalid(span, message).help("this stackc reads version 1: `stackc: 1`"));
    }
    version == 1
}

/// What the file means. `None` when the release or the format is unknown, for then nothing else has a meaning.
pub fn resolve(file: StackFile, span: Span, folder: &str, found: &mut Findings) -> Option<Stack> {
    if !is_known_format(file.stackc.value, file.stackc.span, found) {
        return None;
    }
    let name = file.name.unwrap_or_else(|| Spanned { span, value: folder.to_owned() });
    if let Err(reason) = names::dns_label(&name.value) {
        let help = "the stack's name is the prefix of its files: set `name:` in stack.yaml";
        found.push(name_invalid("stack's name", &name.value, name.span, &reason).help(help));
    }
    if let Some(cluster) = &file.cluster {
        is_name("cluster's name", cluster, names::dns_subdomain, found);
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
    let ingress =
        file.ingress.map(|file| ingress::resolve(file.value, file.span, &name.value, &nodes, found));
    let secrets = file
        .secrets
        .iter()
        .map(|(name, secret)| self::secret(name, secret, &namespace.value, found))
        .collect();
    for (name, namespace) in file.namespaces.iter() {
        check_namespace(name, namespace, found);
    }
    let platforms = Platforms::resolve(&file.platforms, found);
    let release = release(&file.k3s.version, found)?;
    let release_span = file.k3s.version.span;
    Some(Stack {
        name,
        cluster: file.cluster,
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
        pin: file.pin.unwrap_or_default(),
        lock: Lock::default(),
        middlewares: file.middlewares,
        external: file.external.iter().filter_map(|text| external(text, found)).collect(),
        namespaces: file.namespaces,
        disabled: disabled(&file.k3s.disable, found),
        checks: file.checks,
    })
}

/// k3s splits each item at its commas. It takes the name of any file, so only what looks like a slip is told.
fn disabled(items: &[Spanned<String>], found: &mut Findings) -> Vec<Spanned<String>> {
    let parts = |item: &Spanned<String>| -> Vec<Spanned<String>> {
        let names = item.value.split(',').map(str::trim).filter(|name| !name.is_empty());
        names.map(|name| Spanned { span: item.span, value: name.to_owned() }).collect()
    };
    let names: Vec<_> = items.iter().flat_map(parts).collect();
    for name in names.iter().filter(|name| !k3s::PARTS.contains(&name.value.as_str())) {
        if let Some(near) = nearest(&name.value, k3s::PARTS) {
            found.push(
                value_invalid(name.span, format!("k3s packages no `{}`, so nothing is disabled", name.value))
                    .weighs(Severity::Warning)
                    .help(format!("did you mean `{near}`?")),
            );
        }
    }
    names
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

fn check_namespace(name: &Spanned<String>, file: &NamespaceFile, found: &mut Findings) {
    is_name("namespace", name, names::dns_label, found);
    for (key, value) in file.labels.iter() {
        is_name("label", key, names::label_key, found);
        is_name("label's value", value, names::label_value, found);
    }
    for (key, _) in file.annotations.iter() {
        is_name("annotation", key, names::label_key, found);
    }
    let added = file.labels.iter().chain(file.annotations.iter()).next();
    if let Some((key, _)) = added.filter(|_| file.create == Some(false)) {
        let message = format!("another stack makes `{}`, so nothing can be added to it here", name.value);
        found.push(value_invalid(key.span, message).help("say it in that stack, or remove `create: false`"));
    }
}

fn secret(name: &Spanned<String>, file: &SecretFile, own: &str, found: &mut Findings) -> Secret {
    is_name("Secret's name", name, names::dns_subdomain, found);
    file.namespaces.iter().for_each(|name| is_name("namespace", name, names::dns_label, found));
    let implied: &[&str] = match file.kind.as_ref().map(|kind| kind.value.as_str()) {
        Some("kubernetes.io/tls") => &["tls.crt", "tls.key"],
        Some("kubernetes.io/basic-auth") => &["username", "password"],
        Some("kubernetes.io/ssh-auth") => &["ssh-privatekey"],
        Some("kubernetes.io/dockerconfigjson") => &[".dockerconfigjson"],
        _ => &[],
    };
    let keys = file.keys.iter().map(|key| key.value.clone());
    let keys = keys.chain(implied.iter().map(|key| (*key).to_owned())).collect();
    let mut namespaces: Vec<String> = file.namespaces.iter().map(|name| name.value.clone()).collect();
    if namespaces.is_empty() {
        namespaces.push(own.to_owned());
    }
    Secret { name: name.clone(), keys, namespaces }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spanned(text: &str) -> Spanned<String> {
        Spanned { span: Span::from_numbers([0, 0, 0]), value: text.to_owned() }
    }

    #[test]
    fn disabled_parts_are_split_as_k3s_splits_them() {
        let read = |items: &[&str]| {
            let mut found = Findings::default();
            let items: Vec<_> = items.iter().map(|item| spanned(item)).collect();
            let names: Vec<String> =
                disabled(&items, &mut found).into_iter().map(|name| name.value).collect();
            (names.join(" "), found.sorted().len())
        };
        assert_eq!(read(&["traefik", "servicelb , coredns,"]), ("traefik servicelb coredns".to_owned(), 0));
        assert_eq!(read(&["treafik", "grafana"]), ("treafik grafana".to_owned(), 1));
    }
}
