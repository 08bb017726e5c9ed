//! What the tag of a minio says about its release.

use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::kinds::Asked;
use crate::kube::Image;
use crate::yaml::Node;

/// A release that cannot read old data.
pub(in crate::kinds) static MINIO_FORMAT_GONE: Code = Code {
    name: "minio-format-gone",
    severity: Severity::Note,
    page: Page {
        about: "Releases of minio before mid-2022 wrote a single folder in the format `fs`. Releases from\n\
                RELEASE.2022-10-29 on do not read it, and do not start on it: `found backend type fs, expected xl`.\n\
                A folder that a new release began is no matter. An old one: keep the old release, start a new one\n\
                beside it on an empty folder, and copy with `mc mirror`.",
        bad: minio_example!(
            "pgsty/silo:RELEASE.2026-09-01T00-00-00Z",
            "data: {hostPath: /data/minio}\nhosts: {s3: s3.example.org}\n"
        ),
        good: minio_example!(
            "pgsty/silo:RELEASE.2026-09-01T00-00-00Z",
            "data: {emptyDir: 10Gi}\nhosts: {s3: s3.example.org}\n"
        ),
    },
};

/// A release with a hole that no image of its repository mends.
pub(in crate::kinds) static MINIO_RELEASE_VULNERABLE: Code = Code {
    name: "minio-release-vulnerable",
    severity: Severity::Note,
    page: Page {
        about: "Releases of minio before RELEASE.2025-10-15 have CVE-2025-62506: a service account or temporary\n\
                credential can be widened beyond its policy. MinIO published the fix as source only: quay.io/minio/minio\n\
                ends before it. Forks such as pgsty/silo publish images with it (mind minio-format-gone before you\n\
                change to one). With none but the root credentials in use, nothing changes.",
        bad: minio_example!(
            "quay.io/minio/minio:RELEASE.2022-03-26T06-49-28Z",
            "data: {emptyDir: 10Gi}\nhosts: {s3: s3.example.org}\n"
        ),
        good: minio_example!(
            "pgsty/silo:RELEASE.2026-09-01T00-00-00Z",
            "data: {emptyDir: 10Gi}\nhosts: {s3: s3.example.org}\n"
        ),
    },
};

/// The first day of releases without the format `fs` (minio/minio issue 15999).
const FORMAT_GONE: &str = "2022-10-29";
/// The first day of releases without CVE-2025-62506.
const CVE_FIXED: &str = "2025-10-15";

/// What the tag tells; forks count their releases the same way.
pub(super) fn check(data: &Node, asked: &Asked<'_>, found: &mut Findings) {
    let Some(node) = asked.said.get("image") else { return };
    let Some(tag) = node.as_text().and_then(|text| Image::parse(text).ok()).and_then(|image| image.tag)
    else {
        return;
    };
    let Some(day) = tag.strip_prefix("RELEASE.").and_then(|rest| rest.get(..10)) else { return };
    if let Some(path) = data.at(&["hostPath", "path"]).filter(|_| day >= FORMAT_GONE) {
        let folder = path.as_text().unwrap_or_default();
        let message =
            format!("if {folder} was begun by a minio before mid-2022, this release does not start on it");
        found.push(
            Finding::new(&MINIO_FORMAT_GONE, node.span, message)
                .also(path.span, "the data")
                .note(format!("releases from RELEASE.{FORMAT_GONE} on cannot read the format `fs`")),
        );
    }
    if day < CVE_FIXED {
        found.push(
            Finding::new(&MINIO_RELEASE_VULNERABLE, node.span, "this release has CVE-2025-62506")
                .note("quay.io/minio/minio ends before the fix; forks such as pgsty/silo have it"),
        );
    }
}
