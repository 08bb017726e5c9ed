//! Typed overlays: a variation of a stack, laid over it as trees, so that places stay.

use crate::stack::{APP, Folder, Ran, STACK};
use crate::tools::ROOT;

/// `demo`, and an overlay of it in `overlays/staging` that says this beside `stackc` and `base`.
fn staging(says: &str) -> Folder {
    let folder = Folder::demo();
    folder.write("overlays/staging/overlay.yaml", format!("stackc: 1\nbase: ../../demo\n{says}"));
    folder
}

fn built(folder: &Folder) -> String {
    let ran = folder.stackc("build overlays/staging");
    assert_eq!(ran.status, 0, "{}", ran.err);
    ran.out
}

/// What is told of the overlay, which has errors.
fn told(folder: &Folder) -> Ran {
    let ran = folder.stackc("check overlays/staging");
    assert_eq!(ran.status, 1, "{}{}", ran.out, ran.err);
    ran
}

#[test]
fn alone_it_is_its_base_under_another_name() {
    let folder = staging("");
    let base = folder.stackc("build demo").out;
    assert_eq!(
        built(&folder),
        base.replace("demo-web.yaml", "demo-staging-web.yaml").replace(": demo\n", ": demo-staging\n")
    );
    assert_eq!(
        built(&staging("name: other\n")),
        base.replace("demo-web", "other-web").replace(": demo\n", ": other\n")
    );
}

#[test]
fn keys_of_the_stack_are_laid_over() {
    let folder =
        staging("namespace: shop\nvars: {domain: \"2.0\"}\nk3s: v1.30.4+k3s1\ndefaults: {env: {A: b}}\n");
    folder.write("demo/stack.yaml", STACK.replace("example.org", "\"1.0\""));
    folder.write("demo/apps/web.yaml", "kind: app\nimage: \"registry.example/web:{{ domain }}\"\n");
    let text = built(&folder);
    for part in ["namespace: shop\n", "image: registry.example/web:2.0\n", "- name: A\n          value: b\n"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(
        folder.stackc("build demo").out.contains("image: registry.example/web:1.0\n"),
        "the base is as it was"
    );
}

#[test]
fn a_middleware_of_the_same_form_is_changed_and_of_another_replaced() {
    let route = "ports: {http: 80}\nroutes: {web: {host: a.example.org, middlewares: [door]}}\n";
    for (over, expected, gone) in [
        ("{basicAuth: {realm: x}}", "basicAuth:\n    secret: users\n    realm: x\n", "rateLimit"),
        ("{rateLimit: {average: 5}}", "rateLimit:\n    average: 5\n", "basicAuth"),
    ] {
        let folder = staging(&format!("middlewares: {{door: {over}}}\n"));
        let under = "middlewares: {door: {basicAuth: {secret: users}}}\nsecrets: {users: [users]}\n";
        folder.write("demo/stack.yaml", format!("{STACK}{under}"));
        folder.write("demo/apps/web.yaml", format!("{APP}{route}"));
        let text = built(&folder);
        assert!(text.contains(expected) && !text.contains(gone), "{text}");
    }
}

#[test]
fn apps_are_changed_dropped_and_added() {
    let folder = staging("apps:\n  web: {replicas: 3, env: {A: null}}\n  api: null\n");
    folder.write("demo/apps/web.yaml", format!("{APP}env: {{A: x, B: y}}\n"));
    folder.write("demo/apps/api.yaml", APP);
    folder.write("overlays/staging/apps/mail.yaml", APP);
    let text = built(&folder);
    assert!(
        text.contains("replicas: 3") && text.contains("name: B") && !text.contains("name: A\n"),
        "{text}"
    );
    let files: Vec<&str> = text.lines().filter(|line| line.starts_with("# stackc: demo-staging-")).collect();
    assert_eq!(
        files,
        [
            "# stackc: demo-staging-mail.yaml from apps/mail.yaml",
            "# stackc: demo-staging-web.yaml from apps/web.yaml"
        ]
    );
}

#[test]
fn files_and_manifests_beside_it_join() {
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: more}\ndata: {a: b}\n";
    let folder = staging("apps: {web: {volumes: {/etc/own: {file: own.conf}}}}\n");
    folder.write("overlays/staging/files/own.conf", "over\n");
    folder.write("demo/files/own.conf", "under\n");
    folder.write("overlays/staging/manifests/more.yaml", map);
    let text = built(&folder);
    assert!(
        text.contains("over\n") && !text.contains("under\n"),
        "the file of the folder that says it: {text}"
    );
    assert!(text.contains("demo-staging-more.yaml from manifests/more.yaml"), "{text}");
}

