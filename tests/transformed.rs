//! `kustomize` of stacks and overlays, `patches` of apps, kustomizations among the manifests.

use crate::stack::{APP, Folder, Ran, STACK};

/// `demo` with the app `web`, and an overlay of it, each asking for this.
fn asking(stack: &str, overlay: &str) -> Folder {
    let folder = Folder::demo();
    folder.write("demo/stack.yaml", format!("{STACK}{stack}"));
    folder.write("demo/apps/web.yaml", format!("{APP}ports: {{http: 8080}}\n"));
    folder.write("overlays/staging/overlay.yaml", format!("stackc: 1\nbase: ../../demo\n{overlay}"));
    folder
}

fn ran(folder: &Folder, words: &str) -> Ran {
    let ran = folder.stackc(words);
    assert!(ran.status < 2, "{}{}", ran.out, ran.err);
    ran
}

fn built(folder: &Folder) -> String {
    let ran = ran(folder, "build overlays/staging");
    assert_eq!(ran.status, 0, "{}", ran.err);
    ran.out
}

/// The part of a stream that is one file.
fn file<'t>(stream: &'t str, name: &str) -> &'t str {
    let start = format!("# stackc: {name}.yaml from ");
    let mut parts = stream.split_inclusive("\n---\n");
    let at = parts.position(|part| part.starts_with(&start)).unwrap_or_else(|| panic!("{name}: {stream}"));
    let before: usize = stream.split_inclusive("\n---\n").take(at).map(str::len).sum();
    let (_, rest) = stream.split_at(before);
    rest.split_once("\n---\n# stackc: ").map_or(rest, |(part, _)| rest.split_at(part.len() + 1).0)
}

