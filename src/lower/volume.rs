//! Volumes and where they are mounted, for all containers of an app.

use std::collections::BTreeMap;

use super::config::{self, Content, Files, Wanted};
use crate::finding::Findings;
use crate::kube::Quantity;
use crate::kube::names;
use crate::source::Span;
use crate::stack::{App, Claim, Container, EmptyDir, HostPath, Volume, name_invalid, value_invalid};
use crate::yaml::{Build, Named, Node, Spanned};

/// What the volumes of an app come to.
pub(super) struct Volumes<'a> {
    files: &'a Files<'a>,
    /// The pod's volumes, in the order written.
    pub(super) pod: Vec<Node>,
    /// Claims to make, with their names.
    pub(super) claims: Vec<(Spanned<String>, Claim)>,
    /// ConfigMaps to make.
    pub(super) configs: Vec<Wanted>,
    /// Names that are taken, and by which mount.
    names: BTreeMap<String, Span>,
}

/// A StatefulSet makes its claims itself, one a pod, named after the volume.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Claims {
    Apart,
    Templates,
}

impl<'a> Volumes<'a> {
    /// None yet.
    pub(super) fn new(files: &'a Files<'a>) -> Self {
        Volumes { files, pod: Vec::new(), claims: Vec::new(), configs: Vec::new(), names: BTreeMap::new() }
    }

    /// Takes in a container's volumes. `prefix` keeps a sidecar's own volumes apart from the main container's. Returns
    /// its mounts.
    pub(super) fn add(
        &mut self,
        app: &App,
        container: &Container,
        prefix: &str,
        claims: Claims,
        found: &mut Findings,
    ) -> Vec<Node> {
        let mut mounts = Vec::new();
        for (path, volume) in container.volumes.iter() {
            check_path(path, found);
            if path.value == "/" {
                continue;
            }
            check_mode(volume, self.files, found);
            if let Some(from) = &volume.from {
                mounts.extend(shared(&app.container.volumes, from, path, volume, found));
                continue;
            }
            let name = name(prefix, path, volume);
            self.take(&name, path, found);
            if let Some((source, file)) = self.source(app, &name, path, volume, claims, found) {
                mounts.push(mount(&name, path, volume, file));
                if let Some((key, source)) = source {
                    self.pod.push(Build::at(path.span).with("name", (&name).into()).with(key, source).node());
                }
            }
        }
        mounts
    }

    fn take(&mut self, name: &Spanned<String>, path: &Spanned<String>, found: &mut Findings) {
        if let Err(reason) = names::dns_label(&name.value) {
            found.push(
                name_invalid("volume's name", &name.value, name.span, &reason).help("give it a `name`"),
            );
        }
        let first = *self.names.entry(name.value.clone()).or_insert(path.span);
        if first != path.span {
            found.push(
                value_invalid(path.span, format!("two volumes would be named `{}`", name.value))
                    .also(first, "the first")
                    .help("give one of them a `name`"),
            );
        }
    }

    /// The volume's source for Kubernetes (none for a claim template), and the file in it that is mounted alone.
    fn source(
        &mut self,
        app: &App,
        name: &Spanned<String>,
        path: &Spanned<String>,
        volume: &Volume,
        claims: Claims,
        found: &mut Findings,
    ) -> Option<Source> {
        if given(volume) != 1 {
            found.push(
                value_invalid(
                    path.span,
                    format!("the volume at `{}` takes exactly one source, not {}", path.value, given(volume)),
                )
                .note("sources are hostPath, pvc, claim, nfs, emptyDir, file, files, configMap, secret, device and from")
                .help(format!("{}: {{hostPath: /srv/data}}", path.value)),
            );
            return None;
        }
        host_path(volume, found)
            .or_else(|| plain(path, volume, found))
            .map(|source| (Some(source), None))
            .or_else(|| reference(volume))
            .or_else(|| self.made(app, name, volume))
            .or_else(|| self.claim(app, name, volume, claims, found))
    }

    /// A ConfigMap made of the stack's files.
    fn made(&mut self, app: &App, name: &Spanned<String>, volume: &Volume) -> Option<Source> {
        let file = volume.file.as_ref().or(volume.files.as_ref())?;
        let map = config::name(app, name);
        let source = Build::at(file.span).text("name", map.clone());
        let map = Spanned { span: file.span, value: map };
        if volume.file.is_some() {
            let key = config::key(&file.value).to_owned();
            let content = match app.made.iter().find(|made| made.path == file.value) {
                Some(made) => Content::Made(key.clone(), made.text.clone()),
                None => Content::File(file.clone()),
            };
            self.configs.push(Wanted { name: map, content });
            return Some((Some(("configMap", source.node())), Some(key)));
        }
        let items = config::tree(file, self.files)
            .into_iter()
            .map(|leaf| Build::at(file.span).text("key", leaf.key).text("path", leaf.path).node());
        let source = source.with("items", Node::list(file.span, items));
        self.configs.push(Wanted { name: map, content: Content::Tree(file.clone()) });
        Some((Some(("configMap", source.node())), None))
    }