#[test]
fn overlays_lie_on_overlays() {
    let folder = staging("apps: {web: {replicas: 2, env: {A: staging}}}\n");
    folder.write("overlays/eu/overlay.yaml", "stackc: 1\nbase: ../staging\napps: {web: {env: {A: eu}}}\n");
    let ran = folder.stackc("build overlays/eu");
    assert_eq!(ran.status, 0, "{}", ran.err);
    assert!(ran.out.starts_with("# stackc: demo-staging-eu-web.yaml from apps/web.yaml\n"), "{}", ran.out);
    assert!(ran.out.contains("replicas: 2") && ran.out.contains("value: eu"), "{}", ran.out);
}

#[test]
fn a_change_of_an_app_is_a_map() {
    for change in ["hello", "[a]", "3"] {
        let ran = told(&staging(&format!("apps: {{web: {change}}}\n")));
        assert!(ran.out.contains("error[value-type]: `web` wants a map of keys"), "{}", ran.out);
        assert!(ran.out.contains("overlays/staging/overlay.yaml:3:13"), "{}", ran.out);
        assert!(ran.out.ends_with("\n1 error\n"), "{}", ran.out);
    }
}

#[test]
fn circles_and_what_is_no_base() {
    for (base, says) in [
        ("../staging", "overlays/staging varies itself"),
        ("../eu", "a circle: overlays/staging varies overlays/eu varies overlays/staging"),
        ("../eu", "overlays/staging/overlay.yaml:2:7\n  |\n2 | base: ../eu\n  |       ----- from here"),
        ("../nowhere", "there is no folder overlays/nowhere"),
        ("../eo", "help: base: ../eu"),
        ("../../demo/stack.yaml", "demo/stack.yaml is a file: a folder is named here"),
        ("../../demo/stack.yaml", "help: base: ../../demo\n"),
        ("../../demo/apps", "help: base: ../../demo\n"),
        ("..", "overlays has no stack.yaml and no overlay.yaml"),
        ("[a]", "`base` wants a folder, this is a list"),
        ("", "`base` wants a folder, this is nothing"),
    ] {
        let folder = Folder::demo();
        folder.write(
            "overlays/staging/overlay.yaml",
            format!("stackc: 1\nbase: {base}\napps: {{nope: {{}}}}\n"),
        );
        folder.write("overlays/eu/overlay.yaml", "stackc: 1\nbase: ../staging\n");
        let ran = told(&folder);
        assert!(ran.out.contains("error[base-invalid]") && ran.out.contains(says), "{base}: {}", ran.out);
    }
    let folder = Folder::demo().with("o/overlay.yaml", "name: x\n");
    let ran = folder.stackc("check o");
    assert!(
        ran.out.contains("the key `stackc` is missing") && ran.out.contains("the key `base` is missing"),
        "{}",
        ran.out
    );
    let folder = Folder::demo().with("repo/.git/HEAD", "");
    folder.write("repo/o/overlay.yaml", "stackc: 1\nbase: ../../demo\n");
    assert!(folder.stackc("check repo/o").out.contains("demo lies outside of the repository"));
}

/// The overlay's line first, the base's line as the second label.
#[test]
fn findings_point_at_both_lines() {
    let folder = staging("apps: {web: {image: \"registry.example/WEB:1\"}}\n");
    let out = told(&folder).out;
    assert!(out.contains("--> overlays/staging/overlay.yaml:3:21"), "{out}");
    assert!(out.contains("demo/apps/web.yaml:2:8") && out.contains("it lies over this"), "{out}");
    let folder = staging("nodes: {alpha: {arch: z80}}\n");
    let out = told(&folder).out;
    assert!(out.contains("overlay.yaml:3:23") && out.contains("demo/stack.yaml:"), "{out}");
    let json = folder.stackc("check overlays/staging --format json").out;
    assert!(json.contains("it lies over this"), "{json}");
}