#[test]
fn the_stack_comes_first_then_each_overlay() {
    let folder = asking(
        "kustomize: {labels: [{pairs: {team: a}}], images: [{name: registry.example/web, newTag: \"2.0\"}]}\n",
        "vars: {count: 4}\nkustomize:\n  patches:\n  - {target: {kind: Deployment, name: web}, patch: {spec: {replicas: \"{{ count }}\"}}}\n  \
         images: [{name: registry.example/web, newTag: \"3.0\"}]\n",
    );
    let text = built(&folder);
    for part in ["team: a\n", "replicas: 4\n", "image: registry.example/web:3.0\n"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let base = ran(&folder, "build demo").out;
    assert!(base.contains("image: registry.example/web:2.0\n") && base.contains("replicas: 1\n"), "{base}");
    folder.write("overlays/staging/overlay.yaml", "stackc: 1\nbase: ../../demo\nkustomize: null\n");
    assert!(!built(&folder).contains("team: a"), "null drops what layers beneath ask for");
}

#[test]
fn an_overlay_names_objects_as_they_were_or_are() {
    for name in ["web", "p-web"] {
        let patch = format!(
            "{{target: {{kind: Service, name: {name}}}, patch: {{spec: {{sessionAffinity: ClientIP}}}}}}"
        );
        let folder = asking("kustomize: {namePrefix: p-}\n", &format!("kustomize: {{patches: [{patch}]}}\n"));
        let text = built(&folder);
        assert!(text.contains("name: p-web\n") && text.contains("sessionAffinity: ClientIP\n"), "{text}");
    }
}

#[test]
fn a_namespace_takes_all_objects_along() {
    let folder = asking(
        "namespace: shop\nnamespaces: {shop: {labels: {team: a}}}\ningress: {clientIP: cloudflare, place: {node: alpha}}\n",
        "kustomize: {namespace: staging, namePrefix: s-, labels: [{pairs: {env: staging}}]}\n",
    );
    let issuer = "apiVersion: cert-manager.io/v1\nkind: ClusterIssuer\nmetadata: {name: home}\nspec: {selfSigned: {}}\n";
    folder.write("demo/manifests/issuer.yaml", issuer);
    let text = built(&folder);
    let cluster_wide = file(&text, "demo-staging-issuer");
    assert!(cluster_wide.contains("name: s-home\n") && !cluster_wide.contains("namespace"), "{cluster_wide}");
    let namespaces = file(&text, "demo-staging-00-namespaces");
    assert_eq!(namespaces.matches("kind: Namespace").count(), 1, "{namespaces}");
    for part in ["  name: staging\n", "    team: a\n", "    env: staging\n"] {
        assert!(namespaces.contains(part), "{part}: {namespaces}");
    }
    assert!(file(&text, "demo-staging-web").contains("namespace: staging\n"), "{text}");
    let traefik = file(&text, "demo-staging-01-traefik");
    assert!(
        traefik.contains("  name: traefik\n  namespace: kube-system\n"),
        "k3s knows it by its name and place: {traefik}"
    );
}

#[test]
fn what_is_generated_has_a_file_of_its_own() {
    let folder = asking(
        "",
        "kustomize:\n  configMapGenerator: [{name: conf, files: [a.conf]}]\n  patches:\n  \
         - target: {kind: Deployment}\n    patch: [{op: add, path: '/spec/template/spec/containers/[name=web]/envFrom', value: [{configMapRef: {name: conf}}]}]\n",
    );
    folder.write("overlays/staging/a.conf", "x\n");
    let text = built(&folder);
    let generated = file(&text, "demo-staging-03-generated");
    let name = generated.lines().find_map(|line| line.trim().strip_prefix("name: conf-")).unwrap();
    assert!(text.contains(&format!("configMapRef:\n            name: conf-{name}\n")), "{text}");
}

#[test]
fn what_is_generated_lives_where_the_stack_does() {
    let folder =
        asking("kustomize: {configMapGenerator: [{name: gen, literals: [a=b]}]}\n", "namespace: staging\n");
    folder.write("demo/apps/web.yaml", format!("{APP}patches: [{{target: Deployment, patch: [{{op: add, path: '/spec/template/spec/containers/0/envFrom', value: [{{configMapRef: {{name: gen}}}}]}}]}}]\n"));
    let text = built(&folder);
    let generated = file(&text, "demo-staging-03-generated");
    assert!(generated.contains("  namespace: staging\n"), "{generated}");
    let name = generated.lines().find_map(|line| line.trim().strip_prefix("name: ")).unwrap();
    assert!(name.starts_with("gen-") && text.contains(&format!("            name: {name}\n")), "{text}");
}

#[test]
fn names_are_followed_in_every_field_of_traefiks() {
    let folder = asking("", "kustomize: {namePrefix: p-}\n");
    let objects = [
        "apiVersion: traefik.io/v1alpha1\nkind: ServersTransport\nmetadata: {name: st}\nspec: {rootCAs: [{secret: ca}, {configMap: ca}], certificatesSecrets: [ca]}\n",
        "apiVersion: traefik.io/v1alpha1\nkind: ServersTransportTCP\nmetadata: {name: tcp}\nspec: {tls: {rootCAs: [{secret: ca}, {configMap: ca}], certificatesSecrets: [ca]}}\n",
        "apiVersion: traefik.io/v1alpha1\nkind: TraefikService\nmetadata: {name: ts}\nspec: {weighted: {services: [{name: web, port: 8080, serversTransport: st}]}}\n",
        "apiVersion: traefik.io/v1alpha1\nkind: TraefikService\nmetadata: {name: mirror}\nspec: {mirroring: {name: ts, kind: TraefikService, mirrors: [{name: ts, kind: TraefikService, percent: 10}]}}\n",
        "apiVersion: traefik.io/v1alpha1\nkind: Middleware\nmetadata: {name: errors}\nspec: {errors: {status: ['500'], query: /e, service: {name: ts, kind: TraefikService}}}\n",
        "apiVersion: traefik.io/v1alpha1\nkind: TLSOption\nmetadata: {name: to}\nspec: {minVersion: VersionTLS12}\n",
        "apiVersion: v1\nkind: Secret\nmetadata: {name: ca}\ntype: Opaque\ndata: {}\n",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ca}\ndata: {ca.crt: a}\n",
        "apiVersion: v1\nkind: Service\nmetadata: {name: s, annotations: {traefik.ingress.kubernetes.io/service.serverstransport: default-st@kubernetescrd}}\nspec: {ports: [{port: 80}], selector: {app: web}}\n",
        "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: i, annotations: {traefik.ingress.kubernetes.io/router.tls.options: default-to@kubernetescrd, traefik.ingress.kubernetes.io/router.middlewares: \"default-errors@kubernetescrd,other@file\"}}\nspec: {rules: [{host: a.example.org}]}\n",
    ];
    folder.write("demo/manifests/all.yaml", objects.join("---\n"));
    let built = ran(&folder, "build overlays/staging --emit json");
    assert_eq!(built.status, 0, "{}", built.err);
    let all = built.out;
    for part in [
        "\"secret\": \"p-ca\"",
        "\"configMap\": \"p-ca\"",
        "\"serversTransport\": \"p-st\"",
        "default-p-st@kubernetescrd",
        "default-p-to@kubernetescrd",
        "default-p-errors@kubernetescrd,other@file",
    ] {
        assert!(all.contains(part), "{part}: {all}");
    }
    for old in ["\"ca\"", "\"st\"", "\"ts\""] {
        assert!(!all.contains(&format!(": {old}")), "{old}: {all}");
    }
}

