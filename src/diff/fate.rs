//! What k3s and Kubernetes make of a change, as rows.
//!
//! k3s' deploy controller takes a file for the whole wanted state of one AddOn and patches; what cannot be patched it
//! deletes and makes anew, or tries again every 15 seconds for ever (the project's facts on k3s, 1.5 and 1.6).

use super::Placed;
use super::field::equal;
use crate::k3s::{KEEP, Release, is_kept, lost_with};
use crate::kube::{Object, ObjectId, Quantity, kubectl};
use crate::yaml::Node;

/// What happens to an object in the cluster.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Verdict {
    /// k3s deletes it, and with it what it holds, unless somebody sees to it.
    Lost,
    /// k3s tries every 15 seconds and fails; the change never comes.
    Stuck,
    /// k3s deletes it and makes it anew.
    Recreated,
    /// k3s deletes it.
    Deleted,
    /// It stays in the cluster, and nothing manages it any more.
    Orphaned,
    /// It stays in the cluster, as its label asks.
    Kept,
}

impl Verdict {
    /// The word that people and machines read.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Lost => "data at stake",
            Verdict::Stuck => "stuck",
            Verdict::Recreated => "recreated",
            Verdict::Deleted => "deleted",
            Verdict::Orphaned => "orphaned",
            Verdict::Kept => "kept",
        }
    }
}

/// What happens to an object, why, and what to do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fate {
    /// What happens.
    pub verdict: Verdict,
    /// The field that is to blame, if one is.
    pub path: Option<String>,
    /// One sentence.
    pub why: String,
    /// What to do, if there is anything.
    pub way_out: Option<String>,
    /// Who says so.
    pub source: &'static str,
}

/// A field that cannot be changed as others can.
struct Fixed {
    kinds: &'static [&'static str],
    path: &'static [&'static str],
    /// What Kubernetes takes for a field that is not there.
    default: Option<&'static str>,
    verdict: Verdict,
    why: &'static str,
    way_out: &'static str,
    source: &'static str,
}

/// wrangler's own list of what it deletes and makes anew.
const WRANGLER: &str = "wrangler, pkg/apply/reconcilers.go";
/// The API server's validation of updates.
const KUBERNETES: &str = "Kubernetes, validation of updates";
/// Facts on k3s 1.5.
const IMMUTABLE: &str = "Kubernetes refuses the change, and k3s asks again every 15 seconds";

const fn recreated(
    kinds: &'static [&'static str],
    path: &'static [&'static str],
    default: Option<&'static str>,
    why: &'static str,
    way_out: &'static str,
) -> Fixed {
    Fixed { kinds, path, default, verdict: Verdict::Recreated, why, way_out, source: WRANGLER }
}

const fn stuck(kind: &'static [&'static str], path: &'static [&'static str], way_out: &'static str) -> Fixed {
    Fixed {
        kinds: kind,
        path,
        default: None,
        verdict: Verdict::Stuck,
        why: IMMUTABLE,
        way_out,
        source: KUBERNETES,
    }
}

const CLAIM: &[&str] = &["PersistentVolumeClaim"];
const SET: &[&str] = &["StatefulSet"];
const NEW_CLAIM: &str = "give the claim a new name and copy the data over, or leave it as it was";
const NEW_SET: &str =
    "kubectl delete the StatefulSet with --cascade=orphan, so that its pods stay, then install";
const NEW_NAME: &str = "give it a new name, or leave it as it was";

