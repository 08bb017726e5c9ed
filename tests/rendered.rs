//! `stackc check --stack STACK FILE… | -`: what Helm, kustomize or Jsonnet made, against a stack.

use std::fs::File;
use std::io::Write;
use std::process::{Command, Stdio};

use crate::hostile::AT_ONCE;
use crate::stack::{APP, Folder, Ran, carried, command};
use crate::tools::ROOT;

/// Two architectures, one Secret, an app that is sound.
const STACK: &str = "stackc: 1\nk3s: v1.37.1+k3s1\nnamespace: shop\nnodes:\n  alpha: {arch: amd64, roles: [web]}\n  \
                     beta: {arch: arm64}\nplatforms:\n  registry.example/web: [amd64, arm64]\n  \
                     registry.example/old: [amd64]\nsecrets: {web: [password]}\n";

/// As `helm template` prints it: where each object came from, and empty documents where a condition was false.
const CHART: &str = "---
# Source: shop/templates/serviceaccount.yaml
---
# Source: shop/templates/deployment.yaml
apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop
  labels: {helm.sh/chart: shop-1.2.3}
spec:
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      containers:
        - name: shop
          image: \"registry.example/web:1.0\"
          env:
            - {name: PASSWORD, valueFrom: {secretKeyRef: {name: web, key: password}}}
---
# Source: shop/templates/tests/test.yaml
";

fn pod(name: &str, spec: &str) -> String {
    format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}}}\nspec: {{{spec}}}\n")
}

fn container(image: &str) -> String {
    format!("containers: [{{name: c, image: \"registry.example/{image}\"}}]")
}

fn folder() -> Folder {
    Folder::new().with("st/stack.yaml", STACK).with("st/apps/web.yaml", APP)
}

/// What is said of the small stack and a file `a.yaml` beside it.
fn told(content: &str) -> Ran {
    folder().with("a.yaml", content).stackc("check --stack st a.yaml --format json")
}

/// The same through standard input.
fn piped(content: &str, arguments: &str) -> Ran {
    let folder = folder().with("input", content);
    Ran::of(folder.command(arguments).stdin(File::open(folder.at("input")).unwrap()))
}

#[test]
fn a_sound_chart_passes_from_a_file_and_from_a_pipe() {
    let summary =
        "st: rendered elsewhere, 1 object on 2 nodes; 1 image, all with platforms declared in stack.yaml\n";
    let ran = folder().with("chart.yaml", CHART).stackc("check --stack st chart.yaml");
    assert_eq!((ran.status, ran.out.as_str(), ran.err.as_str()), (0, summary, ""));
    let ran = piped(CHART, "check --stack st -");
    assert_eq!((ran.status, ran.out.as_str(), ran.err.as_str()), (0, summary, ""));
    // The file of a stack names it too.
    assert_eq!(piped(CHART, "check --stack st/stack.yaml -").status, 0);
}

#[test]
fn a_finding_stands_in_the_file_as_it_was_named() {
    let old = CHART.replace("web:1.0", "old:1.0");
    let folder = folder().with("out/shop/chart.yaml", &old);
    for (path, shown) in
        [("out/shop/chart.yaml", "out/shop/chart.yaml"), ("./out", "out/shop/chart.yaml"), ("-", "<stdin>")]
    {
        let mut command = folder.command(&format!("check --stack st {path}"));
        let ran = Ran::of(command.stdin(File::open(folder.at("out/shop/chart.yaml")).unwrap()));
        assert_eq!(ran.status, 1);
        let lines = [
            "error[image-lacks-arch]: the image of container `shop` does not run on beta (arm64)".to_owned(),
            format!("  --> {shown}:17:18"),
            "   = help: keep it to nodes that run it, in its pod's spec: nodeSelector: {kubernetes.io/arch: amd64}"
                .to_owned(),
        ];
        for line in lines {
            assert!(ran.out.lines().any(|said| said == line), "{line}\n{}", ran.out);
        }
    }
}