#[test]
fn patches_of_an_app_are_the_last_word_on_its_objects() {
    let folder = asking("", "");
    folder.write("demo/apps/api.yaml", APP);
    folder.write(
        "demo/apps/web.yaml",
        format!(
            "{APP}ports: {{http: 8080}}\npatches:\n\
             - {{target: Deployment, patch: {{spec: {{template: {{spec: {{containers: [{{name: web, tty: true}}]}}}}}}}}}}\n\
             - {{target: Service/web, patch: [{{op: add, path: /spec/sessionAffinity, value: \"{{{{ 'ClientIP' }}}}\"}}]}}\n"
        ),
    );
    let text = ran(&folder, "build demo").out;
    assert!(file(&text, "demo-web").contains("tty: true\n"), "{text}");
    assert!(file(&text, "demo-web").contains("sessionAffinity: ClientIP\n"), "{text}");
    assert!(!file(&text, "demo-api").contains("tty"), "only its own objects: {text}");
}

#[test]
fn a_kustomization_among_the_manifests_is_built() {
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: b}\n";
    let folder = asking("namespace: shop\n", "");
    folder.write(
        "demo/manifests/mon/kustomization.yaml",
        "resources: [base, ../../../shared]\nnamePrefix: mon-\n",
    );
    folder.write("demo/manifests/mon/base/kustomization.yml", "resources: [map.yaml]\n");
    folder.write("demo/manifests/mon/base/map.yaml", map);
    folder.write("demo/manifests/plain.yaml", map.replace("name: a", "name: plain"));
    folder.write("shared/Kustomization", "resources: [map.yaml]\nnameSuffix: -shared\n");
    folder.write("shared/map.yaml", map);
    let text = ran(&folder, "build demo").out;
    let own = file(&text, "demo-mon");
    assert!(own.starts_with("# stackc: demo-mon.yaml from manifests/mon/kustomization.yaml\n"), "{own}");
    assert!(
        own.contains("name: mon-a\n  namespace: shop\n") && own.contains("name: mon-a-shared\n"),
        "{own}"
    );
    assert!(!own.contains("plain") && file(&text, "demo-plain").contains("name: plain\n"), "{text}");
    folder.write("demo/manifests/mon/plain.yaml", map);
    let missed = ran(&folder, "check demo").out;
    assert!(
        missed.contains("warning[file-ignored]: nothing reads demo/manifests/mon/plain.yaml"),
        "{missed}"
    );
    assert_eq!(missed.matches("-->").count(), 1, "{missed}");
    std::fs::remove_file(folder.at("demo/manifests/mon/plain.yaml")).unwrap();
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n  \
               # stackc: allow(image-untagged) mirrored by hand\n  - {name: a, image: registry.example/web}\n";
    folder.write("demo/manifests/mon/base/map.yaml", pod);
    let allowed = ran(&folder, "check demo");
    assert!(
        allowed.status == 0 && !allowed.out.contains("image-untagged"),
        "comments there count: {}",
        allowed.out
    );
    folder.write("demo/manifests/mon/base/map.yaml", pod.replace("image-untagged", "image-gone"));
    let told = ran(&folder, "check demo").out;
    assert!(told.contains("[image-untagged]") && told.contains("[allow-unused]"), "{told}");
    folder.write("demo/manifests/mon/base/map.yaml", "kind: ConfigMap\n");
    let told = ran(&folder, "check demo");
    assert_eq!(told.status, 1);
    assert!(told.out.contains("error[resource-invalid]"), "{}", told.out);
    assert!(told.out.contains("--> demo/manifests/mon/base/map.yaml:1:1"), "{}", told.out);
}

