//! Findings on a line each, as compilers and editors have it: `PATH:LINE:COLUMN: SEVERITY[CODE]: MESSAGE`.

use super::Told;
use super::visible::stand_in;

/// All findings.
pub fn findings(told: &Told<'_>) -> String {
    let line = |text: &str| text.chars().map(stand_in).collect::<String>();
    let mut text = String::new();
    for (finding, sources) in &told.all() {
        let place = sources.place(finding.primary.span);
        let (severity, code) = (finding.severity.word(), finding.code.name);
        let (path, message) = (line(&place.path), line(&finding.message));
        text.push_str(&format!("{path}:{}:{}: {severity}[{code}]: {message}\n", place.line, place.column));
    }
    text.push_str(&told.end());
    text
}
