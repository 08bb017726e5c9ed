//! Several programs for one task: the user names the one he runs, and its image.
//!
//! A kind lists its engines as rows of `ENGINES`, the default first; what each does differently is its `program`, in a
//! file of its own beside the kind.

use super::Asked;
use crate::finding::{Code, Finding, Findings, Page, Severity, Words, list, nearest};
use crate::kube::Image;
use crate::source::Span;
use crate::yaml::{Node, Spanned, VALUE_UNKNOWN};

/// An image that is another engine's.
pub static ENGINE_IMAGE_MISMATCH: Code = Code {
    name: "engine-image-mismatch",
    severity: Severity::Error,
    page: Page {
        about: "The image holds another program than `engine` says: it would be started with arguments and settings\n\
                that it does not know. (goproxy/goproxy on Docker Hub and ghcr.io/goproxy/goproxy are two different\n\
                programs as well: the engines `goproxyio` and `goproxy`.)",
        bad: concat!(
            doh_stack!(),
            "# apps/doh.yaml\nkind: doh\nengine: coredns\nimage: adguard/dnsproxy:v0.84.1\nhost: doh.example.org\n",
            "upstreams: [\"tls://1.1.1.1:853\"]\n"
        ),
        good: concat!(
            doh_stack!(),
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
            doh_stack!(),
            "# apps/doh.yaml\nkind: doh\nengine: coredns\nimage: coredns/coredns:1.11.1\nhost: doh.example.org\n",
            "upstreams: [\"https://1.1.1.1/dns-query\"]\n"
        ),
        good: concat!(
            doh_stack!(),
            "# apps/doh.yaml\nkind: doh\nengine: coredns\nimage: coredns/coredns:1.11.1\nhost: doh.example.org\n",
            "upstreams: [\"tls://1.1.1.1:853\"]\n"
        ),
    },
};

/// A program, the repositories of its images, and what the kind has to know of it.
pub(super) struct Engine<P: 'static> {
    pub(super) name: &'static str,
    pub(super) images: &'static [&'static str],
    pub(super) program: P,
}

/// The engine that `engine` names, the first where nothing is said: for what is wanted before keys are decoded.
pub(super) fn named<'e, P>(own: &Node, engines: &'e [Engine<P>]) -> Option<&'e Engine<P>> {
    let said = own.get("engine").and_then(Node::as_text);
    engines.iter().find(|engine| said.is_none_or(|said| said == engine.name))
}

/// The engine, unless there is none of that name or the image is another one's.
pub(super) fn choose<'e, P>(
    said: Option<&Spanned<String>>,
    engines: &'e [Engine<P>],
    asked: &Asked<'_>,
    found: &mut Findings,
) -> Option<&'e Engine<P>> {
    let chosen = match said {
        Some(said) => engines.iter().find(|engine| engine.name == said.value),
        None => engines.first(),
    };
    match (chosen, said) {
        (Some(chosen), _) => image(chosen, said, engines, asked, found).then_some(chosen),
        (None, Some(said)) => {
            let known = || engines.iter().map(|engine| engine.name);
            let near = nearest(&said.value, known()).map(|near| format!("did you mean `{near}`?"));
            found.push(
                Finding::new(&VALUE_UNKNOWN, said.span, format!("there is no engine `{}`", said.value))
                    .help(near.unwrap_or_else(|| format!("the engines are {}", list(known())))),
            );
            None
        }
        (None, None) => None,
    }
}

/// The image as the user writes it, and what it says.
pub(super) fn image_of<'a>(asked: &Asked<'a>) -> Option<(&'a Node, Image)> {
    let node = asked.said.get("image")?;
    Some((node, Image::parse(node.as_text()?).ok()?))
}

/// Whether the image is not another engine's. One that no engine is known by may well be a private build.
fn image<P>(
    chosen: &Engine<P>,
    said: Option<&Spanned<String>>,
    engines: &[Engine<P>],
    asked: &Asked<'_>,
    found: &mut Findings,
) -> bool {
    let Some((node, image)) = image_of(asked) else { return true };
    let repository = image.repository();
    let owner = engines.iter().find(|engine| engine.images.contains(&repository.as_str()));
    let Some(other) = owner.filter(|engine| engine.name != chosen.name) else { return true };
    let finding = Finding::new(
        &ENGINE_IMAGE_MISMATCH,
        node.span,
        format!("{repository} is `{}`, not `{}`", other.name, chosen.name),
    )
    .label(format!("the image of `{}`", other.name));
    found.push(match said {
        Some(said) => finding.also(said.span, "the engine"),
        None => finding
            .note(format!("`{}` is the engine where none is said", chosen.name))
            .help(format!("engine: {}", other.name)),
    });
    false
}

/// Tells a key that has no meaning for the engine.
pub(super) fn lacks(span: Span, message: impl Into<Words>) -> Finding {
    Finding::new(&ENGINE_LACKS_SETTING, span, message)
}

/// Tells keys whose presence alone is wrong.
pub(super) fn lacks_keys(engine: &str, keys: &[(&str, Option<Span>, &str)], found: &mut Findings) {
    for (key, span, why) in keys {
        if let Some(span) = span {
            found.push(
                lacks(*span, format!("`{key}` has no effect with {engine}: {why}"))
                    .help(format!("leave `{key}` out")),
            );
        }
    }
}
