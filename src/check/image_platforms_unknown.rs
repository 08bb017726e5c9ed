//! An image of which nobody said what it runs on.

use super::{Facts, Used};
use crate::finding::{Code, Finding, Findings, Page, Severity};

/// Nothing is known of the image's platforms.
pub static CODE: Code = Code {
    name: "image-platforms-unknown",
    severity: Severity::Error,
    page: Page {
        about: "Nothing says what an image runs on, so nothing can be proved about its pods. Declare it under\n\
                `platforms` in stack.yaml: for a repository, or for one tag, which then wins. The registry's page of\n\
                the image lists its architectures; `docker manifest inspect IMAGE` does too.",
        bad: "# apps/web.yaml\nkind: app\nimage: registry.example/other:1.0\n",
        good: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\n",
    },
};

/// Tells each image once.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    if facts.stack.lock.broken {
        return;
    }
    for landing in &facts.landings {
        for Used { written: node, image, .. } in &landing.images {
            if facts.platforms(image).is_some() {
                continue;
            }
            let mut words: Vec<&str> = landing.open().map(|node| node.platform.word()).collect();
            words.sort_unstable();
            words.dedup();
            let words = words.join(", ");
            let written = node.as_text().unwrap_or_default();
            found.push_once(
                image.key(),
                Finding::new(&CODE, node.span, format!("nothing says what `{written}` runs on"))
                    .label(if words.is_empty() { String::new() } else { format!("its pods may land on {words}") })
                    .help("ask its registry: stackc lock")
                    .help(format!(
                        "or look it up, then declare it in stack.yaml:\nplatforms:\n  {}: [{words}]",
                        repository(written)
                    )),
            );
        }
    }
}

/// The reference as written, without tag and digest. A colon before a slash is a registry's port.
fn repository(written: &str) -> &str {
    let name = written.split('@').next().unwrap_or(written);
    name.rsplit_once(':').filter(|(_, tag)| !tag.contains('/')).map_or(name, |(repository, _)| repository)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kube::Image;

    #[test]
    fn the_name_to_paste_is_what_the_user_wrote() {
        let digest = format!("@sha256:{}", "a".repeat(64));
        for name in ["nginx", "library/redis", "quay.io/minio/minio", "registry.example:5000/team/api"] {
            for rest in ["", ":1.0", &digest, &format!(":1.0{digest}")] {
                assert_eq!(repository(&format!("{name}{rest}")), name, "{rest}");
                assert!(Image::parse(name).is_ok(), "{name}");
            }
        }
    }
}
