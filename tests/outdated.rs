//! `stackc outdated` against a real registry.

use crate::docker_registry::{IMAGE, INDEX, Registry, index};
use crate::stack::Folder;

#[test]
fn newer_tags_with_their_platforms() {
    let registry = Registry::plain();
    let amd64 = registry.entry("demo/app", IMAGE, "linux/amd64");
    let arm64 = registry.entry("demo/app", IMAGE, "linux/arm64");
    let both = index(INDEX, &[amd64.clone(), arm64]);
    let one = index(INDEX, &[amd64]);
    for (tag, document) in [
        ("1.2.3", &both),
        ("1.2.10", &both),
        ("2.0.0", &one),
        ("2.1.0-rc1", &both),
        ("3.0.0-alpine", &both),
        ("latest", &both),
    ] {
        registry.push("demo/app", Some(tag), INDEX, document);
    }
    let host = registry.host();
    let stack = format!(
        "stackc: 1\nk3s: v1.37.1+k3s1\nnodes:\n  alpha: {{arch: amd64}}\n  beta: {{arch: arm64}}\n\
         platforms: {{\"{host}/demo/app\": [amd64, arm64]}}\n"
    );
    let app = |tag: &str| format!("kind: app\nimage: {host}/demo/app:{tag}\n");
    let folder = Folder::demo().with("demo/stack.yaml", &stack);
    folder.write("demo/apps/web.yaml", app("1.2.3"));
    folder.write("demo/apps/last.yaml", app("2.0.0"));
    folder.write("demo/apps/free.yaml", app("latest"));
    let ran = folder.stackc("outdated demo");
    assert_eq!(
        (ran.status, ran.out.as_str()),
        (
            0,
            format!(
                "{host}/demo/app:1.2.3 -> 1.2.10 (amd64, arm64), or 2.0.0 (amd64; not arm64)\n\
                 {host}/demo/app:2.0.0: nothing newer\n\
                 {host}/demo/app:latest: its tag follows no scheme\n"
            )
            .as_str()
        )
    );
    // One image of the stack, and what no stack has.
    let ran = folder.stackc(&format!("outdated demo {host}/demo/app:2.0.0"));
    assert_eq!(ran.out, format!("{host}/demo/app:2.0.0: nothing newer\n"));
    let ran = folder.stackc(&format!("outdated {host}/demo/app"));
    assert!(
        ran.out.starts_with(&format!("{host}/demo/app: 3.0.0-alpine, 2.1.0-rc1, 2.0.0, 1.2.10, 1.2.3")),
        "{}",
        ran.out
    );
    let ran = folder.stackc(&format!("outdated {host}/demo/none:1.0"));
    assert_eq!((ran.status, ran.out.as_str()), (1, ""));
    assert!(ran.err.contains("demo/none"), "{}", ran.err);
}

#[test]
fn what_cannot_be_asked_is_a_finding_at_its_image() {
    let registry = Registry::plain();
    let host = registry.host();
    drop(registry);
    let folder = Folder::demo();
    folder.write("demo/apps/web.yaml", format!("kind: app\nimage: {host}/demo/app:1.0\n"));
    let ran = folder.stackc("outdated demo");
    assert_eq!(ran.status, 2, "{}", ran.out);
    assert!(ran.out.contains("error[registry-unreachable]"), "{}", ran.out);
    assert!(ran.out.contains("demo/apps/web.yaml:2:8"), "{}", ran.out);
}