#[test]
fn what_does_nothing_is_told_at_its_line() {
    for (asked, code, says) in [
        (
            "images: [{name: nginx, newTag: a}]",
            "error[instruction-no-match]",
            "no container here has the image `nginx`",
        ),
        ("replicas: [{name: wed, count: 2}]", "error[instruction-no-match]", "did you mean `web`?"),
        (
            "patches: [{target: {kind: Deployment, name: web, namespace: prod}, patch: {spec: {replicas: 2}}}]",
            "overlay.yaml:4:63",
            "it is in `default`",
        ),
        (
            "patches: [{target: {kind: Deploymint, name: web}, patch: {spec: {}}}]",
            "overlay.yaml:4:29",
            "did you mean kind `Deployment`?",
        ),
        (
            "patches: [{target: {group: app, kind: Deployment}, patch: {spec: {}}}]",
            "overlay.yaml:4:30",
            "here: apps",
        ),
        (
            "patches: [{target: {version: v2, kind: Deployment}, patch: {spec: {}}}]",
            "overlay.yaml:4:32",
            "here: v1",
        ),
        (
            "patches: [{target: {kind: Deployment, labelSelector: app=wbe}, patch: {spec: {}}}]",
            "overlay.yaml:4:56",
            "here: app.kubernetes.io/managed-by, app.kubernetes.io/name, app.kubernetes.io/part-of, app=web",
        ),
        (
            "replacements: [{sourceValue: x, targets: [{select: {kind: Service}, reject: [{name: web}], fieldPaths: [a]}]}]",
            "error[instruction-no-match]",
            "`reject` leaves nothing",
        ),
        (
            "patches: [{target: {kind: Deploymint}, patch: {spec: {}}}]",
            "error[patch-no-target]",
            "did you mean kind `Deployment`?",
        ),
        (
            "patches: [{target: {kind: Deployment}, patch: {spec: {replicas: 1}}}]",
            "warning[patch-no-change]",
            "changes nothing",
        ),
        (
            "patches: [{target: {kind: Service, name: web}, patch: {metadata: {name: other}}}]",
            "warning[patch-no-change]",
            "allowNameChange: true",
        ),
        ("resources: [a.yaml]", "error[kustomization-refused]", "plain manifests go into manifests/"),
        ("sortOptions: {order: legacy}", "warning[kustomization-refused]", "an order of its own"),
        ("label: []", "error[key-unknown]", "did you mean `labels`?"),
        ("components: [../../../elsewhere]", "error[kustomization-path]", "there is no file or folder"),
        (
            "vars: [{name: A, objref: {kind: Service, name: web, apiVersion: v1}}]",
            "error[kustomization-refused]",
            "replacements:",
        ),
    ] {
        told_at_its_line(asked, code, says);
    }
}

/// One finding, at the line of the overlay that asks.
fn told_at_its_line(asked: &str, code: &str, says: &str) {
    let folder = asking("", &format!("kustomize:\n  {asked}\n"));
    let told = ran(&folder, "check overlays/staging").out;
    assert!(told.contains(code) && told.contains(says), "{asked}: {told}");
    assert_eq!(told.matches("-->").count(), 1, "one mistake, one finding: {told}");
    assert!(told.contains("--> overlays/staging/overlay.yaml:4:"), "{asked}: {told}");
}

