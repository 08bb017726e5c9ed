//! Words of Go that every engine takes: GOPROXY's list, patterns of private modules, the database of checksums.

use super::Own;
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::kinds::{secret, upstream};
use crate::stack::value_invalid;
use crate::yaml::Spanned;

pub(super) const UPSTREAM: &str = "https://proxy.golang.org,direct";
pub(super) const SUMDB: &str = "sum.golang.org";

/// Private names on their way to a public database.
pub(in crate::kinds) static SUMDB_HEARS_PRIVATE: Code = Code {
    name: "sumdb-hears-private",
    severity: Severity::Warning,
    page: Page {
        about: "This engine passes on to the database of checksums whatever a client asks of it, names of private\n\
                modules as well; `private` only keeps the engine's own questions away. A client that has not set\n\
                GONOSUMDB would tell these names to sum.golang.org through it. Athens refuses such questions; goproxy\n\
                passes none on with `sumdb: off` (and then checks nothing itself); goproxyio always does.",
        bad: concat!(
            go_stack!(),
            "# apps/goproxy.yaml\nkind: goproxy\nimage: ghcr.io/goproxy/goproxy:0.26.1\nhost: go.example.org\n",
            "cache: {emptyDir: 10Gi}\nprivate: [\"git.example.org/*\"]\n"
        ),
        good: concat!(
            go_stack!(),
            "# apps/goproxy.yaml\nkind: goproxy\nengine: athens\nimage: gomods/athens:v0.18.0\nhost: go.example.org\n",
            "cache: {emptyDir: 10Gi}\nprivate: [\"git.example.org/*\"]\n"
        ),
    },
};

impl Own {
    /// Where modules come from.
    pub(super) fn upstream(&self) -> &str {
        self.upstream.as_ref().map_or(UPSTREAM, |upstream| upstream.value.as_str())
    }

    /// The database of checksums; none where it is off.
    pub(super) fn sumdb(&self) -> Option<&str> {
        Some(self.sumdb.as_ref().map_or(SUMDB, |sumdb| sumdb.value.as_str())).filter(|sumdb| *sumdb != "off")
    }

    /// GOPRIVATE, if there are private modules.
    pub(super) fn private(&self) -> Option<String> {
        let patterns: Vec<&str> = self.private.iter().map(|pattern| pattern.value.as_str()).collect();
        (!patterns.is_empty()).then(|| patterns.join(","))
    }
}

/// Tells what no engine could use.
pub(super) fn check(engine: &str, own: &Own, found: &mut Findings) {
    if let Some(upstream) = &own.upstream {
        check_upstream(upstream, &own.host, found);
    }
    for word in own.private.iter().chain(&own.sumdb) {
        if word.value.is_empty() || word.value.contains([',', ';', ' ', '|', '$']) {
            found.push(value_invalid(word.span, format!("`{}` is not one pattern or name", word.value)));
        }
    }
    let passes_on = match engine {
        "goproxy" => own.sumdb().is_some(),
        engine => engine == "goproxyio",
    };
    if let Some(first) = own.private.first().filter(|_| passes_on) {
        let finding = Finding::new(
            &SUMDB_HEARS_PRIVATE,
            first.span,
            format!(
                "{engine} passes questions for checksums of private modules on to {}",
                own.sumdb().unwrap_or(SUMDB)
            ),
        );
        let off = (engine == "goproxy").then(|| "sumdb: off".to_owned());
        found.push(finding.maybe_help(off).help("engine: athens"));
    }
}

/// A list as in GOPROXY: URLs, `direct`, `off`; `,` goes on after 404 and 410, `|` after any error.
fn check_upstream(upstream: &Spanned<String>, own: &Spanned<String>, found: &mut Findings) {
    for part in upstream.value.split([',', '|']) {
        match upstream::parts(part) {
            None if matches!(part, "direct" | "off") => {}
            Some(_) if part.contains('@') => {
                found.push(
                    secret::in_text("upstream", upstream.span)
                        .help("netrc: {secret: NAME, key: KEY}, and the URL without it"),
                );
            }
            Some(("https" | "http", host, _)) if !part.contains([';', ' ', '$']) => {
                if let Some(finding) = upstream::is_loop(upstream, host, own) {
                    found.push(finding);
                }
            }
            _ => {
                let message = format!("`{part}` is no URL of a module proxy, nor `direct`, nor `off`");
                found.push(value_invalid(upstream.span, message).help(format!("upstream: {UPSTREAM}")));
            }
        }
    }
}
