//! `stackc explain OBJECT FIELD`: which line set a value, and what it overrode.

use crate::stack::{APP, Folder, STACK};

/// A stack, an overlay of it with a patch, and a Secret among the manifests.
fn folder() -> Folder {
    let folder = Folder::demo();
    folder.write("demo/stack.yaml", format!("{STACK}defaults: {{replicas: 1}}\n"));
    folder.write(
        "demo/apps/web.yaml",
        format!("{APP}ports: {{http: 8080}}\nreplicas: 2\nenv: {{API_TOKEN: hunter2secret}}\n"),
    );
    folder.write(
        "demo/manifests/key.yaml",
        "apiVersion: v1\nkind: Secret\nmetadata: {name: key}\nstringData: {token: hunter2secret}\n",
    );
    folder.write(
        "overlays/staging/overlay.yaml",
        "stackc: 1\nbase: ../../demo\napps: {web: {replicas: 3}}\nkustomize:\n  patches:\n  \
         - {target: {kind: Deployment}, patch: {spec: {replicas: 4}}}\n  \
         - {target: {kind: Deployment}, patch: [{op: replace, path: /spec/replicas, value: 5}]}\n  \
         images: [{name: registry.example/web, newTag: \"2.0\"}]\n",
    );
    folder
}

fn told(folder: &Folder, words: &str) -> (u8, String) {
    let ran = folder.stackc(&format!("explain {words}"));
    (u8::try_from(ran.status).unwrap(), format!("{}{}", ran.out, ran.err))
}

#[test]
fn each_layer_is_told() {
    let folder = folder();
    let expected = "Deployment default/web\n\nspec.replicas: 5\n    overlays/staging/overlay.yaml:7:85\n    \
                    over 4 at overlays/staging/overlay.yaml:6:59\n    \
                    over 3 at overlays/staging/overlay.yaml:3:24\n    \
                    over 2 at demo/apps/web.yaml:4:11\n    over 1 at demo/stack.yaml:7:22\n";
    for words in [
        "apps/Deployment/web spec.replicas",
        "deployment/web /spec/replicas",
        "Deployment/default/web spec.replicas",
    ] {
        assert_eq!(told(&folder, &format!("overlays/staging {words}")), (0, expected.to_owned()), "{words}");
    }
    let image = "Deployment default/web\n\nspec.template.spec.containers[web].image: registry.example/web:2.0\n    \
                 overlays/staging/overlay.yaml:8:49\n    over registry.example/web:1.0 at demo/apps/web.yaml:2:8\n";
    for way in ["containers[web]", "containers[0]", "containers[name=web]", "containers.web"] {
        let words = format!("overlays/staging Deployment/web spec.template.spec.{way}.image");
        assert_eq!(told(&folder, &words), (0, image.to_owned()), "{way}");
    }
}

#[test]
fn all_fields_and_none_of_them_secret() {
    let folder = folder();
    let (status, all) = told(&folder, "demo Deployment/web --all");
    assert_eq!(status, 0);
    assert_eq!(told(&folder, "demo Deployment/web").1, all);
    for part in ["\nmetadata.name: web\n", "\nspec.replicas: 2\n", "env[API_TOKEN].value: (not shown)\n"] {
        assert!(all.contains(part), "{part}: {all}");
    }
    let (_, secret) = told(&folder, "demo Secret/key");
    assert!(secret.contains("stringData.token: (not shown)\n"), "{secret}");
    assert!(!format!("{all}{secret}").contains("hunter2"), "{all}{secret}");
}

#[test]
fn names_that_lead_nowhere() {
    let folder = folder();
    for (words, says) in [
        ("demo Deployment/wbe", "did you mean Deployment/web?"),
        ("demo Job/other", "objects here:\n  Secret/default/key\n"),
        ("demo Deployment/web spec.replica", "has no `replica` below spec\ndid you mean replicas?"),
        (
            "demo Deployment/web spec.template.spec.containers[api]",
            "has no `api` below spec.template.spec.containers",
        ),
        ("demo", "which object of it?"),
        ("Deployment/web", "several stacks are here"),
        ("nowhere Deployment/web spec", "nowhere: no such stack"),
        ("demo Deployment/web spec --all", "--all is all fields"),
    ] {
        let (status, told) = told(&folder, words);
        assert_eq!(status, 2, "{words}: {told}");
        assert!(told.contains(says), "{words}: {told}");
    }
}

#[test]
fn kustomizations_are_told_too() {
    let folder = Folder::new();
    folder.write("base/kustomization.yaml", "resources: [map.yaml]\nnamePrefix: a-\n");
    folder.write("base/map.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: map}\n");
    folder.write("top/kustomization.yaml", "resources: [../base]\nnamePrefix: b-\n");
    let expected = "ConfigMap default/b-a-map\n\nmetadata.name: b-a-map\n    top/kustomization.yaml:2:13\n    \
                    over a-map at base/kustomization.yaml:2:13\n    over map at base/map.yaml:3:18\n";
    assert_eq!(told(&folder, "top ConfigMap/b-a-map metadata.name"), (0, expected.to_owned()));
}

#[test]
fn annotated_it_tells_patches_as_well() {
    let text = folder().stackc("build overlays/staging --annotate").out;
    let line = "replicas: 5 # overlays/staging/overlay.yaml:7 over overlays/staging/overlay.yaml:6 over \
                overlays/staging/overlay.yaml:3 over demo/apps/web.yaml:4 over demo/stack.yaml:7\n";
    assert!(text.contains(line), "{text}");
}
