//! Several programs for one task: the user names the one he runs, and its image.

use super::Asked;
use crate::finding::{Code, Finding, Findings, Page, Severity, list, nearest};
use crate::kube::Image;
use crate::source::Span;
use crate::yaml::{Node, Spanned, VALUE_UNKNOWN};

/// An engine of the format that this stackc does not compile yet.
pub static ENGINE_NOT_BUILT: Code = Code {
    name: "engine-not-built",
    severity: Severity::Error,
    page: Page {
        about: "The format knows this engine, but this stackc does not compile it yet. Use the one that it does, or\n\
                describe the program as `kind: app`.",
        bad: concat!(
            coredns_stack!(),
            "# apps/doh.yaml\nkind: doh\nengine: dnsproxy\nimage: adguard/dnsproxy:v0.84.1\nhost: doh.example.org\n",
            "upstreams: [\"tls://1.1.1.1:853\"]\n"
        ),
        good: concat!(
            coredns_stack!(),
            "# apps/doh.yaml\nkind: doh\nengine: coredns\nimage: coredns/coredns:1.11.1\nhost: doh.example.org\n",
            "upstreams: [\"tls://1.1.1.1:853\"]\n"
        ),
    },
};

/// An image that is another engine's.
pub static ENGINE_IMAGE_MISMATCH: Code = Code {
    name: "engine-image-mismatch",
    severity: Severity::Error,
    page: Page {
        about: "The image holds another program than `engine` says: it would be started with arguments and settings\n\
                that it does not know. (goproxy/goproxy on Docker Hub and ghcr.io/goproxy/goproxy are two different\n\
                programs as well: the engines `goproxyio` and `goproxy`.)",
        bad: concat!(
            coredns_stack!(),
            "# apps/doh.yaml\nkind: doh\nengine: coredns\nimage: adguard/dnsproxy:v0.84.1\nhost: doh.example.org\n",
            "upstreams: [\"tls://1.1.1.1:853\"]\n"
        ),
        good: concat!(
            coredns_stack!(),
            "# apps/doh.yaml\nkind: doh\nengine: coredns\nimage: coredns/coredns:1.11.1\nhost: doh.example.org\n",
            "upstreams: [\"tls://1.1.1.1:853\"]\n"
        ),
    },
};

/// A setting that has no meaning for the engine.
pub static ENGINE_LACKS_SETTING: Code = Code {
    name: "engine-lacks-setting",
    severity: Severity::Error,
    page: Page {
        about: "The kind knows this setting, but this engine cannot do it, or decides it elsewhere. It would silently\n\
                have no effect, so it is refused.",
        bad: concat!(
            coredns_stack!(),
            "# apps/doh.yaml\nkind: doh\nengine: coredns\nimage: coredns/coredns:1.11.1\nhost: doh.example.org\n",
            "upstreams: [\"https://1.1.1.1/dns-query\"]\n"
        ),
        good: concat!(
            coredns_stack!(),
            "# apps/doh.yaml\nkind: doh\nengine: coredns\nimage: coredns/coredns:1.11.1\nhost: doh.example.org\n",
            "upstreams: [\"tls://1.1.1.1:853\"]\n"
        ),
    },
};

/// A program and the repositories of its images.
pub(super) struct Engine {
    pub(super) name: &'static str,
    pub(super) images: &'static [&'static str],
}

/// Whether the engine named is the one that is built, and the image is not another one's.
pub(super) fn check(
    named: &Spanned<String>,
    built: &str,
    engines: &[Engine],
    asked: &Asked<'_>,
    found: &mut Findings,
) -> bool {
    if named.value == built {
        return image(named, engines, asked, found);
    }
    let known = || engines.iter().map(|engine| engine.name);
    let finding = if known().any(|name| name == named.value) {
        Finding::new(&ENGINE_NOT_BUILT, named.span, format!("the engine `{}` is not built yet", named.value))
            .help(format!("`{built}` is: engine: {built}"))
    } else {
        let near = nearest(&named.value, known()).map(|near| format!("did you mean `{near}`?"));
        Finding::new(&VALUE_UNKNOWN, named.span, format!("there is no engine `{}`", named.value))
            .help(near.unwrap_or_else(|| format!("the engines are {}", list(known()))))
    };
    found.push(finding);
    false
}

/// An image that no engine is known by may well be a private build.
fn image(named: &Spanned<String>, engines: &[Engine], asked: &Asked<'_>, found: &mut Findings) -> bool {
    let Some(node) = asked.said.get("image") else { return true };
    let Some(image) = node.as_text().and_then(|text| Image::parse(text).ok()) else { return true };
    let repository = image.repository();
    let owner = engines.iter().find(|engine| engine.images.contains(&repository.as_str()));
    let Some(other) = owner.filter(|engine| engine.name != named.value) else { return true };
    found.push(
        Finding::new(
            &ENGINE_IMAGE_MISMATCH,
            node.span,
            format!("{repository} is `{}`, not `{}`", other.name, named.value),
        )
        .label(format!("the image of `{}`", other.name))
        .also(named.span, "the engine"),
    );
    false
}

/// Tells a key that has no meaning for the engine.
pub(super) fn lacks(span: Span, message: impl Into<String>) -> Finding {
    Finding::new(&ENGINE_LACKS_SETTING, span, message)
}

/// Tells keys whose presence alone is wrong.
pub(super) fn lacks_keys(engine: &str, keys: &[(&str, &Option<Node>, &str)], found: &mut Findings) {
    for (key, value, why) in keys {
        if let Some(value) = value {
            found.push(
                lacks(value.span, format!("`{key}` has no effect with {engine}: {why}"))
                    .help(format!("leave `{key}` out")),
            );
        }
    }
}
