//! The kinds of findings about the network. Only commands that fetch raise them, so no example raises its code offline;
//! each page names the command.

use crate::finding::{Code, Page, Severity};

/// An app with an image, or a file with its text.
macro_rules! example {
    ($image:literal) => {
        concat!("# apps/web.yaml\nkind: app\nimage: ", $image, "\n")
    };
    ($path:literal $text:literal) => {
        concat!("# ", $path, "\n", $text, "\n")
    };
}

macro_rules! codes {
    ($($(#[$doc:meta])* $constant:ident $name:literal: $about:literal, $($bad:literal)+ => $($good:literal)+;)+) => {
        $($(#[$doc])* pub static $constant: Code = Code {
            name: $name,
            severity: Severity::Error,
            page: Page {
                about: concat!($about, "\n`stackc lock` and `stackc outdated` tell it, which ask the network; `check` does not."),
                bad: example!($($bad)+),
                good: example!($($good)+),
            },
        };)+

        /// What fetching can find.
        pub static CODES: &[&Code] = &[$(&$constant),*];
    };
}

codes! {
    /// No such repository or tag, or not for us.
    IMAGE_NOT_FOUND "image-not-found":
        "The registry has no such repository or tag, or shows it to nobody who is not logged in. Registries do not\n\
         say which: Docker Hub answers 401 for what does not exist, ghcr.io 403.",
        "registry.example/wbe:1.0" => "registry.example/web:1.0";
    /// A child of an index that is no more.
    IMAGE_PLATFORM_GONE "image-platform-gone":
        "The image's index still lists a platform, but what it lists was deleted from the registry: a node of that\n\
         platform could not pull it. Cleaning up untagged manifests does this.",
        "registry.example/web:0.9" => "registry.example/web:1.0";
    /// An index that says another platform than the image.
    IMAGE_MISLABELLED "image-mislabelled":
        "The index says one platform, the configuration of the image it leads to says another. containerd goes by\n\
         the index, and the pod ends in `exec format error`. It happens when images are joined by hand.",
        "registry.example/web:0.9" => "registry.example/web:1.0";
    /// A document that is no image, or more than one thing at once.
    IMAGE_UNREADABLE "image-unreadable":
        "What the registry holds under this name is no container image that can be proved to run: a Helm chart or\n\
         another artifact, Docker's first format, an index nested without end, or a document that is index and\n\
         image at once, which programs read differently (CVE-2021-41190).",
        "registry.example/chart:1.0" => "registry.example/web:1.0";
    /// Answers that are not to be believed.
    REGISTRY_UNTRUSTED "registry-untrusted":
        "The answer cannot be believed: content whose digest is another than asked for, plain HTTP where it was\n\
         not asked for, a redirect or a place to log in that would take credentials elsewhere, or too much of\n\
         anything. Nothing is written on such an answer.",
        "registry.exmaple/web:1.0" => "registry.example/web:1.0";
    /// A certificate that does not hold.
    REGISTRY_CERTIFICATE "registry-certificate":
        "The registry's certificate is expired, for another host, or signed by nobody that this machine trusts. A\n\
         private authority is named with `--ca FILE`; a wrong clock makes every certificate expired.",
        "registry.exmaple/web:1.0" => "registry.example/web:1.0";
    /// Somebody else answers.
    REGISTRY_UNKNOWN "registry-unknown":
        "What answers is no registry: a web page, most often of a network that wants a login first or of a proxy,\n\
         or another service under that name.",
        "registry.exmaple/web:1.0" => "registry.example/web:1.0";
    /// The registry does not want to.
    REGISTRY_REFUSES "registry-refuses":
        "The registry answers with an error of its own, also after some tries. What it said stands beside it.",
        "registry.exmaple/web:1.0" => "registry.example/web:1.0";
    /// Too many questions.
    REGISTRY_RATE_LIMIT "registry-rate-limit":
        "The registry has had enough questions from this address for now. Docker Hub counts 100 pulls in six hours\n\
         from an address that is not logged in, 200 from an account. Images whose digest did not change cost\n\
         nothing.",
        "docker.io/web/web:1.0" => "registry.example/web:1.0";
    /// No network.
    REGISTRY_UNREACHABLE "registry-unreachable":
        "The registry could not be reached: no network, no such name, nobody who listens, or no answer in time.\n\
         Only `lock` and `outdated` need the network.",
        "registry.exmaple/web:1.0" => "registry.example/web:1.0";
    /// A list of ranges that is none.
    CLOUDFLARE_LIST_INVALID "cloudflare-list-invalid":
        "What should be the list of Cloudflare's ranges is not: a web page, too few ranges, a private or very wide\n\
         network, bits set behind a prefix. Traefik believes whoever calls from these ranges about a visitor's\n\
         address, so nothing doubtful is taken, not even in part. The example is what an address in the middle says\n\
         instead of Cloudflare.",
        "ips-v4" "10.0.0.0/8" => "ips-v4" "173.245.48.0/20\n103.21.244.0/22\n103.22.200.0/22\n141.101.64.0/18";
    /// k3s' registries.yaml with something that cannot be used.
    REGISTRIES_INVALID "registries-invalid":
        "A file given as k3s' registries.yaml says something that cannot be used: an endpoint that is no URL, a\n\
         rewrite that is no regular expression. The example is for `stackc lock --registries registries.yaml`.",
        "registries.yaml" "mirrors: {docker.io: {endpoint: [mirror example]}}"
            => "registries.yaml" "mirrors: {docker.io: {endpoint: [\"https://mirror.example\"]}}";
}
