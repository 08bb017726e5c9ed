//! What k3s does with its folder and the cluster, from the project's facts on k3s, 1: the reader, and a model of the
//! deploy controller with its pruning by release. Written apart from src/install, which must not be its own judge.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use stackc::finding::Findings;
use stackc::k3s::Release;
use stackc::kube::{ObjectId, Unit, objects};
use stackc::source::Sources;
use stackc::yaml::{self, Dialect, Node, Value};

/// A file as k3s reads it.
pub(crate) struct Read {
    pub(crate) name: String,
    pub(crate) text: String,
}

/// All files that k3s reads, sorted by path: `filepath.Walk`, then the ending in any case, no dot-files. A file that
/// vanishes in between is an error of this scan, and the next one reads again.
pub(crate) fn read(folder: &Path) -> std::io::Result<Vec<Read>> {
    let mut entries: Vec<_> = std::fs::read_dir(folder)?.collect::<Result<_, _>>()?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    let mut all = Vec::new();
    for entry in entries {
        let name = entry.file_name().into_string().unwrap();
        let lower = name.to_lowercase();
        if entry.path().symlink_metadata()?.is_dir() {
            all.extend(read(&entry.path())?);
        } else if [".yaml", ".yml", ".json"].iter().any(|e| lower.ends_with(e)) && !name.starts_with('.') {
            all.push(Read { name, text: std::fs::read_to_string(entry.path())? });
        }
    }
    Ok(all)
}

/// The objects of a text, or none where k3s would refuse the whole file.
pub(crate) fn decode(text: &str) -> Option<Vec<(ObjectId, Node)>> {
    let mut sources = Sources::default();
    let file = sources.add("x.yaml".into(), Ok(text.as_bytes().to_vec()));
    let mut found = Findings::default();
    let unit = Unit::Namespaces;
    let documents = yaml::read(&sources, file, Dialect::Manifest, &mut found);
    let documents = documents.into_iter().filter(|document| !matches!(document.value, Value::Null));
    let all: Vec<_> =
        documents.flat_map(|document| objects(document, &unit, "default", &mut found)).collect();
    (found.errors() == 0).then(|| all.into_iter().map(|object| (object.id, object.body)).collect())
}

/// An object in the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Live {
    owner: String,
    guarded: bool,
    /// Its content, as far as tests change it: `data.version`.
    pub(crate) version: String,
}

/// What k3s remembers of a file.
#[derive(Default, Debug)]
struct Addon {
    text: String,
    kinds: BTreeSet<(String, String)>,
}

/// A cluster and the AddOns that k3s made in it.
pub(crate) struct Cluster {
    release: Release,
    pub(crate) objects: BTreeMap<ObjectId, Live>,
    /// All that was ever deleted, in its order; what comes back is another object, without the data.
    pub(crate) deleted: Vec<ObjectId>,
    addons: BTreeMap<String, Addon>,
}

impl Cluster {
    pub(crate) fn new(release: Release) -> Cluster {
        Cluster { release, objects: BTreeMap::new(), deleted: Vec::new(), addons: BTreeMap::new() }
    }

    /// One look at the folder. `restarted`: k3s applies every file, whatever it remembers.
    pub(crate) fn scan(&mut self, folder: &Path, restarted: bool) {
        for Read { name, text } in read(folder).unwrap() {
            let addon = name.split('.').next().unwrap().to_owned();
            if !restarted && self.addons.get(&addon).is_some_and(|known| known.text == text) {
                continue;
            }
            let wanted = decode(&text).unwrap_or_else(|| panic!("{name} is refused by k3s:\n{text}"));
            if self.apply(&addon, &wanted) {
                let kinds = wanted.iter().map(|(id, _)| (id.api_version.clone(), id.kind.clone())).collect();
                self.addons.insert(addon, Addon { text, kinds });
            }
        }
    }

    /// Whether all could be applied; if not, k3s tries again with the next look.
    fn apply(&mut self, addon: &str, wanted: &[(ObjectId, Node)]) -> bool {
        let mut whole = true;
        for (id, body) in wanted {
            let missing = |namespace: &String| {
                namespace != "default"
                    && !self.objects.keys().any(|o| o.kind == "Namespace" && &o.name == namespace)
            };
            if id.namespace.as_ref().is_some_and(missing) {
                whole = false;
                continue;
            }
            let live = Live {
                owner: addon.to_owned(),
                guarded: body.text_at(&["metadata", "labels", "objectset.rio.cattle.io/prune"])
                    == Some("false"),
                version: body.text_at(&["data", "version"]).unwrap_or_default().to_owned(),
            };
            self.objects.insert(id.clone(), live);
        }
        self.prune(addon, wanted);
        whole
    }

    fn prune(&mut self, addon: &str, wanted: &[(ObjectId, Node)]) {
        let emptied = self.release.prunes_emptied_file();
        let kind = |id: &ObjectId| (id.api_version.clone(), id.kind.clone());
        let mut kinds: BTreeSet<_> = wanted.iter().map(|(id, _)| kind(id)).collect();
        let known = self.addons.get(addon);
        if emptied {
            kinds.extend(known.into_iter().flat_map(|known| known.kinds.iter().cloned()));
        }
        let everywhere = self.release.prunes_left_namespace() || wanted.is_empty();
        let looked_at = |id: &ObjectId| {
            everywhere
                || id.namespace.is_none()
                || wanted.iter().any(|(other, _)| other.namespace == id.namespace)
        };
        let gone = self.objects.iter().filter(|(id, live)| {
            let missing = !wanted.iter().any(|(other, _)| other == *id);
            missing && live.owner == addon && !live.guarded && kinds.contains(&kind(id)) && looked_at(id)
        });
        let gone: Vec<ObjectId> = gone.map(|(id, _)| id.clone()).collect();
        for id in gone {
            self.delete(&id);
        }
    }

    /// Deletes an object; a namespace takes all in it along.
    pub(crate) fn delete(&mut self, id: &ObjectId) {
        let inside = |other: &ObjectId| id.kind == "Namespace" && other.namespace.as_ref() == Some(&id.name);
        let gone: Vec<ObjectId> =
            self.objects.keys().filter(|other| *other == id || inside(other)).cloned().collect();
        self.objects.retain(|other, _| !gone.contains(other));
        self.deleted.extend(gone);
    }

    /// A line of `kubectl delete` as stackc prints it.
    pub(crate) fn obey(&mut self, line: &str) {
        let words: Vec<&str> = line.split(' ').collect();
        let ["kubectl", "delete", kind, name, place @ ..] = words.as_slice() else { panic!("{line}") };
        let namespace = match place {
            ["--namespace", namespace, "--ignore-not-found"] => Some((*namespace).to_owned()),
            ["--ignore-not-found"] => None,
            _ => panic!("{line}"),
        };
        if *kind == "addon" {
            self.addons.remove(*name);
            return;
        }
        let (kind, group) = kind.split_once('.').unwrap_or((kind, ""));
        let same = |id: &&ObjectId| {
            let own = id.api_version.split_once('/').map_or("", |(group, _)| group);
            id.kind.to_lowercase() == kind && own == group && id.name == *name && id.namespace == namespace
        };
        if let Some(id) = self.objects.keys().find(same).cloned() {
            self.delete(&id);
        }
    }
}
