//! A code's page.

use crate::finding::{Code, Page};

/// What stands beside an example that does not show it.
pub const EXAMPLE_STACK: &str = "stackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  \
                                 alpha: {arch: amd64}\nplatforms: {registry.example/web: [amd64]}\n";
/// The app of an example that shows none.
pub const EXAMPLE_APP: &str = "kind: app\nimage: registry.example/web:1.0\n";

/// Files that the examples of a page leave out.
fn beside(page: &Page) -> String {
    let has = |example: &str, file: &str| {
        let mut begun = example.lines().filter_map(|line| line.strip_prefix("# "));
        begun.any(|path| path.contains(file) && !path.contains(' '))
    };
    let shows = |file: &str| has(page.bad, file) && has(page.good, file);
    let mut left = String::new();
    if page.bad.starts_with("# kustomization.yaml") {
        return left;
    }
    if !shows("stack.yaml") && !shows("overlay.yaml") {
        left.push_str(&format!("# stack.yaml\n{EXAMPLE_STACK}"));
    }
    if !shows("apps/") {
        left.push_str(&format!("# apps/web.yaml\n{EXAMPLE_APP}"));
    }
    left
}

/// The page as text; `guard` is why the finding cannot be silenced, if so.
pub fn explain(code: &Code, guard: Option<&str>) -> String {
    let indented = |text: &str| text.lines().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n");
    let silence = guard.map_or_else(
        || format!("Where you know better: # stackc: allow({}) REASON", code.name),
        |why| format!("It cannot be silenced: {why}."),
    );
    let beside = match beside(&code.page).as_str() {
        "" => String::new(),
        files => format!("Beside them, where they show no such file:\n\n{}\n\n", indented(files)),
    };
    format!(
        "{} ({})\n\n{}\n\nFails:\n\n{}\n\nMended:\n\n{}\n\n{beside}{silence}\n",
        code.name,
        code.severity.word(),
        code.page.about,
        indented(code.page.bad),
        indented(code.page.good),
    )
}

/// Every code with its severity, sorted by name.
pub fn list_codes(codes: impl Iterator<Item = &'static Code>) -> String {
    let mut lines: Vec<String> =
        codes.map(|code| format!("{:28} {}\n", code.name, code.severity.word())).collect();
    lines.sort();
    lines.concat()
}
