//! Fields that cannot be changed as others can, as rows.

use super::{Fate, IMMUTABLE, KUBERNETES, NEW_NAME, Verdict};
use crate::diff::field::equal;
use crate::k3s::Release;
use crate::kube::{Object, Quantity};
use crate::yaml::Node;

/// A field that cannot be changed as others can.
#[derive(Clone, Copy)]
struct Fixed {
    kinds: &'static [&'static str],
    path: &'static [&'static str],
    /// What Kubernetes takes for a field that is not there.
    default: Option<&'static str>,
    when: When,
    /// The minor of Kubernetes from which it can be changed.
    until: Option<u16>,
    verdict: Verdict,
    why: &'static str,
    way_out: &'static str,
    source: &'static str,
}

/// Which changes of it count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum When {
    Any,
    /// All but that it goes: Kubernetes keeps what it has, or takes its default.
    Said,
    /// All but that it comes.
    Other,
    /// That it goes.
    Gone,
    /// That a list's first item is another one.
    First,
}

/// wrangler's own list of what it deletes and makes anew.
const WRANGLER: &str = "wrangler, pkg/apply/reconcilers.go";

const fn recreated(
    kinds: &'static [&'static str],
    path: &'static [&'static str],
    why: &'static str,
    way_out: &'static str,
) -> Fixed {
    Fixed { verdict: Verdict::Recreated, why, source: WRANGLER, ..stuck(kinds, path, way_out) }
}

const fn stuck(
    kinds: &'static [&'static str],
    path: &'static [&'static str],
    way_out: &'static str,
) -> Fixed {
    Fixed {
        kinds,
        path,
        default: None,
        when: When::Any,
        until: None,
        verdict: Verdict::Stuck,
        why: IMMUTABLE,
        way_out,
        source: KUBERNETES,
    }
}

impl Fixed {
    const fn or(self, default: &'static str) -> Fixed {
        Fixed { default: Some(default), ..self }
    }

    const fn when(self, when: When) -> Fixed {
        Fixed { when, ..self }
    }

    const fn until(self, minor: u16) -> Fixed {
        Fixed { until: Some(minor), ..self }
    }

    const fn because(self, why: &'static str) -> Fixed {
        Fixed { why, ..self }
    }
}

const CLAIM: &[&str] = &["PersistentVolumeClaim"];
const SET: &[&str] = &["StatefulSet"];
const JOB: &[&str] = &["Job"];
const SERVICE: &[&str] = &["Service"];
const CLASS: &[&str] = &["StorageClass"];
const BINDING: &[&str] = &["RoleBinding", "ClusterRoleBinding"];
const CRD: &[&str] = &["CustomResourceDefinition"];

const NEW_CLAIM: &str = "give the claim a new name and copy the data over, or leave it as it was";
const NEW_SET: &str =
    "install it, then {delete} --cascade=orphan: its pods stay, and k3s makes it anew when it asks again";
const NEW_BINDING: &str = "give the binding a new name";
const NEW_SERVICE: &str =
    "install it, then {delete}: k3s makes it anew when it asks again, and until then it is away";
const NEW_CRD: &str = "leave it as it was: to delete it deletes all objects of its kind";