#[test]
fn what_changes_nothing_or_reads_as_another_thing_is_told() {
    for (asked, code, says) in [
        (
            "images: [{name: registry.example/web}]",
            "warning[instruction-no-change]",
            "says nothing that should change",
        ),
        (
            "images: [{name: registry.example/web, newTag: \"1.0\"}]",
            "warning[instruction-no-change]",
            "`registry.example/web` is so already",
        ),
        (
            "images: [{name: \"\", newTag: a}]",
            "error[instruction-no-match]",
            "the `name` of an image is empty",
        ),
        (
            "images: [{name: registry.example/web, newTag: a}, {name: registry.example/web, newTag: b}]",
            "warning[patch-overridden]",
            "this has no effect",
        ),
        ("images: [{newTag: a}]", "overlay.yaml:4:13", "`name` is wanted here"),
        ("replicas: [{name: web, count: 1}]", "warning[instruction-no-change]", "`web` has 1 already"),
        (
            "replicas: [{name: web, count: 2}, {name: web, count: 3}]",
            "warning[patch-overridden]",
            "two entries of `replicas` set `web` to different counts",
        ),
        (
            "labels: [{pairs: {a: b}, fields: [{kind: Deploymint, path: spec/a, create: true}]}]",
            "error[instruction-no-match]",
            "did you mean `Deployment`?",
        ),
        (
            "labels: [{pairs: {a: b}, fields: [{kind: Deployment, path: spec/a}]}]",
            "no object here has the field `spec/a`",
            "to make it: create: true",
        ),
        (
            "commonAnnotations: null",
            "warning[kustomization-invalid]",
            "removes nothing of what layers beneath ask for",
        ),
        ("labells: null", "error[key-unknown]", "did you mean `labels`?"),
        (
            "patches: [{target: {kind: Deployment}, patch: {spec: {template: {spec: {containers: [{name: wbe, tty: true}]}}}}}]",
            "error[patch-invalid]",
            "did you mean `web`?",
        ),
        (
            "patches: [{target: {labelSelector: a=b=c}, patch: {spec: {replicas: 2}}}]",
            "error[patch-invalid]",
            "`b=c` cannot be a value",
        ),
        ("patches: [{path: ../../../p.yaml}]", "is not in or below overlays/staging", "copy it there"),
        ("patches: [{path: \"\"}]", "error[kustomization-path]", "an empty path names nothing"),
        ("helmCharts: [{name: a}]", "error[kustomization-refused]", "a HelmChart object in manifests/"),
        ("generators: [a.yaml]", "error[kustomization-refused]", "put the objects into manifests/"),
        ("validators: [a.yaml]", "error[kustomization-refused]", "leave it out"),
        ("components: [overlay.yaml]", "a component is a folder", "components: [overlay]"),
        (
            "replacements: [{source: {kind: Deploymint, name: web}, targets: [{select: {kind: Service}}]}]",
            "overlay.yaml:4:34",
            "did you mean kind `Deployment`?",
        ),
        (
            "replacements: [{source: {kind: Deployment, fieldPath: spec.*}, targets: [{select: {kind: Service}}]}]",
            "error[replacement-invalid]",
            "picks one value: `*` would pick several",
        ),
    ] {
        told_at_its_line(asked, code, says);
    }
}

#[test]
fn two_patches_that_set_one_value_are_told_whatever_their_kind() {
    let strategic = "patch: {spec: {replicas: 3}}";
    let json = "patch: [{op: replace, path: /spec/replicas, value: 4}]";
    for (first, second) in [
        (strategic, json),
        (json, strategic),
        (json, &json.replace('4', "5")),
        (strategic, &strategic.replace('3', "6")),
    ] {
        let target = "target: {kind: Deployment}";
        let folder = asking(
            "",
            &format!("kustomize:\n  patches:\n  - {{{target}, {first}}}\n  - {{{target}, {second}}}\n"),
        );
        let told = ran(&folder, "check overlays/staging").out;
        assert!(
            told.contains("warning[patch-overridden]") && told.contains("this has no effect"),
            "{first} {second}: {told}"
        );
        assert_eq!(told.matches("-->").count(), 1, "{told}");
    }
    let steps = "patch: [{op: replace, path: /spec/replicas, value: 4}, {op: test, path: /spec/replicas, value: 4}, {op: replace, path: /spec/replicas, value: 5}]";
    let folder =
        asking("", &format!("kustomize: {{patches: [{{target: {{kind: Deployment}}, {steps}}}]}}\n"));
    assert!(!ran(&folder, "check overlays/staging").out.contains("patch-overridden"), "steps of one patch");
}

