//! Did you mean.

/// The nearest of `names`, if one is near enough to be a slip of the pen.
pub fn nearest<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // No name is that long, and comparing costs the product of both lengths.
    if word.is_empty() || word.len() > 100 {
        return None;
    }
    let allowed = word.chars().count().max(3) / 3;
    names
        .into_iter()
        .map(|name| {
            let distance = strsim::damerau_levenshtein(&word.to_lowercase(), &name.to_lowercase());
            (distance, name)
        })
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, name)| (*distance, !name.starts_with(word)))
        .map(|(_, name)| name)
}

/// Names in backticks, the last joined by `or`: `` `a`, `b` or `c` ``.
pub fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    joined(names, "or")
}

/// The same of all that there is: `` `a`, `b` and `c` ``.
pub fn list_all<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    joined(names, "and")
}

fn joined<'a>(names: impl IntoIterator<Item = &'a str>, word: &str) -> String {
    let quoted: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, before)) => format!("{} {word} {last}", before.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_found_and_a_stranger_is_not() {
        let names = ["image", "env", "replicas", "namespace"];
        assert_eq!(nearest("imgae", names), Some("image"));
        assert_eq!(nearest("replica", names), Some("replicas"));
        assert_eq!(nearest("Env", names), Some("env"));
        assert_eq!(nearest("volumes", names), None);
        assert_eq!(nearest("limits.mem", ["limits.cpu", "limits.memory"]), Some("limits.memory"));
        assert_eq!(nearest("", names), None);
    }

    #[test]
    fn lists_read_as_people_write() {
        assert_eq!(list([]), "");
        assert_eq!(list(["a"]), "`a`");
        assert_eq!(list(["a", "b", "c"]), "`a`, `b` or `c`");
        assert_eq!(list_all(["a or b", "c", "d"]), "`a or b`, `c` and `d`");
    }
}