#[test]
fn every_check_of_final_objects_runs() {
    let web = container("web:1.0");
    let cases = [
        (pod("a", &container("old:1.0")), "image-lacks-arch"),
        (pod("a", &format!("{web}, nodeSelector: {{disk: ssd}}")), "place-no-node"),
        (pod("a", &format!("{web}, nodeName: gamma")), "place-no-node"),
        (pod("a", &container("other:1.0")), "image-platforms-unknown"),
        (pod("a", &container("web")), "image-untagged"),
        (pod("a", "containers: [{name: c}]"), "image-invalid"),
        (pod("a", &format!("{web}, imagePullSecrets: [{{name: pull}}]")), "secret-unknown"),
        (pod("a", &web) + "---\n" + &pod("a", &web), "object-duplicate"),
        ("kind: Pod\n".to_owned() + &pod("a", &web), "key-duplicate"),
        ("spec: {}\n".to_owned(), "manifest-invalid"),
        ("a: [\n".to_owned(), "yaml-syntax"),
        (
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}}\n".to_owned(),
            "key-not-text",
        ),
        ("{{- if .Values.on }}\nkind: Pod\n{{- end }}\n".to_owned(), "yaml-syntax"),
    ];
    for (content, code) in cases {
        let codes = told(&content).codes();
        assert!(!codes.is_empty() && codes.iter().all(|told| told == code), "{code}: {codes:?}\n{content}");
    }
}

#[test]
fn lists_and_json_are_taken_apart() {
    let item = |name: &str, image: &str| {
        format!(
            "{{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"metadata\": {{\"name\": \"{name}\"}}, \"spec\": \
             {{\"containers\": [{{\"name\": \"c\", \"image\": \"registry.example/{image}\"}}]}}}}"
        )
    };
    let items = format!("{},\n{}", item("a", "web:1.0"), item("b", "old:1.0"));
    let list = format!("{{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": [{items}]}}\n");
    let folder = folder().with("a.json", &list);
    let ran = folder.stackc("check --stack st a.json");
    assert!(
        ran.out.contains(" --> a.json:2:") && ran.out.contains("Pod shop/b may land here"),
        "{}",
        ran.out
    );
    assert_eq!(told(&list.replace("old", "web")).codes(), [""; 0]);
    let in_list = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: a}\n  \
                   spec: {containers: [{name: c, image: registry.example/old:1}]}\n";
    assert_eq!(told(in_list).codes(), ["image-lacks-arch"]);
}

#[test]
fn the_stack_meets_references_and_is_not_judged() {
    let pod = pod("a", &format!("{}, imagePullSecrets: [{{name: pull}}]", container("web:1.0")));
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: pull}\n";
    let folder = folder().with("a.yaml", &pod);
    let check = || folder.stackc("check --stack st a.yaml --format json");
    assert_eq!(check().codes(), ["secret-unknown"]);
    folder.write("st/manifests/pull.yaml", secret);
    assert_eq!(check().codes(), [""; 0]);

    // So does a ConfigMap of an app.
    let mounts = "volumes: [{name: v, configMap: {name: web-etc-web-conf}}]";
    folder.write("a.yaml", self::pod("a", &format!("{}, {mounts}", container("web:1.0"))));
    assert_eq!(check().codes(), ["reference-unknown"]);
    folder.write("st/files/web.conf", "listen 80\n");
    folder.write("st/apps/web.yaml", format!("{APP}volumes: {{/etc/web.conf: {{file: web.conf}}}}\n"));
    assert_eq!(check().codes(), [""; 0]);
    folder.write("a.yaml", &pod);

    // What an app of the stack does wrong is said in a line of its own, and fails nothing.
    folder.write("st/apps/web.yaml", "kind: app\nimage: registry.example/old:1.0\n");
    let ran = check();
    let line = "stackc: st has 1 error in its own apps or manifests: stackc check st\n";
    assert_eq!((ran.status, ran.codes(), ran.err.as_str()), (0, Vec::new(), line));

    // The proof rests on stack.yaml.
    folder.write("st/stack.yaml", STACK.replace("arch: arm64", "arch: arm46"));
    let ran = check();
    assert_eq!((ran.status, ran.codes()), (1, vec!["value-invalid".to_owned()]));
    folder.write("st/stack.yaml", "stackc: 1\n");
    assert_eq!(check().status, 1);
}

#[test]
fn what_a_stack_builds_passes_where_it_was_made() {
    for stack in carried() {
        let built = Ran::of(&mut command(std::path::Path::new(ROOT), &format!("build {stack}")));
        let mut check =
            command(std::path::Path::new(ROOT), &format!("check --stack {stack} - --format json"));
        let mut child = check.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(built.out.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && said.contains("\"errors\": 0"), "{stack}: {said}");
    }
}