#[test]
fn addresses_in_texts_are_not_left_behind_in_silence() {
    let folder = asking("", "kustomize: {nameSuffix: -2}\n");
    let app = format!("{APP}ports: {{http: 8080}}\nenv: {{URL: \"http://{{{{ apps.web.address }}}}/\"}}\n");
    folder.write("demo/apps/web.yaml", &app);
    let told = ran(&folder, "check overlays/staging");
    assert_eq!(told.status, 1);
    assert!(told.out.contains("error[address-renamed]: nothing answers at web.default.svc"), "{}", told.out);
    assert!(
        told.out.contains("overlays/staging/overlay.yaml:3:25") && told.out.contains("renamed here"),
        "{}",
        told.out
    );
    assert_eq!(ran(&folder, "check demo").status, 0);
}

#[test]
fn checks_see_what_patches_make() {
    let folder = asking(
        "",
        "kustomize: {images: [{name: registry.example/web, newName: registry.example/arm}]}\nplatforms: {registry.example/arm: [arm64]}\n",
    );
    let told = ran(&folder, "check overlays/staging");
    assert_eq!(told.status, 1);
    assert!(
        told.out.contains("error[image-lacks-arch]") && told.out.contains("overlays/staging/overlay.yaml:3:"),
        "{}",
        told.out
    );
}

#[test]
fn labels_that_make_selectors_equal_are_told() {
    let folder = asking("", "kustomize: {commonLabels: {app: all}}\n");
    folder.write("demo/apps/api.yaml", format!("{APP}ports: {{http: 8080}}\n"));
    let told = ran(&folder, "check overlays/staging");
    assert_eq!(told.status, 1);
    assert!(
        told.out.contains(
            "error[selectors-made-equal]: `app: all` makes the selectors of Service default/api and"
        ),
        "{}",
        told.out
    );
    assert!(told.out.contains("--> overlays/staging/overlay.yaml:3:28"), "{}", told.out);
    for harmless in ["commonLabels: {team: all}", "labels: [{pairs: {app: all}}]"] {
        folder.write(
            "overlays/staging/overlay.yaml",
            format!("stackc: 1\nbase: ../../demo\nkustomize: {{{harmless}}}\n"),
        );
        let told = ran(&folder, "check overlays/staging").out;
        assert!(!told.contains("selectors-made-equal"), "{harmless}: {told}");
    }
}

#[test]
fn a_patch_file_j2_is_a_template_in_its_values() {
    let folder = asking("", "vars: {count: 4}\nkustomize: {patches: [{path: p.yaml.j2}]}\n");
    let patch =
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: \"{{ count }}\"}\n";
    folder.write("overlays/staging/p.yaml.j2", patch);
    assert!(built(&folder).contains("replicas: 4\n"));
    for (wrong, place, says) in [
        ("\"{{ cuont }}\"", "p.yaml.j2:4:22", "did you mean `count`?"),
        ("{{ count }}", "p.yaml.j2:4:19", "a template goes in quotes"),
    ] {
        folder.write("overlays/staging/p.yaml.j2", patch.replace("\"{{ count }}\"", wrong));
        let told = ran(&folder, "check overlays/staging").out;
        assert!(told.contains(place) && told.contains(says), "{told}");
        assert_eq!(told.matches("-->").count(), 1, "{told}");
    }
}

