//! Which files of the folder are a stack's, in a dot-file beside them that k3s overlooks.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::k3s;

/// The record's form.
const FORM: u32 = 1;

/// What a stack has put into the folder.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    stackc: u32,
    /// The stack.
    pub stack: String,
    /// Its files by name.
    pub files: BTreeMap<String, Owned>,
}

/// A file that a stack owns.
#[derive(Clone, Default, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Owned {
    /// What stackc has written there, each as `sha256:…`. Two while an install is at work: the file is then one of both.
    pub holds: Vec<String>,
    /// What the file has made: it tells what leaves when the file itself cannot, since somebody removed or tore it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub objects: Vec<Made>,
    /// Objects with data that shall go, as `KIND/NAMESPACE/NAME`: their label was taken, their deletion comes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub removing: Vec<String>,
    /// Objects with data that have just got their label: until k3s has seen it, they cannot leave the file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub guarding: Vec<String>,
    /// Since when the file waits for its next step, in seconds of Unix time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<u64>,
}

/// An object that a file has made.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Made {
    /// `KIND/NAMESPACE/NAME`.
    pub object: String,
    /// Its API's version.
    pub api: String,
    /// Whether something is lost with it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub data: bool,
    /// Whether it bears the label that keeps it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub guarded: bool,
}

/// The record's file. It ends in nothing that k3s reads, should the dot ever get lost.
pub(super) fn file_name(stack: &str) -> String {
    format!(".stackc-{stack}.record")
}

/// The stack whose record a file is.
pub(super) fn stack_of(name: &str) -> Option<&str> {
    name.strip_prefix(".stackc-")?.strip_suffix(".record")
}

impl Record {
    /// Of a stack that has nothing in the folder yet.
    pub fn new(stack: &str) -> Record {
        Record { stackc: FORM, stack: stack.to_owned(), files: BTreeMap::new() }
    }

    /// Reads a record.
    ///
    /// # Errors
    /// Why it can be none of this stack, as a sentence.
    pub fn parse(text: &str, stack: &str) -> Result<Record, String> {
        let record: Record = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if record.stackc != FORM {
            return Err(format!("it is of form {}, and this stackc knows {FORM}", record.stackc));
        }
        if record.stack != stack {
            return Err(format!("it is of the stack `{}`", record.stack));
        }
        // A record leads to files that are changed: it may lead nowhere else.
        let own = |name: &str| is_file_name(name) && name.starts_with(&format!("{stack}-"));
        match record.files.keys().find(|name| !own(name)) {
            Some(name) => Err(format!("{name:?} is no name of a file of this stack")),
            None => Ok(record),
        }
    }

    /// The record's text.
    pub fn text(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// Both what is there and what shall be, so that a run that is cut off leaves no file without an owner.
    pub(super) fn and(&self, other: &Record) -> Record {
        let mut both = self.clone();
        for (name, owned) in &other.files {
            let mine = both.files.entry(name.clone()).or_default();
            let holds = mine.holds.iter().chain(&owned.holds).cloned();
            let mut holds: Vec<String> = holds.collect();
            holds.sort();
            holds.dedup();
            let objects = mine.objects.iter().chain(&owned.objects).cloned().collect::<BTreeSet<_>>();
            *mine = Owned { holds, objects: objects.into_iter().collect(), ..owned.clone() };
        }
        both
    }
}

/// Whether a file can be stackc's: an AddOn's name and the one ending.
pub(super) fn is_file_name(name: &str) -> bool {
    name.strip_suffix(".yaml").is_some_and(|addon| k3s::addon_refused(addon).is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        let mut record = Record::new("web");
        record
            .files
            .insert("web-a.yaml".into(), Owned { holds: vec!["sha256:1".into()], ..Owned::default() });
        record
    }

    #[test]
    fn is_read_as_it_was_written() {
        let mut record = record();
        let waiting =
            Owned { removing: vec!["Namespace/a".into()], since: Some(1_700_000_000), ..Owned::default() };
        record.files.insert("web-b.yaml".into(), waiting);
        assert_eq!(Record::parse(&record.text(), "web"), Ok(record));
    }

    #[test]
    fn what_is_no_record_of_this_stack_is_refused() {
        let text = record().text();
        for (text, says) in [
            (String::new(), "EOF"),
            (text.replace("\"web\"", "\"other\""), "it is of the stack `other`"),
            (text.replace("\"stackc\": 1", "\"stackc\": 2"), "it is of form 2, and this stackc knows 1"),
            (text.replace("web-a.yaml", "../web-a.yaml"), "\"../web-a.yaml\" is no name"),
            (text.replace("web-a.yaml", "web-a.sh"), "\"web-a.sh\" is no name"),
            (text.replace("web-a.yaml", ".yaml"), "\".yaml\" is no name"),
            (text.replace("web-a.yaml", "other-a.yaml"), "\"other-a.yaml\" is no name"),
            (text.replace("holds", "wrong"), "unknown field"),
            (text.replacen('{', "", 1), "invalid type"),
        ] {
            let reason = Record::parse(&text, "web").unwrap_err();
            assert!(reason.contains(says), "{says}: {reason}");
        }
    }

    #[test]
    fn while_at_work_a_file_is_old_or_new() {
        let old = record();
        let mut new = Record::new("web");
        for (name, hash) in [("web-a.yaml", "sha256:2"), ("web-b.yaml", "sha256:3")] {
            new.files.insert(name.into(), Owned { holds: vec![hash.into()], ..Owned::default() });
        }
        let both = old.and(&new);
        assert_eq!(both.files["web-a.yaml"].holds, ["sha256:1", "sha256:2"]);
        assert_eq!(both.files["web-b.yaml"].holds, ["sha256:3"]);
        assert_eq!(new.and(&old).files.len(), 2, "what goes stays owned until it is gone");
    }

    #[test]
    fn its_file_is_found_again_and_read_by_no_k3s() {
        let name = file_name("a-b");
        assert_eq!(stack_of(&name), Some("a-b"));
        assert_eq!(stack_of(".stackc-web.yaml.7.tmp"), None);
        assert!(!k3s::is_read(&name) && !k3s::is_read(name.trim_start_matches('.')));
    }
}