static FIXED: [Fixed; 26] = [
    recreated(
        &["Deployment", "DaemonSet"],
        &["spec", "selector"],
        None,
        "k3s deletes it with all its pods and makes it anew: it is down until the new ones are ready",
        "leave the selector as it was, or do it at a quiet time",
    ),
    recreated(
        &["Secret"],
        &["type"],
        Some("Opaque"),
        "k3s deletes it and makes it anew: pods that start in between fail",
        "leave the type as it was, or use a new name",
    ),
    recreated(
        &["Service"],
        &["spec", "type"],
        Some("ClusterIP"),
        "k3s deletes it and makes it anew: it gets another cluster IP, and connections break",
        "do it at a quiet time",
    ),
    recreated(
        &["Job"],
        &["spec", "template"],
        None,
        "k3s deletes it and makes it anew: the job runs once more",
        "see that it may run twice",
    ),
    stuck(SET, &["spec", "selector"], NEW_SET),
    stuck(SET, &["spec", "serviceName"], NEW_SET),
    stuck(SET, &["spec", "volumeClaimTemplates"], NEW_SET),
    stuck(SET, &["spec", "podManagementPolicy"], NEW_SET),
    stuck(CLAIM, &["spec", "accessModes"], NEW_CLAIM),
    stuck(CLAIM, &["spec", "storageClassName"], NEW_CLAIM),
    stuck(CLAIM, &["spec", "volumeName"], NEW_CLAIM),
    stuck(CLAIM, &["spec", "volumeMode"], NEW_CLAIM),
    stuck(CLAIM, &["spec", "selector"], NEW_CLAIM),
    stuck(CLAIM, &["spec", "dataSource"], NEW_CLAIM),
    stuck(CLAIM, &["spec", "dataSourceRef"], NEW_CLAIM),
    Fixed {
        why: "a claim never shrinks, and grows only where its StorageClass can expand, which k3s' local-path cannot: \
              Kubernetes refuses the change, and k3s asks again every 15 seconds",
        ..stuck(CLAIM, &["spec", "resources", "requests", "storage"], NEW_CLAIM)
    },
    stuck(
        &["Service"],
        &["spec", "clusterIP"],
        "kubectl delete the Service, and k3s makes it anew at the next change of its file",
    ),
    stuck(&["Job"], &["spec", "selector"], NEW_NAME),
    stuck(&["Job"], &["spec", "completions"], NEW_NAME),
    stuck(&["RoleBinding", "ClusterRoleBinding"], &["roleRef"], "give the binding a new name"),
    stuck(&["StorageClass"], &["provisioner"], NEW_NAME),
    stuck(&["StorageClass"], &["parameters"], NEW_NAME),
    stuck(&["StorageClass"], &["volumeBindingMode"], NEW_NAME),
    stuck(&["IngressClass"], &["spec", "controller"], NEW_NAME),
    stuck(&["PriorityClass"], &["value"], NEW_NAME),
    stuck(&["RuntimeClass"], &["handler"], NEW_NAME),
];

/// What ConfigMaps and Secrets hold cannot change once they say `immutable: true`.
const SEALED: (&[&str], &[&str]) = (&["ConfigMap", "Secret"], &["data", "binaryData", "stringData"]);

/// What of the new files bears on an object that left one.
pub(super) struct Files<'a> {
    pub(super) new: &'a [Placed<'a>],
    pub(super) release: &'a Release,
}

/// Fields that cannot be changed in place.
pub(super) fn of_changed(old: &Object, new: &Object) -> Vec<Fate> {
    let rows = FIXED.iter().filter(|row| row.kinds.contains(&new.id.kind.as_str()));
    let touched = rows.filter(|row| differs(row, &old.body, &new.body));
    let fate = |row: &Fixed| Fate {
        verdict: row.verdict,
        path: Some(row.path.join(".")),
        why: row.why.to_owned(),
        way_out: Some(row.way_out.to_owned()),
        source: row.source,
    };
    touched.map(fate).chain(sealed(old, new)).collect()
}

fn differs(row: &Fixed, old: &Node, new: &Node) -> bool {
    match (old.at(row.path), new.at(row.path)) {
        (Some(old), Some(new)) => !equal(old, new) && !same_amount(old, new),
        (None, None) => false,
        (Some(one), None) | (None, Some(one)) => row.default.is_none() || one.as_text() != row.default,
    }
}

