//! A bare Pod: images may change, and little else.

use super::Fate;
use super::rest::others;
use crate::diff::field::equal;
use crate::kube::Object;
use crate::yaml::Node;

/// Fields that may change, or of which more is asked below.
const FREE: [&str; 5] =
    ["activeDeadlineSeconds", "containers", "initContainers", "schedulingGates", "tolerations"];
const LISTS: [&str; 2] = ["containers", "initContainers"];
const WAY_OUT: &str =
    "install it, then {delete}: k3s makes it anew when it asks again; a Deployment would do that itself";

pub(super) fn of(old: &Object, new: &Object) -> Vec<Fate> {
    let (Some(old), Some(new), "Pod") = (old.body.get("spec"), new.body.get("spec"), new.id.kind.as_str())
    else {
        return Vec::new();
    };
    let refused = others(Some(old), Some(new), &FREE)
        .chain(LISTS.into_iter().filter(|list| !same_but_for_images(old.get(list), new.get(list))))
        .chain((!only_added(old, new)).then_some("tolerations"))
        .chain((!only_earlier(old, new)).then_some("activeDeadlineSeconds"));
    refused.map(|field| Fate::stuck(format!("spec.{field}"), WAY_OUT)).collect()
}

fn same_but_for_images(old: Option<&Node>, new: Option<&Node>) -> bool {
    let bare = |node: &Node| {
        let mut node = node.clone();
        node.as_map_mut().and_then(|map| map.remove("image"));
        node
    };
    let (old, new) = (old.map_or(&[][..], Node::items), new.map_or(&[][..], Node::items));
    old.len() == new.len() && old.iter().zip(new).all(|(old, new)| equal(&bare(old), &bare(new)))
}

/// How long a toleration lasts may change; that it is there may not.
fn only_added(old: &Node, new: &Node) -> bool {
    let all = |spec: &Node| {
        let mut all = spec.get("tolerations").map_or(&[][..], Node::items).to_vec();
        for one in &mut all {
            one.as_map_mut().and_then(|map| map.remove("tolerationSeconds"));
        }
        all
    };
    let news = all(new);
    all(old).iter().all(|old| news.iter().any(|new| equal(old, new)))
}

/// A deadline may be set, and come earlier.
fn only_earlier(old: &Node, new: &Node) -> bool {
    let seconds = |spec: &Node| spec.get("activeDeadlineSeconds").and_then(Node::as_int);
    match (seconds(old), seconds(new)) {
        (Some(old), Some(new)) => new <= old,
        (Some(_), None) => false,
        (None, _) => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use crate::diff::fate::trial::{fates, stuck};

    #[test]
    fn fields_of_a_pod() {
        let pod = |more: &Json| {
            let mut spec = json!({
                "containers": [{"name": "a", "image": "b:1"}], "tolerations": [{"key": "x"}], "activeDeadlineSeconds": 9,
            });
            spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            json!({"spec": spec})
        };
        let rows = [
            (json!({"containers": [{"name": "a", "image": "b:2"}]}), vec![]),
            (json!({"tolerations": [{"key": "y"}, {"key": "x", "tolerationSeconds": 3}]}), vec![]),
            (json!({"activeDeadlineSeconds": 8}), vec![]),
            (json!({"containers": [{"name": "a", "image": "b:1", "args": ["c"]}]}), vec!["spec.containers"]),
            (json!({"containers": [{"name": "a", "image": "b:1"}, {"name": "c"}]}), vec!["spec.containers"]),
            (json!({"initContainers": [{"name": "c"}]}), vec!["spec.initContainers"]),
            (json!({"tolerations": []}), vec!["spec.tolerations"]),
            (json!({"activeDeadlineSeconds": 10}), vec!["spec.activeDeadlineSeconds"]),
            (json!({"activeDeadlineSeconds": null}), vec!["spec.activeDeadlineSeconds"]),
            (json!({"terminationGracePeriodSeconds": 5}), vec!["spec.terminationGracePeriodSeconds"]),
            (json!({"nodeSelector": {"a": "b"}, "volumes": []}), vec!["spec.nodeSelector", "spec.volumes"]),
        ];
        let old = pod(&json!({}));
        for (more, expected) in rows {
            assert_eq!(stuck("Pod", &old, &pod(&more)), expected, "{more}");
            assert!(stuck("PodTemplate", &old, &pod(&more)).is_empty());
        }
        let way_out = fates("Pod", &old, &pod(&json!({"hostname": "a"}))).remove(0).way_out.unwrap();
        assert!(way_out.starts_with("install it, then kubectl delete pod "), "{way_out}");
        assert!(
            stuck("Pod", &json!({"spec": {}}), &json!({"spec": {"activeDeadlineSeconds": 3}})).is_empty()
        );
    }
}
