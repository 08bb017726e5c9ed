//! A claim of k3s' own storage with an access mode that it does not have (`local-path-provisioner`, `provisioner.go`).

use super::Facts;
use super::data::is_local_path;
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::kube::Object;
use crate::yaml::Node;

/// A claim that local-path never provides.
pub static CODE: Code = Code {
    name: "claim-mode-refused",
    severity: Severity::Error,
    page: Page {
        about: "k3s' own storage, local-path, makes a folder on one node: it provides ReadWriteOnce and ReadWriteOncePod, and\n\
                refuses a claim with any other access mode. The claim stays Pending, and so do its pods. What several nodes\n\
                share needs another storage, such as NFS.",
        bad: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nvolumes: {/data: {pvc: {size: 1Gi, accessModes: [ReadWriteMany]}}}\n",
        good: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nvolumes: {/data: {pvc: {size: 1Gi, accessModes: [ReadWriteOnce]}}}\n",
    },
};

/// What local-path provides.
const PROVIDED: [&str; 2] = ["ReadWriteOnce", "ReadWriteOncePod"];

/// Tells the first such mode of each claim. What is no mode at all is told elsewhere.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    let templates = facts.landings.iter().flat_map(|landing| {
        let templates = landing.object.body.at(&["spec", "volumeClaimTemplates"]).map_or(&[][..], Node::items);
        templates.iter().filter_map(move |template| Some((landing.object, template.get("spec")?)))
    });
    let claims = facts.of_kind("PersistentVolumeClaim").filter_map(|claim| Some((claim, claim.body.get("spec")?)));
    for (object, spec) in claims.chain(templates) {
        let modes = spec.get("accessModes").map_or(&[][..], Node::items);
        let others = ["ReadOnlyMany", "ReadWriteMany"];
        let refused = modes.iter().find(|mode| mode.as_text().is_some_and(|mode| others.contains(&mode)));
        let Some(mode) = refused.filter(|_| is_provisioned(spec, object, facts)) else { continue };
        let word = mode.as_text().unwrap_or_default();
        found.push(
            Finding::new(&CODE, mode.span, format!("{}: k3s' local-path does not provide `{word}`", object.id))
                .label("the claim stays Pending")
                .help(format!("accessModes: [{}]", PROVIDED.first().unwrap_or(&"")))
                .help("or another storage: `storageClass`, or a volume `nfs: SERVER:/PATH`"),
        );
    }
}

/// Whether local-path would make the volume: no volume is named, and none of the stack is made for it.
fn is_provisioned(spec: &Node, object: &Object, facts: &Facts<'_>) -> bool {
    let made = facts.objects.iter().any(|own| std::ptr::eq(own, object));
    let mut volumes = facts.of_kind("PersistentVolume");
    let own = |volume: &Object| {
        let class = |node: Option<&Node>| node.and_then(|spec| spec.text_at(&["storageClassName"]).map(str::to_owned));
        volume.body.text_at(&["spec", "claimRef", "name"]) == Some(&object.id.name)
            || class(volume.body.get("spec")) == class(Some(spec))
    };
    made && spec.get("volumeName").is_none() && is_local_path(facts, spec) && !volumes.any(own)
}

#[cfg(test)]
mod tests {
    use crate::check::trial::told;

    fn claim(spec: &str) -> String {
        format!("apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{name: data}}\nspec: {{{spec}}}\n---\n")
    }

    #[test]
    fn what_a_folder_of_one_node_is_not() {
        let refused = ["ReadWriteMany: PersistentVolumeClaim default/data: k3s' local-path does not provide `ReadWriteMany`"];
        assert_eq!(told(super::run, "", &claim("accessModes: [ReadWriteMany]")), refused);
        assert_eq!(told(super::run, "", &claim("accessModes: [ReadWriteOnce, ReadWriteMany]")), refused);
        assert_eq!(told(super::run, "", &claim("storageClassName: local-path, accessModes: [ReadOnlyMany]")).len(), 1);
        for spec in [
            "accessModes: [ReadWriteOnce]",
            "accessModes: [ReadWriteOncePod]",
            "storageClassName: nfs, accessModes: [ReadWriteMany]",
            "storageClassName: '', accessModes: [ReadWriteMany]",
            "volumeName: films, accessModes: [ReadWriteMany]",
        ] {
            assert_eq!(told(super::run, "", &claim(spec)), [""; 0], "{spec}");
        }
        let default = "external: [StorageClass/nfs]";
        assert_eq!(told(super::run, default, &claim("accessModes: [ReadWriteMany]")), [""; 0], "it may be the default");
        let disabled = "k3s: {version: v1.37.1+k3s1, disable: [local-storage]}";
        assert_eq!(told(super::run, disabled, &claim("accessModes: [ReadWriteMany]")), [""; 0], "component-disabled tells it");
        let volume = "apiVersion: v1\nkind: PersistentVolume\nmetadata: {name: films}\nspec: {claimRef: {name: data}}\n---\n";
        assert_eq!(told(super::run, "", &(claim("accessModes: [ReadWriteMany]") + volume)), [""; 0]);
    }

    #[test]
    fn templates_are_claims_too() {
        let set = "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: web}\nspec: {template: {spec: {containers: []}}, \
                   volumeClaimTemplates: [{metadata: {name: a}, spec: {accessModes: [ReadWriteMany]}}]}\n";
        assert_eq!(told(super::run, "", set).len(), 1);
    }
}