static FIXED: [Fixed; 56] = [
    recreated(
        &["Deployment", "DaemonSet"],
        &["spec", "selector"],
        "k3s deletes it with all its pods and makes it anew: it is down until the new ones are ready",
        "leave the selector as it was, or do it at a quiet time",
    ),
    recreated(
        &["Secret"],
        &["type"],
        "k3s deletes it and makes it anew: pods that start in between fail",
        "leave the type as it was, or use a new name",
    )
    .or("Opaque")
    .when(When::Said),
    stuck(&["Secret"], &["type"], "say `type: Opaque`, and k3s makes it anew; or leave the type as it was")
        .or("Opaque")
        .when(When::Gone),
    recreated(
        SERVICE,
        &["spec", "type"],
        "k3s deletes it and makes it anew: it gets another cluster IP, and connections break",
        "do it at a quiet time",
    )
    .or("ClusterIP")
    .when(When::Said),
    recreated(
        JOB,
        &["spec", "template"],
        "k3s deletes it and makes it anew: the job runs once more",
        "see that it may run twice",
    ),
    stuck(SET, &["spec", "selector"], NEW_SET),
    stuck(SET, &["spec", "serviceName"], NEW_SET),
    stuck(SET, &["spec", "volumeClaimTemplates"], NEW_SET),
    stuck(SET, &["spec", "podManagementPolicy"], NEW_SET).or("OrderedReady"),
    // Kubernetes' issue 130263: refused by 1.32, and among what may change since.
    stuck(SET, &["spec", "revisionHistoryLimit"], NEW_SET).or("10").until(33),
    stuck(&["ReplicaSet"], &["spec", "selector"], NEW_SET),
    stuck(CLAIM, &["spec", "accessModes"], NEW_CLAIM),
    stuck(CLAIM, &["spec", "storageClassName"], NEW_CLAIM),
    stuck(CLAIM, &["spec", "volumeName"], NEW_CLAIM),
    stuck(CLAIM, &["spec", "volumeMode"], NEW_CLAIM).or("Filesystem"),
    stuck(CLAIM, &["spec", "selector"], NEW_CLAIM),
    stuck(CLAIM, &["spec", "dataSource"], NEW_CLAIM),
    stuck(CLAIM, &["spec", "dataSourceRef"], NEW_CLAIM),
    stuck(CLAIM, &["spec", "resources", "limits"], NEW_CLAIM),
    stuck(CLAIM, &["spec", "resources", "requests", "storage"], NEW_CLAIM).because(
        "a claim never shrinks, and grows only where its StorageClass can expand, which k3s' local-path cannot: \
         Kubernetes refuses the change, and k3s asks again every 15 seconds",
    ),
    stuck(&["PersistentVolume"], &["spec", "nodeAffinity"], NEW_NAME).when(When::Other),
    stuck(&["PersistentVolume"], &["spec", "volumeMode"], NEW_NAME).or("Filesystem"),
    stuck(SERVICE, &["spec", "clusterIP"], NEW_SERVICE).when(When::Said),
    stuck(SERVICE, &["spec", "clusterIPs"], NEW_SERVICE).when(When::First),
    stuck(SERVICE, &["spec", "ipFamilies"], NEW_SERVICE).when(When::First),
    stuck(SERVICE, &["spec", "loadBalancerClass"], NEW_SERVICE),
    stuck(SERVICE, &["spec", "healthCheckNodePort"], NEW_SERVICE).when(When::Said),
    stuck(JOB, &["spec", "selector"], NEW_NAME),
    stuck(JOB, &["spec", "completions"], NEW_NAME),
    stuck(JOB, &["spec", "completionMode"], NEW_NAME).or("NonIndexed"),
    stuck(JOB, &["spec", "backoffLimitPerIndex"], NEW_NAME),
    stuck(JOB, &["spec", "managedBy"], NEW_NAME),
    stuck(JOB, &["spec", "podFailurePolicy"], NEW_NAME),
    stuck(JOB, &["spec", "successPolicy"], NEW_NAME),
    stuck(BINDING, &["roleRef", "kind"], NEW_BINDING),
    stuck(BINDING, &["roleRef", "name"], NEW_BINDING),
    stuck(BINDING, &["roleRef", "apiGroup"], NEW_BINDING).or("rbac.authorization.k8s.io"),
    stuck(CLASS, &["provisioner"], NEW_NAME),
    stuck(CLASS, &["parameters"], NEW_NAME),
    stuck(CLASS, &["reclaimPolicy"], NEW_NAME).or("Delete"),
    stuck(CLASS, &["volumeBindingMode"], NEW_NAME).or("Immediate"),
    stuck(&["VolumeAttributesClass"], &["driverName"], NEW_NAME),
    stuck(&["VolumeAttributesClass"], &["parameters"], NEW_NAME),
    stuck(&["CSIDriver"], &["spec", "attachRequired"], NEW_NAME).or("true"),
    stuck(&["CSIDriver"], &["spec", "volumeLifecycleModes"], NEW_NAME),
    stuck(&["IngressClass"], &["spec", "controller"], NEW_NAME),
    stuck(&["PriorityClass"], &["value"], NEW_NAME),
    stuck(&["PriorityClass"], &["preemptionPolicy"], NEW_NAME).or("PreemptLowerPriority"),
    stuck(&["RuntimeClass"], &["handler"], NEW_NAME),
    stuck(&["ResourceQuota"], &["spec", "scopes"], NEW_NAME),
    stuck(&["ControllerRevision"], &["data"], NEW_NAME),
    stuck(&["EndpointSlice"], &["addressType"], NEW_NAME),
    stuck(CRD, &["spec", "group"], NEW_CRD),
    stuck(CRD, &["spec", "scope"], NEW_CRD),
    stuck(CRD, &["spec", "names", "kind"], NEW_CRD),
    stuck(CRD, &["spec", "names", "plural"], NEW_CRD),
];