#[test]
fn templates_that_nothing_fills_are_told() {
    let folder = asking(
        "",
        "vars: {count: 4}\nkustomize:\n  patches: [{path: p.yaml}]\n  configMapGenerator: [{name: a, files: [a.conf.j2]}]\n",
    );
    folder.write("overlays/staging/a.conf.j2", "a = {{ count }}\n");
    for (value, told) in [("{{ count }}", true), ("{{ $labels.count }}", false), ("four", false)] {
        let patch = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, annotations: {a: VALUE}}\n";
        folder.write("overlays/staging/p.yaml", patch.replace("VALUE", &format!("\"{value}\"")));
        let ran = ran(&folder, "check overlays/staging");
        assert_eq!(ran.status, 0, "{}", ran.out);
        assert!(ran.out.contains("`a.conf.j2` is taken as it is"), "{}", ran.out);
        assert_eq!(ran.out.contains("to fill them, call it p.yaml.j2"), told, "{value}: {}", ran.out);
        assert_eq!(ran.out.contains("overlays/staging/p.yaml:3:41"), told, "{value}: {}", ran.out);
    }
}

#[test]
fn patches_of_an_app_written_as_in_a_kustomization_are_explained() {
    for (patch, place, says) in [
        (
            "{target: {kind: Deployment, name: web}, patch: {spec: {replicas: 2}}}",
            "web.yaml:4:20",
            "target: Deployment/web",
        ),
        (
            "{target: apps/Deployment/web, patch: {spec: {replicas: 2}}}",
            "web.yaml:4:20",
            "target: Deployment/web",
        ),
        ("{target: Deployment, patch: null}", "web.yaml:4:32", "the `patch` holds nothing"),
        ("{target: Deployment}", "web.yaml:4:12", "the key `patch` is missing"),
        (
            "{target: Deployment, path: p.yaml}",
            "web.yaml:4:32",
            "goes under `kustomize: {patches: [{path: …}]}`",
        ),
    ] {
        let folder = asking("", "");
        folder.write("demo/apps/web.yaml", format!("{APP}ports: {{http: 8080}}\npatches: [{patch}]\n"));
        let told = ran(&folder, "check demo").out;
        assert!(told.contains(place) && told.contains(says), "{patch}: {told}");
        assert_eq!(told.matches("-->").count(), 1, "one mistake, one finding: {told}");
    }
}

#[test]
fn a_kustomization_among_the_manifests_is_no_template() {
    let folder = asking("", "");
    folder.write("demo/manifests/mon/map.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n");
    for (asked, status, place) in [
        ("namePrefix: \"{{ name }}-\"", 1, ":2:13"),
        ("commonAnnotations: {a: \"{{ name }}\", b: \"{{ name }}\"}", 0, ":2:24"),
    ] {
        folder.write("demo/manifests/mon/kustomization.yaml", format!("resources: [map.yaml]\n{asked}\n"));
        let told = ran(&folder, "check demo");
        assert_eq!(told.status, status, "{}", told.out);
        assert!(told.out.contains("stays as it is: a kustomization is no template"), "{}", told.out);
        assert!(told.out.contains(&format!("kustomization.yaml{place}")), "{}", told.out);
        assert_eq!(told.out.matches("-->").count(), 1, "once: {}", told.out);
    }
}

#[test]
fn one_file_by_two_ways_is_told_with_both() {
    let folder = asking("", "");
    folder.write("shared/map.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n");
    folder.write("shared/kustomization.yaml", "resources: [map.yaml]\n");
    for name in ["one", "two"] {
        folder.write(&format!("demo/manifests/{name}/kustomization.yaml"), "resources: [../../../shared]\n");
    }
    let told = ran(&folder, "check demo").out;
    assert!(
        told.contains("by manifests/one/kustomization.yaml and by manifests/two/kustomization.yaml"),
        "{told}"
    );
    assert_eq!(told.matches("shared/map.yaml:3:").count(), 1, "{told}");
}

#[test]
fn an_image_that_an_entry_before_has_renamed_is_told_so() {
    let folder = Folder::demo();
    folder.write(
        "k/pod.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: web}]}\n",
    );
    folder.write(
        "k/kustomization.yaml",
        "resources: [pod.yaml]\nimages: [{name: web, newName: a}, {name: web, newTag: b}]\n",
    );
    let told = ran(&folder, "build k").err;
    assert!(told.contains("an entry before this one has made it `a`: join the two"), "{told}");
}

