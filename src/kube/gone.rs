//! Repositories that were deleted, and what serves instead.

/// A repository that is no more.
#[derive(Debug)]
pub struct Gone {
    /// As [`super::Image::repository`] has it.
    pub repository: &'static str,
    /// When it went.
    pub when: &'static str,
    /// What to use, in a user's words.
    pub instead: &'static str,
}

const ROWS: [Gone; 2] = [
    Gone {
        repository: "docker.io/minio/minio",
        when: "September 2026",
        instead: "use quay.io/minio/minio (the same tags, frozen) or pgsty/silo (a maintained fork)",
    },
    Gone {
        repository: "docker.io/minio/mc",
        when: "September 2026",
        instead: "use quay.io/minio/mc (the same tags, frozen)",
    },
];

/// What is known of a repository's end.
pub fn gone(repository: &str) -> Option<&'static Gone> {
    ROWS.iter().find(|row| row.repository == repository)
}
