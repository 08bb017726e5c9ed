//! What is wrong with what the user says of findings.

use crate::finding::{Code, Page, Severity};

/// A comment that is meant to allow something and cannot be read.
pub(super) static ALLOW_INVALID: Code = Code {
    name: "allow-invalid",
    severity: Severity::Error,
    page: Page {
        about: "A comment that allows a finding names its code, or several with commas between, and says why:\n\
                # stackc: allow(CODE) REASON\n\
                Behind a value it speaks of that line and the value that begins there; on a line of its own, of the\n\
                entry below it, whole. Above a file's first key it speaks of the whole file.",
        bad: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0 # stackc: ignore(image-untagged) built daily\n",
        good: "# apps/web.yaml\nkind: app\nimage: registry.example/web # stackc: allow(image-untagged) built daily\n",
    },
};

/// A comment that says no reason.
pub(super) static ALLOW_REASON_MISSING: Code = Code {
    name: "allow-reason-missing",
    severity: Severity::Error,
    page: Page {
        about: "A comment allows a finding without a reason. Whoever reads it next year has to know whether it still\n\
                holds; until a reason is given, nothing is allowed.",
        bad: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0 # stackc: allow(image-untagged)\n",
        good: "# apps/web.yaml\nkind: app\nimage: registry.example/web # stackc: allow(image-untagged) built daily\n",
    },
};

/// A comment that allows nothing.
pub(super) static ALLOW_UNUSED: Code = Code {
    name: "allow-unused",
    severity: Severity::Warning,
    page: Page {
        about: "A comment allows a finding that is not found in its value, so it only stays to hide one that comes\n\
                later. Remove it; or, if the finding is told all the same, put the comment at the line that it marks.",
        bad: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0 # stackc: allow(image-untagged) built daily\n",
        good: "# apps/web.yaml\nkind: app\nimage: registry.example/web # stackc: allow(image-untagged) built daily\n",
    },
};

/// A finding that the user may not silence.
pub(super) static CODE_GUARDED: Code = Code {
    name: "code-guarded",
    severity: Severity::Error,
    page: Page {
        about: "A comment or `checks` in stack.yaml would silence an error without which the output is not safe: a file\n\
                that could not be read, a key that has no effect, an object that two files own. k3s deletes what is\n\
                missing from its folder, so such errors stay errors. What may be silenced are judgements on an output\n\
                that is whole.",
        bad: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
              platforms: {registry.example/web: [amd64]}\nchecks: {key-unknown: warning}\n",
        good: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
               platforms: {registry.example/web: [amd64]}\nchecks: {image-untagged: error}\n",
    },
};

/// A code that there is not.
pub(super) static CODE_UNKNOWN: Code = Code {
    name: "code-unknown",
    severity: Severity::Error,
    page: Page {
        about: "A comment or `checks` in stack.yaml names a finding by a code that no check of a stack has.\n\
                `stackc explain --list` lists them all.",
        bad: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
              platforms: {registry.example/web: [amd64]}\nchecks: {image-untaged: off}\n",
        good: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
               platforms: {registry.example/web: [amd64]}\nchecks: {image-untagged: off}\n",
    },
};