#[test]
fn what_changes_nothing_that_is_there_is_told() {
    for (says, code) in [
        ("apps: {wbe: {replicas: 2}}\n", "app-unknown"),
        ("apps: {web: {replica: 2}}\n", "key-unknown"),
        ("apps: {web: {env: {NOPE: null}}}\n", "value-type"),
        ("secrets: {nope: null}\n", "value-type"),
    ] {
        let ran = told(&staging(says));
        assert!(ran.out.contains(code), "{says}: {}", ran.out);
    }
}

/// An overlay's lock has only what its base's lacks.
#[test]
fn locks_lie_on_one_another() {
    let pin = |name: &str, digit: char| {
        let digest = |digit: char| format!("sha256:{}", digit.to_string().repeat(64));
        format!(
            "  registry.example/{name}: {{digest: {}, platforms: {{amd64: {}}}}}\n",
            digest(digit),
            digest('f')
        )
    };
    let lock = |pins: &[String]| format!("stackc: 1\nimages:\n{}# end of stackc.lock\n", pins.concat());
    let folder =
        staging("pin: digest\nplatforms: null\napps: {api: {image: \"registry.example/api:2.0\"}}\n");
    folder.write("demo/apps/api.yaml", "kind: app\nimage: registry.example/api:1.0\n");
    folder.write("demo/stackc.lock", lock(&[pin("api:1.0", '1'), pin("web:1.0", '2')]));
    folder.write("overlays/staging/stackc.lock", lock(&[pin("api:2.0", '3')]));
    let text = built(&folder);
    assert!(text.contains(&format!("web:1.0@sha256:{}", "2".repeat(64))), "{text}");
    assert!(text.contains(&format!("api:2.0@sha256:{}", "3".repeat(64))), "{text}");
    // Nothing is unused: the base has api:1.0 for itself.
    assert_eq!(folder.stackc("check overlays/staging").status, 0);
    assert!(!folder.stackc("check overlays/staging").out.contains("lock-unused"));
    let ran = folder.stackc("lock overlays/staging --offline");
    assert_eq!(
        (ran.status, folder.read("overlays/staging/stackc.lock").contains("web:1.0")),
        (0, false),
        "{}",
        ran.err
    );
    assert!(folder.read("overlays/staging/stackc.lock").contains("api:2.0"));
    let same = staging("").with("demo/stackc.lock", lock(&[pin("web:1.0", '2')]));
    let ran = same.stackc("lock overlays/staging --offline");
    assert!(ran.status == 0 && ran.out.contains("the base's stackc.lock has all"), "{}{}", ran.out, ran.err);
    assert!(!same.at("overlays/staging/stackc.lock").exists());
}

#[test]
fn it_is_found_as_a_stack_is() {
    let folder = staging("");
    for path in ["overlays/staging", "overlays/staging/overlay.yaml", "overlays/staging/"] {
        assert_eq!(folder.stackc(&format!("build {path}")).out, built(&folder), "{path}");
    }
    let ran = folder.stackc("check");
    assert!(ran.out.contains("demo-staging: 1 app") && ran.out.contains("demo: 1 app"), "{}", ran.out);
    let ran = folder.stackc("build");
    assert!(ran.err.contains("  demo\n  overlays/staging"), "{}", ran.err);
    for command in ["nodes", "diff --against out", "build -o out"] {
        let words: Vec<&str> = command.splitn(2, ' ').collect();
        let rest = words.get(1).copied().unwrap_or_default();
        folder.write("out/README", "");
        let ran = folder.stackc(&format!("{} overlays/staging {rest}", words[0]));
        assert!(ran.status < 2, "{command}: {}", ran.err);
    }
}

/// Each value says which line asked for it, and what it lies over.
#[test]
fn annotated_it_tells_each_layer() {
    let folder = staging("apps: {web: {replicas: 2, env: {A: staging}}}\n");
    folder.write("demo/apps/web.yaml", format!("{APP}replicas: 1\n"));
    folder.write("overlays/eu/overlay.yaml", "stackc: 1\nbase: ../staging\napps: {web: {replicas: 3}}\n");
    let ran = folder.stackc("build overlays/eu --annotate");
    let line = |says: &str| {
        ran.out.lines().find(|line| line.trim_start().starts_with(says)).unwrap().trim().to_owned()
    };
    assert_eq!(
        line("replicas:"),
        "replicas: 3 # overlays/eu/overlay.yaml:3 over overlays/staging/overlay.yaml:3 over demo/apps/web.yaml:3"
    );
    assert_eq!(line("value:"), "value: staging # overlays/staging/overlay.yaml:3");
    assert_eq!(folder.stackc("build overlays/eu -o out --annotate").status, 2);
}

