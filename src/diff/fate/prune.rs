//! What k3s makes of an object that leaves its file, goes to another one, or stays there under another version of its API.

use super::{Fate, Files, Verdict};
use crate::diff::Placed;
use crate::k3s::{KEEP, is_kept, lost_with};
use crate::kube::{Object, ObjectId, kubectl};

/// The project's facts page on k3s.
const FACTS: &str = "facts on k3s, 1.5 and 1.6";

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

/// An object whose API has another version. To Kubernetes it is the same one, and to wrangler one that it updates and one
/// that left the file: it looks for what the file has made under each version that it remembers.
pub(super) fn of_version(old: Placed<'_>, new: Placed<'_>, files: &Files<'_>) -> Option<Fate> {
    let (was, is) = (&old.object.id, &new.object.id);
    let beside = files.new.iter().any(|other| {
        let id = &other.object.id;
        other.file == new.file && (&id.api_version, &id.kind) == (&was.api_version, &was.kind)
    });
    let looks = beside || files.release.prunes_emptied_file();
    // Where the file has nothing else of the old version, that comes last, and the label that comes with the new one counts.
    let kept = is_kept(&old.object.body) || (!beside && is_kept(&new.object.body));
    if was.api_version == is.api_version || kept || !looks || !files.release.serves(&was.api_version) {
        return None;
    }
    let holds = holds(old.object);
    let verdict = if holds.is_some() { Verdict::Lost } else { Verdict::Deleted };
    let more = holds.map_or_else(String::new, |holds| format!("; {holds}"));
    Some(Fate {
        verdict,
        path: Some("apiVersion".to_owned()),
        why: format!(
            "k3s updates it as {0}, then looks for what {2} has made as {1}, which {3} still serves, finds this object \
             under that version as well, and deletes it; it comes back when {2} changes once more or k3s starts \
             anew{more}",
            is.api_version,
            was.api_version,
            new.file,
            files.release.version(),
        ),
        way_out: Some(format!(
            "give it the label {}: \"false\" together with the new version, and take that away with a later install",
            KEEP.0
        )),
        source: "facts on k3s, 1.5; inferred, not seen",
    })
}

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
    use crate::diff::fate::trial::made;
    use crate::k3s::{Release, Version};

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

    #[test]
    fn another_version_is_another_object_to_wrangler() {
        let cron = |version: &str, labels: Json| {
            made(&format!("batch/{version}"), "CronJob", &json!({"metadata": {"labels": labels}}))
        };
        let plain = || json!({});
        let kept = || json!({"objectset.rio.cattle.io/prune": "false"});
        let fate = |old: &Object, new: &Object, beside: &[(&Object, &str)], on: &str| {
            let mut all: Vec<Placed<'_>> =
                beside.iter().map(|(object, file)| Placed { object, file }).collect();
            all.push(Placed { object: new, file: "a.yaml" });
            let files = Files { new: &all, release: &release(on) };
            let old = Placed { object: old, file: "a.yaml" };
            of_version(old, Placed { object: new, file: "a.yaml" }, &files).map(|fate| fate.verdict)
        };
        let (old, new) = (cron("v1beta1", plain()), cron("v1", plain()));
        let gone = Some(Verdict::Deleted);
        assert_eq!(fate(&old, &new, &[], "v1.24.7+k3s1"), gone);
        assert_eq!(fate(&new, &new, &[], "v1.24.7+k3s1"), None);
        // It is not served any more, so nothing is found under it.
        assert_eq!(fate(&old, &new, &[], "v1.25.0+k3s1"), None);
        // It looks for what the file still holds alone.
        assert_eq!(fate(&old, &new, &[], "v1.22.7+k3s1"), None);
        assert_eq!(fate(&old, &new, &[(&old, "a.yaml")], "v1.22.7+k3s1"), gone);
        assert_eq!(fate(&old, &new, &[(&old, "b.yaml")], "v1.22.7+k3s1"), None);
        assert_eq!(fate(&cron("v1beta1", kept()), &new, &[], "v1.24.7+k3s1"), None);
        assert_eq!(fate(&old, &cron("v1", kept()), &[], "v1.24.7+k3s1"), None);
        assert_eq!(fate(&old, &cron("v1", kept()), &[(&old, "a.yaml")], "v1.24.7+k3s1"), gone);
        let crd = |version: &str| {
            made(&format!("apiextensions.k8s.io/{version}"), "CustomResourceDefinition", &json!({}))
        };
        assert_eq!(fate(&crd("v2"), &crd("v1"), &[], "v1.24.7+k3s1"), Some(Verdict::Lost));
    }
}
