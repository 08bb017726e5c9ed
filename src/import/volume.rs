//! What is mounted where. In Kubernetes a pod has volumes and containers mount them; in an app the first mount has the
//! source, and others name it by its path.

use std::collections::{BTreeMap, BTreeSet};

use data_encoding::BASE64;

use super::plan::{Misfit, Plan, workload_volumes};
use super::short::short;
use super::world::World;
use crate::kube::Object;
use crate::lower::volume_name;
use crate::source::Span;
use crate::yaml::{Build, Node, Value};

/// A file of the stack: its path below `files/`, its bytes.
pub(super) type Leaf = (String, Vec<u8>);

/// The volumes of an app on their way.
pub(super) struct Volumes<'a> {
    world: &'a World<'a>,
    plan: &'a Plan,
    app: &'a Object,
    span: Span,
    /// Where the main container has mounted what.
    main: BTreeMap<String, String>,
    used: BTreeSet<String>,
    /// Files that the app's ConfigMaps hold.
    pub(super) files: Vec<Leaf>,
}

/// What a mount needs of its volume: the keys of its source, and the `subPath` that these imply.
struct Source {
    keys: Build,
    implied: Option<String>,
    /// Whether the mount is read-only unless it says otherwise.
    given: bool,
}

impl<'a> Volumes<'a> {
    pub(super) fn new(world: &'a World<'a>, plan: &'a Plan) -> Self {
        let app = world.object(plan.workload);
        let (main, used, files) = (BTreeMap::new(), BTreeSet::new(), Vec::new());
        Volumes { world, plan, app, span: app.body.span, main, used, files }
    }

    /// `volumes` of a container, by mount path. A prefix is a side container's name with a dash.
    ///
    /// # Errors
    /// A volume that an app has no form for.
    pub(super) fn of(&mut self, container: &Node, prefix: &str) -> Result<Node, Misfit> {
        let mut build = Build::at(self.span);
        for mount in container.get("volumeMounts").map_or(&[][..], Node::items) {
            let (Some(name), Some(path)) = (mount.text_at(&["name"]), mount.text_at(&["mountPath"])) else {
                return Err(Misfit::whole("a volume is mounted without a name or path"));
            };
            build = build.with(path.to_owned(), self.mount(mount, name, path, prefix)?);
        }
        Ok(build.node())
    }

    fn mount(&mut self, mount: &Node, name: &str, path: &str, prefix: &str) -> Result<Node, Misfit> {
        let own = |key: &str| mount.get(key).cloned();
        let read_only = mount.get("readOnly").and_then(Node::as_bool) == Some(true);
        let propagation = own("mountPropagation").filter(|word| word.as_text() != Some("None"));
        let span = self.span;
        let bool = |truth| Node::bool(span, truth);
        if let Some(first) = self.main.get(name) {
            let from = Build::at(self.span).with("from", Node::text(self.span, first.clone()));
            let from = from.maybe("subPath", own("subPath")).maybe("mountPropagation", propagation);
            return Ok(from.maybe("readOnly", read_only.then(|| bool(true))).node());
        }
        if !self.used.insert(name.to_owned()) {
            let reason =
                format!("the volume `{name}` is shared by containers, but not mounted in the first one");
            return Err(Misfit::whole(reason));
        }
        let source = self.source(mount, name, read_only)?;
        if prefix.is_empty() {
            self.main.insert(name.to_owned(), path.to_owned());
        }
        let sub_path = own("subPath").filter(|own| own.as_text() != source.implied.as_deref());
        let usual = volume_name(prefix, path) == name;
        let said = (read_only != source.given).then(|| bool(read_only));
        let keys = source.keys.maybe("name", (!usual).then(|| Node::text(self.span, name.to_owned())));
        let keys = keys.maybe("subPath", sub_path).maybe("mountPropagation", propagation);
        Ok(keys.maybe("readOnly", said).node())
    }

    /// Every volume must be mounted somewhere: an app's volumes are its mounts.
    ///
    /// # Errors
    /// One is not.
    pub(super) fn all_mounted(&self) -> Result<(), Misfit> {
        let names = workload_volumes(self.app).iter().filter_map(|volume| volume.text_at(&["name"]));
        match names.into_iter().find(|name| !self.used.contains(*name)) {
            Some(name) => Err(Misfit::whole(format!("the volume `{name}` is mounted nowhere"))),
            None => Ok(()),
        }
    }