/// Each console block of the page is what the command says in this repository; `STACKC_REWRITE=1` writes them anew.
#[test]
fn the_page_shows_what_the_commands_say() {
    let path = format!("{ROOT}/docs/overlays.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let mut parts = page.split("```console\n");
    let mut shown = parts.next().unwrap().to_owned();
    let mut ran = 0;
    for part in parts {
        let (block, rest) = part.split_once("\n```\n").unwrap();
        let command = block.lines().next().unwrap();
        let words = command.strip_prefix("$ stackc ").unwrap().split_whitespace();
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_stackc"))
            .args(words)
            .current_dir(ROOT)
            .env_clear()
            .output()
            .unwrap();
        let told = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        shown.push_str(&format!("```console\n{command}\n{}\n```\n{rest}", told.trim_end()));
        ran += 1;
    }
    assert_eq!(ran, 2);
    if std::env::var_os("STACKC_REWRITE").is_some() {
        std::fs::write(&path, &shown).unwrap();
    }
    assert!(
        page == shown,
        "docs/overlays.md is no longer what the commands say: STACKC_REWRITE=1 cargo test overlays"
    );
}

#[test]
fn null_over_nothing_has_nothing_to_remove() {
    for (asked, says) in [
        ("vars: {domian: null}", "there is no `domian` beneath that null could remove"),
        ("apps: {web: {ports: {htp: null}}}", "did you mean `http`?"),
        ("secrets: null", "there is no `secrets` beneath that null could remove"),
        ("kustomize: null", "no layer beneath has a `kustomize` that null could remove"),
    ] {
        let folder = staging(&format!("{asked}\n"));
        folder.write("demo/apps/web.yaml", format!("{APP}ports: {{http: 8080}}\n"));
        let ran = told(&folder);
        assert!(ran.out.contains(says), "{asked}: {}", ran.out);
        assert!(ran.out.contains("--> overlays/staging/overlay.yaml:3:"), "{}", ran.out);
        assert!(ran.out.ends_with("\n1 error\n"), "{}", ran.out);
    }
}

#[test]
fn a_folder_is_a_stack_or_an_overlay() {
    let folder = staging("");
    folder.write("overlays/staging/stack.yaml", STACK);
    let ran = told(&folder);
    assert!(
        ran.out.contains("nothing reads overlays/staging/overlay.yaml: the folder is a stack"),
        "{}",
        ran.out
    );
}

#[test]
fn words_of_a_kustomization_lead_to_where_they_belong() {
    for (overlay, says) in [
        ("stackc: 1\nbase: ../../demo\npatches: []\n", "one level deeper: kustomize: {patches: …}"),
        ("stackc: 1\nbase: ../../demo\nresources: []\n", "the stack that an overlay varies is its `base`"),
        ("stackc: 1\nresources: [../../demo]\n", "base: ../../demo"),
        ("kind: Kustomization\nresources: [../../demo]\n", "a kustomization is called kustomization.yaml"),
        (
            "stackc: 1\nbase: ../../demo\napps: {api: {kind: app, image: a}}\n",
            "a new app is a file: apps/api.yaml",
        ),
    ] {
        let folder = staging("");
        folder.write("overlays/staging/overlay.yaml", overlay);
        let ran = told(&folder);
        assert!(ran.out.contains(says) && ran.out.ends_with("\n1 error\n"), "{overlay}: {}", ran.out);
    }
}

#[test]
fn a_var_that_nothing_uses_is_told_where_one_is_nearly_called_so() {
    let folder = staging("vars: {domian: staging.example.org}\n");
    let ran = folder.stackc("check overlays/staging");
    assert!(ran.out.contains("warning[var-unused]: nothing uses the var `domian`"), "{}", ran.out);
    assert!(ran.out.contains("did you mean `domain`?") && ran.status == 0, "{}", ran.out);
    let folder = staging("vars: {domian: staging.example.org}\napps: {web: {env: {A: \"{{ domian }}\"}}}\n");
    assert!(!folder.stackc("check overlays/staging").out.contains("var-unused"));
}
