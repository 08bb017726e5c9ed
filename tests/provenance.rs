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
        ("overlays/nowhere Deployment/web", "overlays/nowhere: no such file or folder"),
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

/// A folder with a kustomization of all that changes a value: `top` over `base`, with a component.
fn kustomized() -> Folder {
    let folder = Folder::new();
    folder.write(
        "base/kustomization.yaml",
        "resources: [dep.yaml]\nnamePrefix: b-\nconfigMapGenerator:\n- name: conf\n  literals: [a=1, b=2]\n",
    );
    folder.write(
        "base/dep.yaml",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, labels: {old: x}}\nspec:\n  replicas: 1\n  \
         selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n    spec:\n      \
         containers:\n      - name: web\n        image: registry.example/web:1.0\n        env:\n        \
         - {name: A, valueFrom: {configMapKeyRef: {name: conf, key: a}}}\n        - {name: B, value: \"x:y\"}\n\
         ---\napiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: rb}\n\
         roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: r}\n\
         subjects: [{kind: ServiceAccount, name: sa}]\n\
         ---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: sa}\n\
         ---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: in\n  annotations:\n    \
         traefik.ingress.kubernetes.io/router.middlewares: default-mw@kubernetescrd\nspec: {}\n\
         ---\napiVersion: traefik.io/v1alpha1\nkind: Middleware\nmetadata: {name: mw}\nspec: {compress: {}}\n",
    );
    folder.write(
        "part/kustomization.yaml",
        "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\npatches:\n\
         - target: {kind: Deployment, name: web}\n  patch:\n  - {op: replace, path: /spec/replicas, value: 7}\n  \
         - {op: copy, from: /metadata/labels/old, path: /metadata/labels/new}\n",
    );
    folder.write(
        "top/kustomization.yaml",
        "resources: [../base]\ncomponents: [../part]\nnamespace: shop\nnameSuffix: -v1\n\
         labels: [{pairs: {team: a}}]\ncommonAnnotations: {note: hi}\n\
         images: [{name: registry.example/web, newTag: \"2\"}]\nreplicas: [{name: web, count: 9}]\n\
         configMapGenerator:\n- name: conf\n  behavior: merge\n  literals: [b=3]\n\
         patches:\n- path: p.yaml\nreplacements:\n- source: {kind: ServiceAccount, fieldPath: metadata.name}\n  \
         targets:\n  - select: {kind: Deployment}\n    \
         fieldPaths: [\"spec.template.spec.containers.[name=web].env.[name=B].value\"]\n    \
         options: {delimiter: \":\", index: 1}\n",
    );
    folder.write(
        "top/p.yaml",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  template:\n    spec:\n      \
         containers:\n      - {name: web, env: [{name: B, value: \"p:q\"}]}\n",
    );
    folder
}

#[test]
fn each_word_of_a_kustomization_is_told() {
    let folder = kustomized();
    let conf = "base/kustomization.yaml:4:9";
    let name = |kind: &str, first: &str| {
        format!(
            "    top/kustomization.yaml:4:13{kind}\n    over b-{first} at base/kustomization.yaml:2:13\n    over {first} at "
        )
    };
    for (words, expected) in [
        ("Deployment/web metadata.name", name("", "web") + "base/dep.yaml:3:18\n"),
        ("Deployment/web metadata.namespace", "    top/kustomization.yaml:3:12\n".to_owned()),
        ("Deployment/web metadata.labels.team", "    top/kustomization.yaml:5:25\n".to_owned()),
        ("Deployment/web metadata.annotations.note", "    top/kustomization.yaml:6:27\n".to_owned()),
        (
            "Deployment/web spec.template.spec.containers.web.image",
            "    top/kustomization.yaml:7:47\n    over registry.example/web:1.0 at base/dep.yaml:12:16\n".to_owned(),
        ),
        (
            "Deployment/web spec.replicas",
            "    top/kustomization.yaml:8:31\n    over 7 at part/kustomization.yaml:6:48\n    over 1 at base/dep.yaml:5:13\n"
                .to_owned(),
        ),
        (
            "Deployment/web metadata.labels.new",
            "    part/kustomization.yaml:7:50\n    from base/dep.yaml:3:37\n".to_owned(),
        ),
        (
            "ConfigMap/conf data.b",
            "    top/kustomization.yaml:12:14\n    over \"2\" at base/kustomization.yaml:5:19\n".to_owned(),
        ),
        (
            "Deployment/web spec.template.spec.containers.web.env.A.valueFrom.configMapKeyRef.name",
            format!("    {conf}, which names ConfigMap shop/b-conf-v1-#\n    over b-conf-v1 at top/kustomization.yaml:4:13\n    \
                     over b-conf at base/kustomization.yaml:2:13\n    over conf at base/dep.yaml:14:57\n"),
        ),
        (
            "Deployment/web spec.template.spec.containers.web.env.B.value",
            "    top/kustomization.yaml:19:18\n    from top/kustomization.yaml:4:13\n    over p:q at top/p.yaml:8:44\n    \
             over x:y at base/dep.yaml:15:28\n"
                .to_owned(),
        ),
        (
            "RoleBinding/rb subjects.0.name",
            name(", which names ServiceAccount shop/b-sa-v1", "sa") + "base/dep.yaml:21:41\n",
        ),
        (
            "RoleBinding/rb subjects.0.namespace",
            "    top/kustomization.yaml:3:12, which names ServiceAccount shop/b-sa-v1\n".to_owned(),
        ),
        (
            "Ingress/in metadata.annotations[traefik.ingress.kubernetes.io/router.middlewares]",
            "    top/kustomization.yaml:4:13, which names Middleware shop/b-mw-v1\n    \
             over b-mw at base/kustomization.yaml:2:13\n    \
             over default-mw@kubernetescrd at base/dep.yaml:32:55\n"
                .to_owned(),
        ),
    ] {
        let (status, told) = told(&folder, &format!("top {words}"));
        let hash = told.split_once("b-conf-v1-").and_then(|(_, rest)| rest.split(['\n', ' ']).next()).unwrap_or_default();
        let lines = told.splitn(4, '\n').nth(3).unwrap_or_default();
        assert_eq!((status, lines), (0, expected.replace('#', hash).as_str()), "{words}: {told}");
    }
    let annotated = folder.stackc("build top --annotate").out;
    for line in [
        "replicas: 9 # top/kustomization.yaml:8 over part/kustomization.yaml:6 over base/dep.yaml:5\n",
        "new: x # part/kustomization.yaml:7 from base/dep.yaml:3\n",
    ] {
        assert!(annotated.contains(line), "{annotated}");
    }
}

#[test]
fn what_was_taken_out_is_told() {
    let folder = kustomized();
    let patch = "- {op: remove, path: /metadata/labels/old}";
    let top = "resources: [../base]\npatches:\n- target: {kind: Deployment}\n  patch: |-\n    PATCH\n";
    folder.write("less/kustomization.yaml", top.replace("PATCH", patch));
    let (status, removed) = told(&folder, "less Deployment/web metadata.labels.old");
    let expected = "has no `old` below metadata.labels\nless/kustomization.yaml:5:26 took it out; it was set at \
                    base/dep.yaml:3:37\n";
    assert!(status == 2 && removed.contains(expected), "{removed}");
    folder.write("less/kustomization.yaml", top.replace("PATCH", "metadata: {labels: {old: null}}"));
    let (_, removed) = told(&folder, "less Deployment/web metadata.labels.old");
    assert!(
        removed.contains("less/kustomization.yaml:5:5 took it out; it was set at base/dep.yaml:3:37\n"),
        "{removed}"
    );
}

#[test]
fn objects_are_found_by_what_they_were_called() {
    let folder = kustomized();
    for name in ["ConfigMap/conf", "ConfigMap/b-conf", "configmap/b-conf-v1", "ConfigMap/shop/conf"] {
        let (status, told) = told(&folder, &format!("top {name} data.a"));
        assert!(status == 0 && told.starts_with("ConfigMap shop/b-conf-v1-"), "{name}: {told}");
    }
    let (status, near) = told(&folder, "top ConfigMap/cnf");
    assert!(status == 2 && near.contains("did you mean ConfigMap/conf?"), "{near}");
    let both = "resources: [../base, ../other]\n";
    folder.write("other/kustomization.yaml", "resources: [../base]\nnamePrefix: o-\n");
    folder.write("both/kustomization.yaml", both);
    let (status, told) = told(&folder, "both Deployment/web");
    let expected =
        "Deployment/web may be any of these:\n  Deployment/default/b-web\n  Deployment/default/o-b-web\n";
    assert!(status == 2 && told.contains(expected), "{told}");
}

#[test]
fn a_template_tells_its_names() {
    let folder = Folder::demo();
    folder.write(
        "demo/apps/web.yaml",
        format!("{APP}ports: {{http: 8080}}\nroutes: {{http: \"s3.{{{{ domain }}}}\"}}\n"),
    );
    folder.write("overlays/x/overlay.yaml", "stackc: 1\nbase: ../../demo\nvars: {domain: example.net}\n");
    let below = "spec.routes.0.match";
    let (status, told) = told(&folder, &format!("overlays/x IngressRoute/web {below}"));
    let expected = "\n    demo/apps/web.yaml:4:16\n    with domain: example.net at overlays/x/overlay.yaml:3:16\n    \
                    over domain: example.org at demo/stack.yaml:3:16\n";
    assert!(status == 0 && told.ends_with(expected), "{told}");
    let annotated = folder.stackc("build overlays/x --annotate").out;
    let note = "# demo/apps/web.yaml:4 with overlays/x/overlay.yaml:3 over demo/stack.yaml:3\n";
    assert!(annotated.contains(&format!("match: \"Host(`s3.example.net`)\" {note}")), "{annotated}");
    assert!(!annotated.contains(&format!("kind: Rule {note}")), "{annotated}");
}

#[test]
fn a_value_that_stackc_chose_is_told_by_itself() {
    let folder = Folder::demo();
    folder.write("demo/stack.yaml", format!("{STACK}kustomize: {{replicas: [{{name: web, count: 3}}]}}\n"));
    let (status, told) = told(&folder, "demo Deployment/web spec.replicas");
    assert_eq!(status, 0, "{told}");
    assert!(
        told.contains("spec.replicas: 3\n") && told.contains("    over 1 at demo/apps/web.yaml:1:"),
        "{told}"
    );
}
