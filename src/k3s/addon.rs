//! From a file's name to the AddOn that k3s makes of it.

/// The longest AddOn name that stackc gives, in bytes. k3s takes more; this leaves room under the 63 of a label's value
/// for whatever a tool makes of the name.
pub const LONGEST_ADDON: usize = 52;

/// Whether k3s reads a file of this base name: by its ending, in any case; dot-files are left out, dot-folders are not
/// (facts on k3s, 1.1).
pub fn is_read(base: &str) -> bool {
    let ending = base.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    !base.starts_with('.') && ending.is_some_and(|ending| matches!(ending.as_str(), "yaml" | "yml" | "json"))
}

/// The AddOn that k3s makes of a file: its base name up to the *first* dot. Folders do not count, so `a.yaml`,
/// `a.b.yaml` and `sub/a.json` are one AddOn, and each prunes what the others made (k3s issues 2791, 9500).
pub fn addon_name(path: &str) -> &str {
    let base = path.rsplit('/').next().unwrap_or(path);
    base.split('.').next().unwrap_or(base)
}

/// Why k3s would never apply a file whose AddOn has this name; none if it would.
///
/// `Addon` is a Kubernetes object, so its name follows RFC 1123: with `_` or upper case the API server refuses
/// it, which shows in k3s's log alone.
pub fn addon_refused(name: &str) -> Option<String> {
    let ends = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    if name.is_empty() {
        return Some("k3s leaves out a file whose name begins with a dot".to_owned());
    }
    if let Some(bad) = name.chars().find(|&c| !ends(c) && c != '-') {
        return Some(format!("{bad:?} is not allowed: lower-case letters, digits and `-` only"));
    }
    if !name.starts_with(ends) || !name.ends_with(ends) {
        return Some("it must begin and end with a letter or a digit".to_owned());
    }
    (name.len() > LONGEST_ADDON)
        .then(|| format!("it has {} characters, {LONGEST_ADDON} are the most", name.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_dot_ends_the_name() {
        for (path, name) in [
            ("a.yaml", "a"),
            ("a.b.yaml", "a"),
            ("sub/a.json", "a"),
            ("x.y/a.yml", "a"),
            ("traefik.custom.yaml", "traefik"),
            ("oracle-00-namespaces.yaml", "oracle-00-namespaces"),
            (".hidden.yaml", ""),
            ("plain", "plain"),
            ("", ""),
        ] {
            assert_eq!(addon_name(path), name, "{path}");
        }
    }

    #[test]
    fn files_that_k3s_reads() {
        for base in ["a.yaml", "a.yml", "a.json", "a.YAML", "a.b.Yml", "a.yaml.JSON"] {
            assert!(is_read(base), "{base}");
        }
        for base in
            [".a.yaml", "a.yaml.skip", "a.yaml~", "a.yaml.tmp", "yaml", "a", ".yaml", ".stackc-a.record"]
        {
            assert!(!is_read(base), "{base}");
        }
    }

    #[test]
    fn names_that_k3s_applies() {
        for name in ["a", "0", "oracle-minio", "oracle-00-namespaces", "a--b", &"x".repeat(52)] {
            assert_eq!(addon_refused(name), None, "{name}");
        }
    }

    #[test]
    fn names_that_k3s_refuses() {
        for (name, reason) in [
            ("", "k3s leaves out a file whose name begins with a dot"),
            ("my_app", "'_' is not allowed: lower-case letters, digits and `-` only"),
            ("Minio", "'M' is not allowed: lower-case letters, digits and `-` only"),
            ("caf\u{e9}", "'é' is not allowed: lower-case letters, digits and `-` only"),
            ("a b", "' ' is not allowed: lower-case letters, digits and `-` only"),
            ("a\u{1b}", "'\\u{1b}' is not allowed: lower-case letters, digits and `-` only"),
            ("-a", "it must begin and end with a letter or a digit"),
            ("a-", "it must begin and end with a letter or a digit"),
            (&"x".repeat(53), "it has 53 characters, 52 are the most"),
        ] {
            assert_eq!(addon_refused(name).as_deref(), Some(reason), "{name}");
        }
    }
}