#[test]
fn a_plain_kustomization_is_told_what_was_meant() {
    let folder = Folder::demo();
    let pod =
        "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: web, image: a}]}\n";
    folder.write("k/pod.yaml", pod);
    folder.write("x/kustomization.yaml", "namePrefix: a-\n");
    let hollow = "{target: {kind: Pod}, patch: {spec: {containers: [{name: wbe, tty: true}]}}}";
    let delete = "{target: {kind: Pod}, patch: {spec: {containers: [{name: wbe, $patch: delete}]}}}";
    for (asked, says) in [
        (format!("patches: [{hollow}]"), "warning[patch-invalid]: Pod default/web: the patch adds a container `wbe`, which has no image"),
        (format!("patches: [{delete}]"), "warning[patch-no-change]: the patch changes nothing: there is no `name: wbe` to delete"),
        ("patches: [{target: {kind: Pod, namespace: prod}, patch: {spec: {}}}]".to_owned(), "such objects are in `default`"),
        ("resources:\n- pod.yaml\n - other.yaml".to_owned(), "the dash of the next line stands deeper"),
        ("resources: [\"*.yaml\"]".to_owned(), "no pattern is followed"),
        ("resources: [pod.yaml/., kustomization.yaml]".to_owned(), "a kustomization is named by its folder"),
        ("resources: [../x/kustomization.yaml]".to_owned(), "name its folder: ../x"),
        ("sortOptions: {legacySortOptions: {orderFirst: [Pod]}}".to_owned(), "`sortOptions` needs an `order`: `fifo` or `legacy`"),
        ("kind: kustomization".to_owned(), "did you mean `Kustomization`?"),
        ("replacements: [{source: {kind: Pod, fieldPath: spec.contaners}, targets: [{select: {kind: Pod}}]}]".to_owned(), "did you mean `containers`?"),
        ("---\nnamePrefix: a-".to_owned(), "a second document in a kustomization"),
    ] {
        let resources = if asked.starts_with("resources") { "" } else { "resources: [pod.yaml]\n" };
        folder.write("k/kustomization.yaml", format!("{resources}{asked}\n"));
        let told = ran(&folder, "build k").err;
        assert!(told.contains(says), "{asked}: {told}");
    }
}

#[test]
fn what_is_unknown_hides_no_missing_file() {
    let folder = Folder::demo();
    folder.write("k/kustomization.yaml", "resources: [a.yaml]\nimges: []\nreplicas: 3\n");
    let told = ran(&folder, "build k").err;
    for part in ["there is no file or folder k/a.yaml", "did you mean `images`?", "`replicas` wants a list"] {
        assert!(told.contains(part), "{part}: {told}");
    }
}

#[test]
fn an_apps_patch_and_one_beside_it_that_differ_are_told() {
    let asked = |count: u8| {
        let folder = Folder::demo();
        let own = "patches: [{target: Deployment, patch: {spec: {replicas: 7}}}]\n";
        folder.write("demo/apps/web.yaml", format!("{APP}{own}"));
        let patch = format!(
            "kustomize:\n  patches: [{{target: {{kind: Deployment}}, patch: {{spec: {{replicas: {count}}}}}}}]\n"
        );
        folder.write("demo/stack.yaml", format!("{STACK}{patch}"));
        folder.stackc("check demo").out
    };
    let told = asked(8);
    assert!(
        told.contains("warning[patch-overridden]: Deployment default/web: two patches set `replicas`"),
        "{told}"
    );
    assert!(told.contains("demo/stack.yaml") && told.contains("demo/apps/web.yaml"), "{told}");
    assert!(!asked(7).contains("patch-overridden"));
    // An overlay may change what its base says.
    let folder = Folder::demo();
    folder.write(
        "demo/apps/web.yaml",
        format!("{APP}patches: [{{target: Deployment, patch: {{spec: {{replicas: 7}}}}}}]\n"),
    );
    let over = "stackc: 1\nbase: ../demo\nkustomize:\n  patches: [{target: {kind: Deployment}, patch: {spec: {replicas: 8}}}]\n";
    folder.write("over/overlay.yaml", over);
    assert!(!folder.stackc("check over").out.contains("patch-overridden"));
}
