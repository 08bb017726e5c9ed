//! A code's page.

use crate::finding::Code;

/// The page as text; `guard` is why the finding cannot be silenced, if so.
pub fn explain(code: &Code, guard: Option<&str>) -> String {
    let indented = |text: &str| text.lines().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n");
    let silence = guard.map_or_else(
        || format!("Where you know better: # stackc: allow({}) REASON", code.name),
        |why| format!("It cannot be silenced: {why}."),
    );
    format!(
        "{} ({})\n\n{}\n\nFails:\n\n{}\n\nMended:\n\n{}\n\n{silence}\n",
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