#[test]
fn a_path_without_objects_is_an_error() {
    let folder = folder().with("empty/notes.txt", "").with("chart/Chart.yaml", "name: shop\n");
    folder.write("chart/templates/a.yaml", "{{ a }}\n");
    folder.write("base/kustomization.yaml", "resources: [a.yaml]\n");
    folder.write("within/base/kustomization.yaml", "resources: [a.yaml]\n");
    folder.write("comments.yaml", "---\n# Source: a\n---\n");
    folder.write("list.yaml", "apiVersion: v1\nkind: List\nitems: []\n");
    for (path, code, says) in [
        ("none.yaml", "file-unreadable", "none.yaml: no such file or folder"),
        ("empty", "file-unreadable", "empty holds no .yaml, .yml or .json file"),
        ("chart", "file-unreadable", "helm template NAME chart | stackc check --stack STACK -"),
        ("base", "kustomization-path", "there is no file or folder base/a.yaml"),
        ("within", "file-unreadable", "stackc build within/base | stackc check --stack STACK -"),
        ("comments.yaml", "yaml-document", "no Kubernetes object is in here"),
        ("list.yaml", "yaml-document", "no Kubernetes object is in here"),
        ("-", "yaml-document", "<stdin>:1:1"),
        ("/dev/zero", "file-unreadable", "/dev/zero is no regular file"),
    ] {
        let ran = folder.stackc(&format!("check --stack st {path}"));
        assert_eq!((ran.status, ran.err.as_str()), (1, ""), "{path}");
        assert!(ran.out.contains(&format!("error[{code}]")) && ran.out.contains(says), "{path}: {}", ran.out);
        assert!(ran.out.ends_with("\n1 error\n"), "{path}: {}", ran.out);
    }
}

#[test]
fn what_cannot_be_opened_keeps_nobody_waiting() {
    let folder = folder();
    std::fs::create_dir(folder.at("out")).unwrap();
    let made = Command::new("mkfifo").arg(folder.at("out/a.yaml")).status().unwrap();
    assert!(made.success());
    for path in ["out/a.yaml", "out"] {
        let ran = folder.stackc(&format!("check --stack st {path}"));
        assert!(ran.out.contains("out/a.yaml is no regular file"), "{}", ran.out);
        assert!(ran.status == 1 && ran.took < AT_ONCE);
    }
    folder.write("latin.yaml", b"a: \xe9\n");
    assert_eq!(folder.stackc("check --stack st latin.yaml --format json").codes(), ["file-unreadable"]);
}

#[test]
fn folders_are_read_whole_and_a_path_once() {
    let pod = |name| pod(name, &container("old:1.0"));
    let folder = folder()
        .with("out/a.yml", pod("a"))
        .with("out/deep/b.json", pod("b"))
        .with("out/.git/c.yaml", pod("c"))
        .with("out/d.txt", pod("d"));
    let ran = folder.stackc("check --stack st out ./out out --format json");
    assert_eq!(ran.codes(), ["image-lacks-arch"; 2]);
}

#[test]
fn wrong_usage_shows_the_way() {
    let folder = folder().with("a.yaml", CHART);
    for (arguments, says) in [
        ("check --stack st", "<PATH>"),
        ("check --stack none a.yaml", "none: no such file or folder"),
        ("check --stack a.yaml -", "a.yaml is no stack: it has no stack.yaml"),
        ("check a.yaml", "stackc check --stack STACK a.yaml"),
        ("check -", "stackc check --stack STACK -"),
    ] {
        let ran = folder.stackc(arguments);
        assert_eq!((ran.status, ran.out.as_str()), (2, ""), "{arguments}");
        assert!(ran.err.contains(says), "{arguments}: {}", ran.err);
    }
    let untagged = CHART.replace("web:1.0", "web");
    assert_eq!(piped(&untagged, "check --stack st -").status, 0);
    assert_eq!(piped(&untagged, "check --stack st - --deny warnings").status, 1);
}

#[test]
fn a_kustomization_is_built_and_judged() {
    let folder = folder()
        .with(
            "k/kustomization.yaml",
            "resources: [pod.yaml]\nimages: [{name: registry.example/web, newName: registry.example/old}]\n",
        )
        .with("k/pod.yaml", pod("a", &container("web:1.0")));
    let ran = folder.stackc("check --stack st k --format json");
    assert_eq!((ran.status, ran.codes()), (1, vec!["image-lacks-arch".to_owned()]), "{}", ran.out);
    assert_eq!(folder.stackc("check --stack st k/pod.yaml").status, 0, "alone it runs");
    let alone = folder.stackc("check k");
    assert_eq!(alone.status, 0, "{}", alone.err);
    assert!(alone.out.contains("--stack STACK"), "{}", alone.out);
    let folder =
        folder.with("k/kustomization.yaml", "resources: [pod.yaml]\nimages: [{name: wbe, newTag: a}]\n");
    for command in ["check k", "check k/kustomization.yaml", "check --stack st k"] {
        let ran = folder.stackc(command);
        assert_eq!(ran.status, 1, "{command}: {}", ran.err);
        assert!(ran.out.contains("error[instruction-no-match]"), "{command}: {}", ran.out);
    }
}