pub(super) fn of(old: &Object, new: &Object, release: &Release) -> Vec<Fate> {
    let rows = FIXED.iter().filter(|row| row.kinds.contains(&new.id.kind.as_str()));
    let held = rows.filter(|row| row.until.is_none_or(|minor| release.version().minor < minor));
    let touched = held.filter(|row| row.is_touched(&old.body, &new.body));
    let fate = |row: &Fixed| Fate {
        verdict: row.verdict,
        path: Some(row.path.join(".")),
        why: row.why.to_owned(),
        way_out: Some(row.way_out.to_owned()),
        source: row.source,
    };
    touched.map(fate).collect()
}

impl Fixed {
    fn is_touched(&self, old: &Node, new: &Node) -> bool {
        let (old, new) = (old.at(self.path), new.at(self.path));
        let first = |node: Option<&'_ Node>| node.and_then(|node| node.items().first().cloned());
        match self.when {
            When::Any => self.differs(old, new),
            When::Said => new.is_some() && self.differs(old, new),
            When::Other => old.is_some() && self.differs(old, new),
            When::Gone => new.is_none() && self.differs(old, new),
            When::First => match (first(old), first(new)) {
                (Some(old), Some(new)) => !equal(&old, &new),
                _ => false,
            },
        }
    }

    fn differs(&self, old: Option<&Node>, new: Option<&Node>) -> bool {
        match (old, new) {
            (Some(old), Some(new)) => !equal(old, new) && !same_amount(old, new),
            (None, None) => false,
            (Some(one), None) | (None, Some(one)) => {
                self.default.is_none() || one.written().as_deref() != self.default
            }
        }
    }
}