fn same_amount(old: &Node, new: &Node) -> bool {
    let amount = |node: &Node| node.written().and_then(|text| Quantity::parse(&text).ok());
    amount(old).is_some_and(|old| Some(old) == amount(new))
}

fn sealed(old: &Object, new: &Object) -> Option<Fate> {
    let (kinds, fields) = SEALED;
    let is_sealed = old.body.get("immutable").and_then(Node::as_bool) == Some(true);
    let other = |field: &&&str| match (old.body.get(field), new.body.get(field)) {
        (Some(old), Some(new)) => !equal(old, new),
        (old, new) => old.is_some() != new.is_some(),
    };
    let field = fields.iter().find(other).filter(|_| is_sealed && kinds.contains(&new.id.kind.as_str()))?;
    Some(Fate {
        verdict: Verdict::Stuck,
        path: Some((*field).to_owned()),
        why: format!("it says `immutable: true`: {IMMUTABLE}"),
        way_out: Some(NEW_NAME.to_owned()),
        source: KUBERNETES,
    })
}

/// An object that goes to another file. k3s reads files in the order of their names: an earlier file takes over what a
/// later one has, but a later file comes when the earlier one has pruned it.
pub(super) fn of_moved(old: Placed<'_>, new: Placed<'_>, files: &Files<'_>) -> Option<Fate> {
    if old.file >= new.file || is_kept(&old.object.body) || orphaned(old, files).is_some() {
        return None;
    }
    let holds = holds(old.object);
    let verdict = if holds.is_some() { Verdict::Lost } else { Verdict::Recreated };
    let more = holds.map_or_else(String::new, |holds| format!("; {holds}"));
    Some(Fate {
        verdict,
        path: None,
        why: format!(
            "it moves from {} to {}, which k3s reads later: it is deleted with the first and made anew by the \
             second{more}",
            old.file, new.file
        ),
        way_out: Some(format!(
            "first write it once more where it was, with the label {}: \"false\"; move it afterwards",
            KEEP.0
        )),
        source: FACTS,
    })
}

/// The project's facts page on k3s.
const FACTS: &str = "facts on k3s, 1.5 and 1.6";

/// An object that left the files.
pub(super) fn of_removed(gone: Placed<'_>, files: &Files<'_>) -> Fate {
    let id = &gone.object.id;
    let delete = format!("to delete it: {}", kubectl::delete(id));
    if is_kept(&gone.object.body) {
        // What holds data is removed in two steps, or the cluster's own label would still keep it.
        let install = format!("to delete it: stackc install --remove {}", kubectl::word(&id.path()));
        let delete = if holds(gone.object).is_some() { install } else { delete };
        let why = format!("its label {}: \"false\" keeps k3s from deleting it", KEEP.0);
        return Fate { verdict: Verdict::Kept, path: None, why, way_out: Some(delete), source: FACTS };
    }
    if let Some(why) = orphaned(gone, files) {
        return Fate { verdict: Verdict::Orphaned, path: None, why, way_out: Some(delete), source: FACTS };
    }
    let stays = files.new.iter().any(|placed| placed.file == gone.file);
    let how = if stays {
        "k3s deletes what has left its file".to_owned()
    } else {
        format!(
            "{} has left the stack: `stackc install` makes it a comment, and k3s deletes what it made",
            gone.file
        )
    };
    let chart = gone.object.id.kind == "HelmChart";
    match holds(gone.object) {
        None => Fate { verdict: Verdict::Deleted, path: None, why: how, way_out: None, source: FACTS },
        // Install does not guard a chart: it would stay installed, and nothing would tell of it.
        Some(holds) if chart => {
            let why = format!("{how}; {holds}");
            Fate { verdict: Verdict::Lost, path: None, why, way_out: None, source: FACTS }
        }
        Some(holds) => Fate {
            verdict: Verdict::Lost,
            path: None,
            why: format!(
                "{holds}; `stackc install` keeps it in {} until it is named, but k3s deletes it where the new files \
                 are copied by hand",
                gone.file
            ),
            way_out: Some(format!("to delete it: stackc install --remove {}", kubectl::word(&id.path()))),
            source: FACTS,
        },
    }
}