    fn source(&mut self, mount: &Node, name: &str, read_only: bool) -> Result<Source, Misfit> {
        let templates = self.app.body.at(&["spec", "volumeClaimTemplates"]).map_or(&[][..], Node::items);
        if let Some(claim) = templates.iter().find(|claim| claim.text_at(&["metadata", "name"]) == Some(name))
        {
            return Ok(plain("pvc", self.claim(claim, None, self.template_labels(claim)), self.span));
        }
        let volumes = workload_volumes(self.app);
        let Some(volume) = volumes.iter().find(|volume| volume.text_at(&["name"]) == Some(name)) else {
            return Err(Misfit::whole(format!("it mounts a volume `{name}` that it does not have")));
        };
        let span = self.span;
        if let Some(host) = volume.get("hostPath") {
            return Ok(plain("hostPath", host_path(host, read_only, span), span));
        }
        if let Some(claim) = volume.get("persistentVolumeClaim") {
            return Ok(self.named_claim(claim, name));
        }
        if let Some(nfs) = volume.get("nfs") {
            let text = |key| nfs.text_at(&[key]).unwrap_or_default();
            let word = format!("{}:{}", text("server"), text("path"));
            return Ok(plain("nfs", Node::text(span, word), span));
        }
        for (kind, field) in [("configMap", "name"), ("secret", "secretName")] {
            if let Some(reference) = volume.get(kind) {
                return self.reference((kind, field), reference, mount, name);
            }
        }
        let empty = volume.get("emptyDir").or((volume.entries().len() == 1).then_some(volume));
        if let Some(empty) = empty {
            return Ok(plain("emptyDir", empty_dir(empty, span), span));
        }
        let kind = volume.entries().iter().map(|entry| entry.key.text.as_ref()).find(|key| *key != "name");
        Err(Misfit::whole(format!(
            "the volume `{name}` is of a kind that apps do not have: {}",
            kind.unwrap_or("none")
        )))
    }

    /// The claim that the app makes, or one that exists.
    fn named_claim(&self, claim: &Node, volume: &str) -> Source {
        let name = claim.text_at(&["claimName"]).unwrap_or_default();
        let made = self.plan.of("PersistentVolumeClaim", self.world);
        let Some((_, object)) = made.into_iter().find(|(_, object)| object.id.name == name) else {
            return plain("claim", Node::text(self.span, name.to_owned()), self.span);
        };
        let usual = format!("{}-{volume}", self.app.id.name) == name;
        let own = (!usual).then(|| Node::text(self.span, name.to_owned()));
        // Labels that it has beside an app's own stay; those that it lacks are added.
        plain("pvc", self.claim(&object.body, own, None), self.span)
    }

    /// A StatefulSet's claim templates cannot change once it is in the cluster: their labels stay what they are.
    fn template_labels(&self, claim: &Node) -> Option<Node> {
        let own = self.app.body.at(&["metadata", "labels"]);
        let labels = claim.at(&["metadata", "labels"]);
        let is_stackc = |labels: &Node| labels.text_at(&["app.kubernetes.io/managed-by"]) == Some("stackc");
        if labels.zip(own).is_some_and(|(labels, own)| labels.same(own) && is_stackc(own)) {
            return None;
        }
        Some(labels.cloned().unwrap_or_else(|| Build::at(self.span).node()))
    }

    fn claim(&self, claim: &Node, name: Option<Node>, labels: Option<Node>) -> Node {
        let span = self.span;
        let spec = |path: &[&str]| claim.get("spec").and_then(|spec| spec.at(path)).cloned();
        let modes = spec(&["accessModes"]);
        let usual = |modes: &Node| matches!(modes.items(), [mode] if mode.as_text() == Some("ReadWriteOnce"));
        let more = Build::at(span)
            .maybe("storageClass", spec(&["storageClassName"]))
            .maybe("accessModes", modes.filter(|modes| !usual(modes)))
            .maybe("name", name)
            .maybe("labels", labels)
            .node();
        let size = spec(&["resources", "requests", "storage"]).unwrap_or_else(|| Node::text(span, ""));
        short("size", size, more)
    }

