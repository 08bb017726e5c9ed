//! Templates that ask for another app: in an app, in `defaults`, and in a middleware of stack.yaml, which is filled once the
//! apps' addresses are known.

use crate::stack::{Folder, STACK};

const LOGIN: &str = "kind: app\nimage: registry.example/web:1.0\nnamespace: auth\nports: {http: 9091}\n";
const WEB: &str = "kind: app\nimage: registry.example/web:1.0\nports: {http: 80}\nenv: {LOGIN: \"{{ apps.login.address }}\"}\n\
                   routes: {web: {host: web.example.org, middlewares: [login]}}\n";

fn folder(middleware: &str) -> Folder {
    let stack = format!("{STACK}middlewares: {{login: {{forwardAuth: {{address: \"{middleware}\"}}}}}}\n");
    Folder::new()
        .with("demo/stack.yaml", stack)
        .with("demo/apps/login.yaml", LOGIN)
        .with("demo/apps/web.yaml", WEB)
}

#[test]
fn a_middleware_of_the_stack_asks_an_app() {
    let folder = folder("http://{{ apps.login.address }}/verify?by={{ stack.name }}");
    let built = folder.stackc("build demo");
    assert_eq!((built.status, built.err.as_str()), (0, ""));
    assert!(built.out.contains("address: \"http://login.auth.svc:9091/verify?by=demo\"\n"), "{}", built.out);
    assert!(built.out.contains("value: login.auth.svc:9091\n"), "{}", built.out);
}

#[test]
fn an_app_that_is_not_there_is_told_where_it_is_asked_for() {
    let ran = folder("http://{{ apps.logon.address }}/").stackc("check demo");
    assert_eq!((ran.status, ran.err.as_str()), (1, ""));
    assert!(ran.out.contains("error[template-unknown-name]"), "{}", ran.out);
    assert!(ran.out.contains("demo/stack.yaml:"), "{}", ran.out);
    assert_eq!(ran.out.matches("error[").count(), 1, "{}", ran.out);
}

#[test]
fn defaults_ask_an_app() {
    let stack =
        format!("{STACK}defaults: {{env: {{WHO: \"{{{{ apps.login.port }}}}@{{{{ app.name }}}}\"}}}}\n");
    let folder = folder("http://login/").with("demo/stack.yaml", stack);
    folder.write("demo/apps/web.yaml", LOGIN);
    let built = folder.stackc("build demo");
    assert_eq!((built.status, built.err.as_str()), (0, ""));
    for app in ["login", "web"] {
        assert!(built.out.contains(&format!("value: \"9091@{app}\"\n")), "{}", built.out);
    }
}