/// Why this release leaves an object in the cluster, if it does: it looks for what left a file among what it holds.
fn orphaned(gone: Placed<'_>, files: &Files<'_>) -> Option<String> {
    let id = &gone.object.id;
    let release = files.release;
    let beside =
        || files.new.iter().filter(|placed| placed.file == gone.file).map(|placed| &placed.object.id);
    let by_kind = |other: &&ObjectId| {
        release.prunes_emptied_file() || (&other.kind, &other.api_version) == (&id.kind, &id.api_version)
    };
    let by_namespace = |other: &ObjectId| release.prunes_left_namespace() || other.namespace == id.namespace;
    let (file, kind, version) = (gone.file, &id.kind, release.version());
    if beside().next().is_none() && release.prunes_emptied_file() {
        None
    } else if !beside().any(|other| by_kind(&other)) {
        Some(format!(
            "it is the last {kind} of {file}, and k3s {version} does not look for that kind any more"
        ))
    } else if !beside().filter(by_kind).any(by_namespace) {
        let namespace = id.namespace.as_deref().unwrap_or_default();
        Some(format!(
            "{file} names the namespace {namespace} no more, and k3s {version} does not look there any more"
        ))
    } else {
        None
    }
}

/// What goes with an object, if anything that nobody can make again does.
fn holds(object: &Object) -> Option<&'static str> {
    let chart =
        (object.id.kind == "HelmChart").then_some("the chart is uninstalled, and what it made goes with it");
    lost_with(&object.id.kind, &object.body).or(chart)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::k3s::Version;
    use crate::kube::tree::{object, tree};

    fn made(api_version: &str, kind: &str, body: &Json) -> Object {
        Object { body: tree(body), ..object(api_version, kind, &json!({})) }
    }

    #[test]
    fn every_row_is_met_by_its_own_field_alone() {
        for row in &FIXED {
            let body = |value: Json| {
                let tree = row.path.iter().rev().fold(value, |inner, key| json!({*key: inner}));
                made("v1", row.kinds[0], &tree)
            };
            let (one, two) = (body(json!("3")), body(json!("4")));
            let fates = of_changed(&one, &two);
            assert_eq!(fates.len(), 1, "{:?}", row.path);
            assert_eq!((fates[0].verdict, fates[0].path.clone()), (row.verdict, Some(row.path.join("."))));
            assert_eq!(of_changed(&one, &one), []);
            assert_eq!(
                of_changed(&made("v1", "Other", &json!({})), &made("v1", "Other", &json!({"spec": 1}))),
                []
            );
            assert!(!row.why.is_empty() && !row.way_out.is_empty() && !row.source.is_empty());
        }
    }

    #[test]
    fn what_is_the_same_to_kubernetes_is_no_change() {
        let pairs = [
            ("Service", json!({"spec": {}}), json!({"spec": {"type": "ClusterIP"}})),
            ("Secret", json!({"type": "Opaque"}), json!({})),
            (
                "PersistentVolumeClaim",
                json!({"spec": {"resources": {"requests": {"storage": "1Gi"}}}}),
                json!({"spec": {"resources": {"requests": {"storage": "1024Mi"}}}}),
            ),
            ("ConfigMap", json!({"data": {"a": "b"}}), json!({"data": {"a": "c"}})),
            (
                "ConfigMap",
                json!({"immutable": true, "data": {"a": "b"}}),
                json!({"immutable": true, "data": {"a": "b"}}),
            ),
        ];
        for (kind, old, new) in pairs {
            assert_eq!(of_changed(&made("v1", kind, &old), &made("v1", kind, &new)), [], "{kind}");
        }
        let (old, new) = (json!({"immutable": true, "data": {"a": "b"}}), json!({"data": {"a": "c"}}));
        let fates = of_changed(&made("v1", "ConfigMap", &old), &made("v1", "ConfigMap", &new));
        assert_eq!(fates.iter().map(|fate| fate.verdict).collect::<Vec<_>>(), [Verdict::Stuck]);
    }

    fn release(text: &str) -> Release {
        Release::of(Version::parse(text).unwrap()).unwrap()
    }

    fn verdict(gone: &Object, rest: &[(&Object, &str)], release: &Release) -> Verdict {
        let new: Vec<Placed<'_>> = rest.iter().map(|(object, file)| Placed { object, file }).collect();
        of_removed(Placed { object: gone, file: "a.yaml" }, &Files { new: &new, release }).verdict
    }

    #[test]
    fn what_left_is_pruned_by_release() {
        let service = made("v1", "Service", &json!({}));
        let map = made("v1", "ConfigMap", &json!({}));
        let mut elsewhere = service.clone();
        elsewhere.id.namespace = Some("other".into());
        let (old, middle, new) = (release("v1.22.7+k3s1"), release("v1.22.10+k3s1"), release("v1.37.1+k3s1"));
        let same = [(&service, "a.yaml")];
        let rows = [
            (&same[..], [Verdict::Deleted, Verdict::Deleted, Verdict::Deleted]),
            (&[(&map, "a.yaml")], [Verdict::Orphaned, Verdict::Deleted, Verdict::Deleted]),
            (&[(&service, "b.yaml")], [Verdict::Orphaned, Verdict::Deleted, Verdict::Deleted]),
            (&[], [Verdict::Orphaned, Verdict::Deleted, Verdict::Deleted]),
            (&[(&elsewhere, "a.yaml")], [Verdict::Orphaned, Verdict::Orphaned, Verdict::Deleted]),
        ];
        for (rest, verdicts) in rows {
            let told = [&old, &middle, &new].map(|release| verdict(&service, rest, release));
            assert_eq!(told, verdicts, "{rest:?}");
        }
    }

    #[test]
    fn what_holds_data_is_lost_or_kept() {
        let new = release("v1.37.1+k3s1");
        for kind in ["Namespace", "PersistentVolumeClaim", "Secret", "CustomResourceDefinition", "HelmChart"]
        {
            assert_eq!(verdict(&made("v1", kind, &json!({"data": {"a": "b"}})), &[], &new), Verdict::Lost);
            let kept = json!({"metadata": {"labels": {"objectset.rio.cattle.io/prune": "false"}}});
            assert_eq!(verdict(&made("v1", kind, &kept), &[], &new), Verdict::Kept);
        }
        assert_eq!(verdict(&made("v1", "Secret", &json!({"data": {}})), &[], &new), Verdict::Deleted);
    }

    #[test]
    fn a_move_to_a_later_file_deletes() {
        let (map, space) = (made("v1", "ConfigMap", &json!({})), made("v1", "Namespace", &json!({})));
        let (new_release, old_release) = (release("v1.37.1+k3s1"), release("v1.22.7+k3s1"));
        let on = |release, object, old, new| {
            let new = Placed { object, file: new };
            let files = Files { new: &[new], release };
            of_moved(Placed { object, file: old }, new, &files).map(|fate| fate.verdict)
        };
        let moved = |object, old, new| on(&new_release, object, old, new);
        // It does not look for a kind that has left the file, and so the later file takes it over.
        assert_eq!(on(&old_release, &map, "a.yaml", "b.yaml"), None);
        assert_eq!(moved(&map, "a.yaml", "b.yaml"), Some(Verdict::Recreated));
        assert_eq!(moved(&space, "a.yaml", "b.yaml"), Some(Verdict::Lost));
        assert_eq!(moved(&map, "b.yaml", "a.yaml"), None);
        assert_eq!(moved(&map, "a.yaml", "a.yaml"), None);
    }
}