fn same_amount(old: &Node, new: &Node) -> bool {
    let amount = |node: &Node| node.written().and_then(|text| Quantity::parse(&text).ok());
    amount(old).is_some_and(|old| Some(old) == amount(new))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::diff::fate::of_fields;
    use crate::diff::fate::trial::{fates, made, stuck};
    use crate::k3s::Version;

    /// Two states of a row's field that it is about.
    fn touched(row: &Fixed) -> (Json, Json) {
        let body = |value: Json| row.path.iter().rev().fold(value, |inner, key| json!({*key: inner}));
        match row.when {
            When::First => (body(json!(["3", "4"])), body(json!(["4"]))),
            When::Gone => (body(json!("3")), json!({})),
            _ => (body(json!("3")), body(json!("4"))),
        }
    }

    #[test]
    fn every_row_is_met_by_its_own_field_alone() {
        for row in &FIXED {
            for kind in row.kinds {
                let (one, two) = touched(row);
                let told = fates(kind, &one, &two);
                assert_eq!(told.len(), 1, "{:?}", row.path);
                assert_eq!((told[0].verdict, told[0].path.clone()), (row.verdict, Some(row.path.join("."))));
                assert!(fates(kind, &one, &one).is_empty() && fates("Other", &one, &two).is_empty());
                assert!(!row.why.is_empty() && !row.way_out.is_empty() && !row.source.is_empty());
            }
        }
    }

    #[test]
    fn what_may_come_or_go() {
        let none: [&str; 0] = [];
        let rows: [(&str, Json, Json, &[&str]); 14] = [
            // wrangler looks at a type that is said alone; then Kubernetes makes of it what it does of any change.
            ("Service", json!({"spec": {"type": "NodePort"}}), json!({"spec": {}}), &none),
            ("Secret", json!({"type": "kubernetes.io/tls"}), json!({}), &["type"]),
            ("Service", json!({"spec": {"clusterIP": "10.43.0.7"}}), json!({}), &none),
            ("Service", json!({}), json!({"spec": {"clusterIP": "None"}}), &["spec.clusterIP"]),
            (
                "Service",
                json!({"spec": {"ipFamilies": ["IPv4"]}}),
                json!({"spec": {"ipFamilies": ["IPv4", "IPv6"]}}),
                &none,
            ),
            ("Service", json!({"spec": {"ipFamilies": ["IPv4"]}}), json!({}), &none),
            (
                "Service",
                json!({"spec": {"ipFamilies": ["IPv4"]}}),
                json!({"spec": {"ipFamilies": ["IPv6"]}}),
                &["spec.ipFamilies"],
            ),
            (
                "StatefulSet",
                json!({"spec": {"replicas": 1, "template": {}, "updateStrategy": 1, "minReadySeconds": 1}}),
                json!({"spec": {"ordinals": {}, "persistentVolumeClaimRetentionPolicy": {}}}),
                &none,
            ),
            (
                "StatefulSet",
                json!({}),
                json!({"spec": {"podManagementPolicy": "Parallel"}}),
                &["spec.podManagementPolicy"],
            ),
            ("StorageClass", json!({}), json!({"mountOptions": ["a"], "allowVolumeExpansion": true}), &none),
            ("StorageClass", json!({}), json!({"reclaimPolicy": "Retain"}), &["reclaimPolicy"]),
            (
                "RoleBinding",
                json!({"roleRef": {"kind": "Role", "name": "a"}}),
                json!({"roleRef": {"kind": "Role", "name": "b"}}),
                &["roleRef.name"],
            ),
            (
                "CronJob",
                json!({"spec": {"schedule": "a"}}),
                json!({"spec": {"schedule": "b", "jobTemplate": {}}}),
                &none,
            ),
            (
                "PodDisruptionBudget",
                json!({"spec": {"selector": {}}}),
                json!({"spec": {"selector": {"a": 1}}}),
                &none,
            ),
        ];
        for (kind, old, new, expected) in rows {
            assert_eq!(stuck(kind, &old, &new), expected, "{kind} {old} {new}");
        }
    }

    #[test]
    fn what_is_the_same_to_kubernetes_is_no_change() {
        let role = json!({"kind": "Role", "name": "a"});
        let whole = json!({"kind": "Role", "name": "a", "apiGroup": "rbac.authorization.k8s.io"});
        let pairs = [
            ("Service", json!({"spec": {}}), json!({"spec": {"type": "ClusterIP"}})),
            ("Secret", json!({"type": "Opaque"}), json!({})),
            ("StatefulSet", json!({}), json!({"spec": {"revisionHistoryLimit": 10}})),
            ("CSIDriver", json!({}), json!({"spec": {"attachRequired": true}})),
            ("RoleBinding", json!({"roleRef": role}), json!({"roleRef": whole})),
            (
                "PersistentVolumeClaim",
                json!({"spec": {"resources": {"requests": {"storage": "1Gi"}}}}),
                json!({"spec": {"resources": {"requests": {"storage": "1024Mi"}}}}),
            ),
        ];
        for (kind, one, two) in pairs {
            assert_eq!(fates(kind, &one, &two), [], "{kind}");
            assert_eq!(fates(kind, &two, &one), [], "{kind}");
        }
    }

    #[test]
    fn what_is_made_anew_is_not_stuck() {
        let job = |image: &str, completions: u8| json!({"spec": {"template": {"spec": {"containers": [{"image": image}]}}, "completions": completions}});
        let verdicts = |told: Vec<Fate>| told.into_iter().map(|fate| fate.verdict).collect::<Vec<_>>();
        assert_eq!(verdicts(fates("Job", &job("a", 1), &job("b", 2))), [Verdict::Recreated]);
        assert_eq!(verdicts(fates("Job", &job("a", 1), &job("a", 2))), [Verdict::Stuck]);
    }

    #[test]
    fn a_kind_of_somebody_else_is_not_judged() {
        let (old, new) = (json!({"spec": {"template": 1}}), json!({"spec": {"template": 2}}));
        let release = |text| Release::of(Version::parse(text).unwrap()).unwrap();
        let told = |group: &str| {
            let made = |body| made(&format!("{group}/v1"), "Job", body);
            of_fields(&made(&old), &made(&new), &release("v1.37.1+k3s1")).len()
        };
        assert_eq!((told("batch"), told("batch.volcano.sh")), (1, 0));
        let limit =
            |number: u8| made("apps/v1", "StatefulSet", &json!({"spec": {"revisionHistoryLimit": number}}));
        let told = |text| of(&limit(3), &limit(4), &release(text)).len();
        assert_eq!((told("v1.32.9+k3s1"), told("v1.33.0+k3s1")), (1, 0));
    }
}
