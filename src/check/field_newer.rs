//! Fields that this release does not know yet. The API server drops such a field without a word: the object is made, and
//! does not do what was written.

use super::Facts;
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::yaml::Node;

/// A field that the cluster's release drops.
pub static CODE: Code = Code {
    name: "field-newer",
    severity: Severity::Warning,
    page: Page {
        about: "A field is newer than the cluster's Kubernetes, which drops it silently: a job runs at another hour, a\n\
                profile does not confine. The field works from the named release on; before, some take a feature\n\
                gate on the servers.",
        bad: "# stack.yaml\nstackc: 1\nk3s: v1.22.7+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
              platforms: {registry.example/web: [amd64]}\n\
              # apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nworkload: CronJob\n\
              schedule: {cron: \"0 3 * * *\", timeZone: Europe/Berlin}\n",
        good: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
               platforms: {registry.example/web: [amd64]}\n\
               # apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nworkload: CronJob\n\
               schedule: {cron: \"0 3 * * *\", timeZone: Europe/Berlin}\n",
    },
};

/// A field by its path, and Kubernetes' minor in which it first worked without a feature gate, as the feature gates'
/// page of Kubernetes tells.
type Row = (&'static [&'static str], u16);

/// Of objects of a kind.
const KINDS: &[(&str, &[Row])] = &[
    ("CronJob", &[(&["spec", "timeZone"], 25)]),
    ("Job", &[(&["spec", "podFailurePolicy"], 26), (&["spec", "backoffLimitPerIndex"], 29)]),
    (
        "StatefulSet",
        &[
            (&["spec", "minReadySeconds"], 23),
            (&["spec", "persistentVolumeClaimRetentionPolicy"], 27),
            (&["spec", "ordinals"], 27),
        ],
    ),
    ("Service", &[(&["spec", "internalTrafficPolicy"], 22), (&["spec", "trafficDistribution"], 31)]),
];

/// Of a pod's spec.
const POD: &[Row] = &[
    (&["hostUsers"], 33),
    (&["securityContext", "appArmorProfile"], 30),
    (&["securityContext", "seLinuxChangePolicy"], 33),
    (&["securityContext", "supplementalGroupsPolicy"], 33),
];

/// Of each container.
const CONTAINER: &[Row] = &[
    (&["livenessProbe", "grpc"], 24),
    (&["livenessProbe", "terminationGracePeriodSeconds"], 25),
    (&["readinessProbe", "grpc"], 24),
    (&["securityContext", "appArmorProfile"], 30),
    (&["startupProbe", "grpc"], 24),
    (&["startupProbe", "terminationGracePeriodSeconds"], 25),
];

/// Tells each.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    let minor = facts.stack.release.version().minor;
    let rows = KINDS.iter().flat_map(|(_, rows)| *rows).chain(POD).chain(CONTAINER);
    if rows.map(|(_, since)| *since).max() <= Some(minor) {
        return;
    }
    for (kind, rows) in KINDS {
        facts.of(kind).iter().for_each(|object| tell(facts, &object.body, rows, found));
    }
    for landing in &facts.landings {
        tell(facts, landing.pod.spec, POD, found);
        landing.pod.containers().for_each(|container| tell(facts, container.node, CONTAINER, found));
    }
}

fn tell(facts: &Facts<'_>, node: &Node, rows: &[Row], found: &mut Findings) {
    let minor = facts.stack.release.version().minor;
    for (path, since) in rows.iter().filter(|(_, since)| minor < *since) {
        if let (Some(value), Some(name)) = (node.at(path), path.last()) {
            found.push(newer(facts, value, name).note(format!("it works from v1.{since} on")));
        }
    }
}

/// Whether a row tells of fields of this name.
pub(super) fn knows(name: &str) -> bool {
    let rows = KINDS.iter().flat_map(|(_, rows)| *rows).chain(POD).chain(CONTAINER);
    rows.filter_map(|(path, _)| path.last()).any(|own| *own == name)
}

/// What is told of a field that the release does not know yet.
pub(super) fn newer(facts: &Facts<'_>, value: &Node, name: &str) -> Finding {
    let release = facts.stack.release.version();
    Finding::new(&CODE, value.span, format!("{release} does not know `{name}` yet, and drops it"))
        .help("leave it out, or upgrade the servers")
}

#[cfg(test)]
mod tests {
    use super::run;
    use crate::check::trial::told;

    const CRON: &str = "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: web}\nspec:\n  timeZone: Europe/Berlin\n  \
                        jobTemplate: {spec: {template: {spec: {containers: [{name: web, image: \"registry.example/web:1.0\", \
                        livenessProbe: {grpc: {port: 80}}}]}}}}\n";

    #[test]
    fn both_sides_of_a_boundary() {
        let dropped = |release: &str| told(run, &format!("k3s: {release}\n"), CRON).len();
        assert_eq!([dropped("v1.23.17+k3s1"), dropped("v1.24.17+k3s1"), dropped("v1.25.3+k3s1")], [2, 1, 0]);
    }

    #[test]
    fn the_field_is_marked() {
        assert_eq!(
            told(run, "k3s: v1.24.17+k3s1\n", CRON),
            ["Europe/Berlin: v1.24.17+k3s1 does not know `timeZone` yet, and drops it"]
        );
    }
}
