//! A volume that lies on a node, and a pod that may not land there.

use super::Facts;
use super::data::{Lies, names};
use crate::finding::{Code, Finding, Findings, Page, Severity};

/// Pods that land only where their volume is not.
pub static CODE: Code = Code {
    name: "volume-unreachable",
    severity: Severity::Error,
    page: Page {
        about: "A PersistentVolume lies on a node (its `nodeAffinity` says so), and the pods that claim it may not land there:\n\
                the scheduler finds no node that suits both, and they stay Pending.",
        bad: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n\
              \x20 alpha: {arch: amd64}\n  beta: {arch: amd64}\nplatforms: {registry.example/web: [amd64]}\n\
              # apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nplace: {node: beta}\nvolumes: {/data: {claim: films}}\n\
              # manifests/films.yaml\napiVersion: v1\nkind: PersistentVolume\nmetadata: {name: films}\nspec:\n  capacity: {storage: 1Ti}\n\
              \x20 accessModes: [ReadWriteOnce]\n  storageClassName: ''\n  local: {path: /srv/films}\n\
              \x20 nodeAffinity: {required: {nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/hostname, operator: In, values: [alpha]}]}]}}\n\
              ---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: films, namespace: default}\nspec:\n\
              \x20 accessModes: [ReadWriteOnce]\n  storageClassName: ''\n  volumeName: films\n  resources: {requests: {storage: 1Ti}}\n",
        good: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n\
               \x20 alpha: {arch: amd64}\n  beta: {arch: amd64}\nplatforms: {registry.example/web: [amd64]}\n\
               # apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nplace: {node: alpha}\nvolumes: {/data: {claim: films}}\n\
               # manifests/films.yaml\napiVersion: v1\nkind: PersistentVolume\nmetadata: {name: films}\nspec:\n  capacity: {storage: 1Ti}\n\
               \x20 accessModes: [ReadWriteOnce]\n  storageClassName: ''\n  local: {path: /srv/films}\n\
               \x20 nodeAffinity: {required: {nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/hostname, operator: In, values: [alpha]}]}]}}\n\
               ---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: films, namespace: default}\nspec:\n\
               \x20 accessModes: [ReadWriteOnce]\n  storageClassName: ''\n  volumeName: films\n  resources: {requests: {storage: 1Ti}}\n",
    },
};

/// Tells each workload that its volumes leave no node.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    for (landing, held) in facts.held().filter(|(landing, _)| landing.readable) {
        let tied: Vec<_> = held.iter().filter(|held| matches!(held.lies, Lies::On(_))).collect();
        let [first, ..] = tied.as_slice() else { continue };
        if landing.open().next().is_none() || !landing.places(held).is_empty() {
            continue;
        }
        let id = &landing.object.id;
        let open: Vec<&str> = landing.open().map(|node| node.name.value.as_str()).collect();
        let mut finding = Finding::new(&CODE, first.what.span, format!("{id} may not land where its volume lies"));
        for held in &tied {
            let Lies::On(nodes) = &held.lies else { continue };
            let claim = held.what.as_text().unwrap_or_default();
            let on = if nodes.is_empty() { "no node of this cluster".to_owned() } else { names(facts, nodes.iter().copied()) };
            finding = finding.note(format!("the volume of `{claim}` lies on {on}"));
        }
        let finding = finding.note(format!("its pods may land on {}", open.join(", ")));
        let node = match &first.lies {
            Lies::On(nodes) => nodes.first().and_then(|node| facts.stack.nodes.get(*node)),
            _ => None,
        };
        found.push(finding.maybe_help(node.map(|node| landing.keep_to(&node.name.value))));
    }
}

#[cfg(test)]
mod tests {
    use crate::check::trial::{pod, told};

    fn volume(name: &str, spec: &str, values: &str) -> String {
        format!(
            "apiVersion: v1\nkind: PersistentVolume\nmetadata: {{name: {name}}}\nspec: {{{spec}local: {{path: /srv}}, nodeAffinity: {{required: {{nodeSelectorTerms: \
             [{{matchExpressions: [{{key: kubernetes.io/hostname, operator: In, values: [{values}]}}]}}]}}}}}}\n---\n"
        )
    }

    fn uses(node: &str) -> String {
        pod(&format!("  nodeName: {node}\n  volumes: [{{name: a, persistentVolumeClaim: {{claimName: films}}}}]\n"), "")
    }

    fn claim(spec: &str) -> String {
        format!("apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{name: films}}\nspec: {{{spec}}}\n---\n")
    }

    #[test]
    fn a_volume_that_is_named_or_names_the_claim() {
        let elsewhere = ["films: Pod default/web may not land where its volume lies"];
        let named = volume("one", "", "alpha") + &claim("volumeName: one");
        assert_eq!(told(super::run, "", &(uses("beta") + &named)), elsewhere);
        assert_eq!(told(super::run, "", &(uses("alpha") + &named)), [""; 0]);
        let claimed = volume("one", "claimRef: {namespace: default, name: films}, ", "alpha") + &claim("");
        assert_eq!(told(super::run, "", &(uses("beta") + &claimed)), elsewhere);
        let gone = volume("one", "", "delta") + &claim("volumeName: one");
        assert_eq!(told(super::run, "", &(uses("beta") + &gone)), elsewhere);
    }

    #[test]
    fn volumes_of_a_class_that_is_made_by_hand() {
        let class = "apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: disks}\nprovisioner: kubernetes.io/no-provisioner\n---\n";
        let disks = volume("one", "storageClassName: disks, ", "alpha") + &claim("storageClassName: disks");
        assert_eq!(told(super::run, "", &(uses("beta") + class + &disks)).len(), 1);
        let more = volume("two", "storageClassName: disks, ", "beta");
        assert_eq!(told(super::run, "", &(uses("beta") + class + &disks + &more)), [""; 0]);
        assert_eq!(told(super::run, "", &(uses("beta") + &disks)), [""; 0], "the class may provision more");
    }
}