    fn claim(
        &mut self,
        app: &App,
        name: &Spanned<String>,
        volume: &Volume,
        claims: Claims,
        found: &mut Findings,
    ) -> Option<Source> {
        let claim = volume.pvc.as_ref()?;
        if let Err(reason) = Quantity::bytes(&claim.size.value) {
            found.push(value_invalid(claim.size.span, reason));
        }
        if claims == Claims::Templates {
            self.claims.push((name.clone(), claim.clone()));
            return Some((None, None));
        }
        let own = Spanned { span: claim.size.span, value: config::name(app, name) };
        let claim_name = claim.name.clone().unwrap_or(own);
        let source = Build::at(claim_name.span).with("claimName", (&claim_name).into()).node();
        self.claims.push((claim_name, claim.clone()));
        Some((Some(("persistentVolumeClaim", source)), None))
    }
}

type Source = (Option<(&'static str, Node)>, Option<String>);

fn given(volume: &Volume) -> usize {
    let sources = [
        volume.host_path.is_some(),
        volume.pvc.is_some(),
        volume.claim.is_some(),
        volume.nfs.is_some(),
        volume.empty_dir.is_some(),
        volume.file.is_some(),
        volume.files.is_some(),
        volume.config_map.is_some(),
        volume.secret.is_some(),
        volume.device.is_some(),
    ];
    sources.into_iter().filter(|given| *given).count()
}

/// The mount path with dashes (schema.md 1.4), made what Kubernetes takes as a name.
fn name(prefix: &str, path: &Spanned<String>, volume: &Volume) -> Spanned<String> {
    if let Some(name) = &volume.name {
        return name.clone();
    }
    Spanned { span: path.span, value: volume_name(prefix, &path.value) }
}

/// The name that a volume has unless it says another: its mount path with dashes.
pub fn volume_name(prefix: &str, path: &str) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let dashed: String = path.trim_matches('/').chars().map(letter).collect();
    let dashed = format!("{prefix}{dashed}");
    // 63 is the longest label; the end of a path says more than its start.
    let skipped = dashed.len().saturating_sub(63);
    let value: String = dashed.chars().skip(skipped).collect();
    value.trim_matches('-').to_owned()
}

fn check_path(path: &Spanned<String>, found: &mut Findings) {
    let bad = if !path.value.starts_with('/') {
        Some("is not absolute")
    } else if path.value.contains(':') {
        Some("holds a `:`, which Kubernetes refuses")
    } else if path.value.split('/').any(|part| part == "..") {
        Some("holds `..`")
    } else if path.value == "/" {
        Some("is the container's whole file system: its own programs would be gone")
    } else {
        None
    };
    if let Some(reason) = bad {
        found.push(value_invalid(path.span, format!("the mount path `{}` {reason}", path.value)));
    }
}

/// A volume of the main container, mounted again.
fn shared(
    main: &Named<Volume>,
    from: &Spanned<String>,
    path: &Spanned<String>,
    volume: &Volume,
    found: &mut Findings,
) -> Option<Node> {
    let Some((of, source)) = main.iter().find(|(of, _)| of.value == from.value) else {
        let near =
            crate::finding::nearest(&from.value, main.names()).map(|near| format!("did you mean `{near}`?"));
        let message = format!("the main container mounts nothing at `{}`", from.value);
        found.push(value_invalid(from.span, message).maybe_help(near));
        return None;
    };
    if given(volume) > 0 {
        found.push(value_invalid(path.span, "`from` stands alone: the other volume has the source"));
    }
    if source.from.is_some() {
        found.push(value_invalid(
            from.span,
            format!("`{}` is itself a `from`: name its source's path", from.value),
        ));
    }
    let file = source.file.as_ref().map(|file| config::key(&file.value).to_owned());
    Some(mount(&name("", of, source), path, volume, file))
}

/// `400` is a decimal number to Kubernetes, `0400` an octal one; whoever writes only octal digits means these.
fn check_mode(volume: &Volume, files: &Files<'_>, found: &mut Findings) {
    let Some(mode) = volume.secret.as_ref().and_then(|secret| secret.mode.as_ref()) else { return };
    let written = files.sources.text(mode.span);
    if written.len() == 3
        && written.bytes().all(|digit| (b'0'..b'8').contains(&digit))
        && !written.starts_with('0')
    {
        let message = format!("the mode {written} is a decimal number, 0{:o} in octal", mode.value);
        found.push(value_invalid(mode.span, message).help(format!("mode: 0{written}")));
    }
}

fn host_path(volume: &Volume, found: &mut Findings) -> Option<(&'static str, Node)> {
    let device = volume.device.as_ref();
    let host = volume.host_path.as_ref();
    let path = device.or(host.map(|host| &host.path))?;
    if !path.value.starts_with('/') || path.value.split('/').any(|part| part == "..") {
        let message = format!("`{}` on the node must be an absolute path without `..`", path.value);
        found.push(value_invalid(path.span, message));
    }
    let below_dev = path.value.starts_with("/dev/");
    if device.is_some() && !below_dev {
        let message = format!("`{}` is no device: those lie below /dev", path.value);
        found.push(value_invalid(path.span, message).help("a folder or a file is a hostPath"));
    }
    let kind = match host {
        Some(HostPath { kind: Some(kind), .. }) => Some(kind.into()),
        // The kernel makes what is below /dev; `DirectoryOrCreate` would refuse a device that is there.
        Some(_) if is_writable(volume) && !below_dev => Some(Node::text(path.span, "DirectoryOrCreate")),
        _ => None,
    };
    Some(("hostPath", Build::at(path.span).with("path", path.into()).maybe("type", kind).node()))
}

/// Whether the container may write to it.
pub(super) fn is_writable(volume: &Volume) -> bool {
    !volume.read_only.unwrap_or(false)
}

/// Sources that need nothing else.
fn plain(path: &Spanned<String>, volume: &Volume, found: &mut Findings) -> Option<(&'static str, Node)> {
    if let Some(empty) = &volume.empty_dir {
        return Some(empty_dir(path, empty, found));
    }
    if let Some(claim) = &volume.claim {
        return Some(("persistentVolumeClaim", Build::at(claim.span).with("claimName", claim.into()).node()));
    }
    let nfs = volume.nfs.as_ref()?;
    let Some((server, path)) = nfs.value.split_once(":/").filter(|(server, _)| !server.is_empty()) else {
        found.push(
            value_invalid(nfs.span, format!("`{}` is no NFS folder", nfs.value)).help("nfs: SERVER:/PATH"),
        );
        return None;
    };
    let source = Build::at(nfs.span).text("server", server.to_owned()).text("path", format!("/{path}"));
    Some(("nfs", source.node()))
}

fn empty_dir(path: &Spanned<String>, empty: &EmptyDir, found: &mut Findings) -> (&'static str, Node) {
    if let Some(size) = &empty.size_limit
        && let Err(reason) = Quantity::bytes(&size.value)
    {
        found.push(value_invalid(size.span, reason));
    }
    let build = Build::at(path.span).maybe("medium", empty.medium.as_ref().map(Node::from));
    ("emptyDir", build.maybe("sizeLimit", empty.size_limit.as_ref().map(Node::from)).node())
}

/// Secrets and ConfigMaps that exist. With a key the mount path is a file.
fn reference(volume: &Volume) -> Option<Source> {
    let (kind, field, name, key, optional, mode) = if let Some(secret) = &volume.secret {
        ("secret", "secretName", &secret.name, &secret.key, secret.optional, secret.mode.as_ref())
    } else {
        let map = volume.config_map.as_ref()?;
        ("configMap", "name", &map.name, &map.key, map.optional, None)
    };
    let items = key.as_ref().map(|key| {
        let item = Build::at(key.span).with("key", key.into()).with("path", key.into()).node();
        Node::list(key.span, [item])
    });
    let source = Build::at(name.span)
        .with(field, name.into())
        .maybe("items", items)
        .maybe("defaultMode", mode.map(Node::from))
        .maybe("optional", optional.map(|truth| Node::bool(name.span, truth)));
    Some((Some((kind, source.node())), key.as_ref().map(|key| key.value.clone())))
}

/// Files of the stack, ConfigMaps and Secrets are mounted read-only; Kubernetes would not write them back anyway.
fn mount(name: &Spanned<String>, path: &Spanned<String>, volume: &Volume, file: Option<String>) -> Node {
    let given = volume.file.is_some()
        || volume.files.is_some()
        || volume.secret.is_some()
        || volume.config_map.is_some();
    let read_only = volume.read_only.or(given.then_some(true));
    let sub_path = volume.sub_path.as_ref().map(Node::from);
    Build::at(path.span)
        .with("name", name.into())
        .with("mountPath", path.into())
        .maybe("subPath", sub_path.or(file.map(|file| Node::text(path.span, file))))
        .maybe("mountPropagation", volume.mount_propagation.as_ref().map(Node::from))
        .maybe("readOnly", read_only.filter(|truth| *truth).map(|truth| Node::bool(path.span, truth)))
        .node()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::kube::tree::tree;
    use crate::yaml::decode;

    #[test]
    fn what_is_made_on_the_node_if_it_is_missing() {
        for (volume, kind, codes) in [
            (json!({"hostPath": {"path": "/srv"}}), Some("DirectoryOrCreate"), 0),
            (json!({"hostPath": {"path": "/srv"}, "readOnly": true}), None, 0),
            (json!({"hostPath": {"path": "/srv/x", "type": "File"}}), Some("File"), 0),
            (json!({"hostPath": {"path": "/dev/net/tun"}}), None, 0),
            (json!({"device": "/dev/ttyACM0"}), None, 0),
            (json!({"device": "/srv/x"}), None, 1),
            (json!({"device": "/dev/../srv"}), None, 1),
        ] {
            let mut found = Findings::default();
            let (_, source) = host_path(&decode(&tree(&volume), &mut found).unwrap(), &mut found).unwrap();
            assert_eq!((source.text_at(&["type"]), found.errors()), (kind, codes), "{volume}");
        }
    }
}
