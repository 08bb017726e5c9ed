//! Volumes and where they are mounted.

use super::config;
use crate::finding::Findings;
use crate::kube::Quantity;
use crate::kube::names;
use crate::stack::{App, EmptyDir, HostPath, SecretVolume, Volume, name_invalid, value_invalid};
use crate::yaml::{Build, Node, Spanned};

/// The pod's volumes and the main container's mounts, in the order written.
pub(super) struct Mounts {
    pub(super) volumes: Vec<Node>,
    pub(super) mounts: Vec<Node>,
}

/// All volumes of an app.
pub(super) fn volumes(app: &App, found: &mut Findings) -> Mounts {
    let mut mounts = Mounts { volumes: Vec::new(), mounts: Vec::new() };
    let mut names: Vec<Spanned<String>> = Vec::new();
    for (path, volume) in app.container.volumes.iter() {
        let name = name(path, volume);
        if let Some(first) = names.iter().find(|other| other.value == name.value) {
            found.push(
                value_invalid(path.span, format!("two volumes would be named `{}`", name.value))
                    .also(first.span, "the first")
                    .help("give one of them a `name`"),
            );
        }
        check_path(path, found);
        if let Some((source, sub_path)) = source(app, &name, path, volume, found) {
            mounts.mounts.push(mount(&name, path, volume, sub_path));
            mounts
                .volumes
                .push(Build::at(path.span).with("name", (&name).into()).with(source.0, source.1).node());
        }
        names.push(name);
    }
    mounts
}

/// The mount path with dashes (schema.md 1.4), made what Kubernetes takes as a name.
pub(super) fn name(path: &Spanned<String>, volume: &Volume) -> Spanned<String> {
    if let Some(name) = &volume.name {
        return name.clone();
    }
    let dashed: String = path
        .value
        .trim_matches('/')
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' })
        .collect();
    // 63 is the longest label; the end of a path says more than its start.
    let skipped = dashed.len().saturating_sub(63);
    let value: String = dashed.chars().skip(skipped).collect();
    Spanned { span: path.span, value: value.trim_matches('-').to_owned() }
}

fn check_path(path: &Spanned<String>, found: &mut Findings) {
    let bad = if !path.value.starts_with('/') {
        Some("is not absolute")
    } else if path.value.contains(':') {
        Some("holds a `:`, which Kubernetes refuses")
    } else if path.value.split('/').any(|part| part == "..") {
        Some("holds `..`")
    } else {
        None
    };
    if let Some(reason) = bad {
        found.push(value_invalid(path.span, format!("the mount path `{}` {reason}", path.value)));
    }
}

type Source = ((&'static str, Node), Option<String>);

/// The volume's source for Kubernetes, and the file in it that is mounted alone.
fn source(
    app: &App,
    name: &Spanned<String>,
    path: &Spanned<String>,
    volume: &Volume,
    found: &mut Findings,
) -> Option<Source> {
    if let Err(reason) = names::dns_label(&name.value) {
        found.push(name_invalid("volume's name", &name.value, name.span, &reason).help("give it a `name`"));
    }
    match (&volume.host_path, &volume.empty_dir, &volume.file, &volume.secret) {
        (Some(host), None, None, None) => Some((host_path(host, volume, found), None)),
        (None, Some(empty), None, None) => Some((empty_dir(path, empty, found), None)),
        (None, None, Some(file), None) => {
            let key = config::key(file);
            let map = Build::at(file.span).text("name", config::name(app, name)).node();
            Some((("configMap", map), Some(key)))
        }
        (None, None, None, Some(secret)) => Some(self::secret(secret)),
        _ => {
            found.push(
                value_invalid(
                    path.span,
                    format!(
                        "the volume at `{}` takes exactly one of `hostPath`, `emptyDir`, `file` and `secret`",
                        path.value
                    ),
                )
                .help(format!("{}: {{hostPath: /srv/data}}", path.value)),
            );
            None
        }
    }
}

fn host_path(host: &HostPath, volume: &Volume, found: &mut Findings) -> (&'static str, Node) {
    if !host.path.value.starts_with('/') || host.path.value.split('/').any(|part| part == "..") {
        let message =
            format!("the folder `{}` on the node must be an absolute path without `..`", host.path.value);
        found.push(value_invalid(host.path.span, message));
    }
    let writable = !volume.read_only.unwrap_or(false);
    let kind = match &host.kind {
        Some(kind) => Some(kind.into()),
        None => writable.then(|| Node::text(host.path.span, "DirectoryOrCreate")),
    };
    ("hostPath", Build::at(host.path.span).with("path", (&host.path).into()).maybe("type", kind).node())
}

fn empty_dir(path: &Spanned<String>, empty: &EmptyDir, found: &mut Findings) -> (&'static str, Node) {
    if let Some(size) = &empty.size_limit
        && let Err(reason) = Quantity::parse(&size.value)
    {
        found.push(value_invalid(size.span, reason));
    }
    let build = Build::at(path.span).maybe("medium", empty.medium.as_ref().map(Node::from));
    ("emptyDir", build.maybe("sizeLimit", empty.size_limit.as_ref().map(Node::from)).node())
}

fn secret(secret: &SecretVolume) -> Source {
    let items = secret.key.as_ref().map(|key| {
        let item = Build::at(key.span).with("key", key.into()).with("path", key.into()).node();
        Node::list(key.span, [item])
    });
    let source = Build::at(secret.name.span)
        .with("secretName", (&secret.name).into())
        .maybe("items", items)
        .maybe("defaultMode", secret.mode.as_ref().map(Node::from))
        .maybe("optional", secret.optional.map(|truth| Node::bool(secret.name.span, truth)));
    (("secret", source.node()), secret.key.as_ref().map(|key| key.value.clone()))
}

/// Files of the stack and Secrets are mounted read-only; Kubernetes would not write them back anyway.
fn mount(name: &Spanned<String>, path: &Spanned<String>, volume: &Volume, sub_path: Option<String>) -> Node {
    let read_only = volume.read_only.or((volume.file.is_some() || volume.secret.is_some()).then_some(true));
    Build::at(path.span)
        .with("name", name.into())
        .with("mountPath", path.into())
        .maybe("subPath", sub_path.map(|file| Node::text(path.span, file)))
        .maybe("readOnly", read_only.filter(|truth| *truth).map(|truth| Node::bool(path.span, truth)))
        .node()
}