    /// A ConfigMap or Secret that exists, or the files of one that the app makes.
    fn reference(
        &mut self,
        (kind, field): (&'static str, &str),
        reference: &Node,
        mount: &Node,
        volume: &str,
    ) -> Result<Source, Misfit> {
        let span = self.span;
        let name = reference.text_at(&[field]).unwrap_or_default();
        let made = self.plan.of("ConfigMap", self.world);
        if let Some((at, object)) =
            made.into_iter().find(|(_, own)| kind == "configMap" && own.id.name == name)
        {
            return self.made((at, object), reference.get("items"), mount, volume);
        }
        let items = reference.get("items").map_or(&[][..], Node::items);
        let sub_path = mount.text_at(&["subPath"]);
        let key = match items {
            [item] if item.text_at(&["path"]) == item.text_at(&["key"]) => item.text_at(&["key"]),
            _ => None,
        };
        let key = key.filter(|key| sub_path == Some(*key));
        let text = |text: &str| Node::text(span, text.to_owned());
        let more = Build::at(span)
            .maybe("key", key.map(text))
            .maybe("mode", reference.get("defaultMode").filter(|_| kind == "secret").map(octal))
            .maybe("optional", reference.get("optional").cloned())
            .node();
        let keys = Build::at(span).with(kind, short("name", text(name), more));
        Ok(Source { keys, implied: key.map(str::to_owned), given: true })
    }

    /// Files of the stack, which the app makes the ConfigMap of.
    fn made(
        &mut self,
        (at, object): (usize, &Object),
        items: Option<&Node>,
        mount: &Node,
        volume: &str,
    ) -> Result<Source, Misfit> {
        let mut leaves: Vec<Leaf> = Vec::new();
        for (field, is_text) in [("data", true), ("binaryData", false)] {
            for entry in object.body.get(field).map_or(&[][..], Node::entries) {
                let text = entry.value.as_text().unwrap_or_default();
                let bytes = if is_text {
                    Some(text.as_bytes().to_vec())
                } else {
                    BASE64.decode(text.as_bytes()).ok()
                };
                let bytes = bytes.ok_or_else(|| Misfit::part(at, "its binaryData is no base64"))?;
                leaves.push((path_of(&entry.key.text, items), bytes));
            }
        }
        let folder = format!("{}/{volume}", self.app.id.name);
        let path = |key: &str| format!("{folder}/{key}");
        if let Some((key, _)) = leaves.iter().find(|(key, _)| is_strange(&path(key))) {
            return Err(Misfit::part(at, format!("`{key}` would mean something else as a file's name")));
        }
        let alone = match leaves.as_slice() {
            [(key, _)] => Some(key.clone()).filter(|key| mount.text_at(&["subPath"]) == Some(key)),
            _ => None,
        };
        let (word, path) = match &alone {
            Some(key) => ("file", path(key)),
            None => ("files", folder.clone()),
        };
        self.files.extend(leaves.into_iter().map(|(key, bytes)| (format!("{folder}/{key}"), bytes)));
        let keys = Build::at(self.span).with(word, Node::text(self.span, path));
        Ok(Source { keys, implied: alone, given: true })
    }
}

/// Whether a path is more than names below a folder: one that leads elsewhere, or a template.
fn is_strange(path: &str) -> bool {
    path.split('/').any(|part| part.is_empty() || part == "." || part.contains(".."))
        || path.strip_suffix(".j2").is_some()
}

/// The path of a key's file: `a/b` for `a..b`, if that is what the volume makes of it.
fn path_of(key: &str, items: Option<&Node>) -> String {
    let items = items.map_or(&[][..], Node::items);
    let item = items.iter().find(|item| item.text_at(&["key"]) == Some(key));
    let path = item.and_then(|item| item.text_at(&["path"])).filter(|path| path.replace('/', "..") == key);
    path.unwrap_or(key).to_owned()
}

fn plain(kind: &'static str, value: Node, span: Span) -> Source {
    Source { keys: Build::at(span).with(kind, value), implied: None, given: false }
}

/// An app makes a folder that is missing, unless it only reads from it.
fn host_path(host: &Node, read_only: bool, span: Span) -> Node {
    let path = host.get("path").cloned().unwrap_or_else(|| Node::text(span, ""));
    let kind = host.text_at(&["type"]).unwrap_or_default();
    let below_dev = path.as_text().is_some_and(|path| path.starts_with("/dev/"));
    let usual = if read_only || below_dev { "" } else { "DirectoryOrCreate" };
    let kind = (kind != usual).then(|| Node::text(span, kind.to_owned()));
    short("path", path, Build::at(span).maybe("type", kind).node())
}

/// A mode as people write it.
fn octal(mode: &Node) -> Node {
    let value = mode.as_int().map(|number| Value::Int(number, Some(format!("0{number:o}").into())));
    Node { span: mode.span, value: value.unwrap_or_else(|| mode.value.clone()) }
}

fn empty_dir(empty: &Node, span: Span) -> Node {
    let size = empty.get("sizeLimit").cloned();
    match empty.get("medium").filter(|medium| medium.as_text() != Some("")) {
        None => size.unwrap_or_else(|| Build::at(span).node()),
        Some(medium) => Build::at(span).with("medium", medium.clone()).maybe("sizeLimit", size).node(),
    }
}
