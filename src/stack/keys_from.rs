//! `keysFrom`: the names of a Secret's keys, read from the encrypted file that the Secret is made of. A name that is there
//! and nowhere else cannot go stale; a value is never read for anything but whether it is encrypted.

use std::borrow::Cow;

use super::invalid::value_invalid;
use crate::finding::{Code, Finding, Findings, Label, Page, Severity};
use crate::kube::names;
use crate::source::{Fault, FileId, Layer, SourceFile, Sources, Span, read_beside};
use crate::yaml::{Dialect, Entry, Node, Value, read, unreadable};

/// A value that anyone can read.
pub static SECRET_NOT_ENCRYPTED: Code = Code {
    name: "secret-not-encrypted",
    severity: Severity::Error,
    page: Page {
        about: "`keysFrom` names a file of sops, and a value in it is not encrypted: it would lie readable in the\n\
                repository, and in its history for ever. Encrypt the file (sops encrypt --in-place FILE), and change\n\
                the value if it was committed. stackc reads the names of the keys alone, and never decrypts.",
        bad: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
              platforms: {registry.example/web: [amd64]}\nsecrets: {web: {keysFrom: secrets/web.sops.yaml}}\n\
              # secrets/web.sops.yaml\napiVersion: v1\nkind: Secret\nmetadata: {name: web}\nstringData:\n  password: swordfish\n",
        good: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
               platforms: {registry.example/web: [amd64]}\nsecrets: {web: {keysFrom: secrets/web.sops.yaml}}\n\
               # secrets/web.sops.yaml\napiVersion: v1\nkind: Secret\nmetadata: {name: web}\n\
               stringData:\n  password: ENC[AES256_GCM,data:c3dvcmQ=,type:str]\n",
    },
};

/// How sops begins what it has encrypted.
const ENCRYPTED: &str = "ENC[";

/// Replaces each `keysFrom` of a stack.yaml by the keys that its file has.
pub(super) fn read_keys(tree: &mut Node, layer: &Layer, sources: &mut Sources, found: &mut Findings) {
    let secrets = tree.as_map_mut().and_then(|map| map.get_mut("secrets")).and_then(Node::as_map_mut);
    for Entry { value, .. } in secrets.into_iter().flat_map(|secrets| &mut secrets.entries) {
        let Some(secret) = value.as_map_mut() else { continue };
        let Some(path) = secret.get("keysFrom").and_then(Node::written).map(Cow::into_owned) else {
            continue;
        };
        let Some(Entry { value: from, .. }) = secret.remove("keysFrom") else { continue };
        let file = read_beside(layer, &path, sources);
        let names = names_in(file, &path, from.span, sources, found);
        let keys = secret.or_insert("keys", Node::list(from.span, []));
        if let Value::List(items) = &mut keys.value {
            items.extend(names.into_iter().map(|name| Node::text(from.span, name)));
        }
    }
}

/// The keys of a file; what is wrong with it is told.
fn names_in(file: FileId, path: &str, asked: Span, sources: &Sources, found: &mut Findings) -> Vec<String> {
    let source = sources.file(file);
    if let Some(fault) = &source.fault {
        let told = unreadable(file, &source.path, fault);
        found.push(if *fault == Fault::Missing {
            value_invalid(asked, format!("there is no file {}", source.path))
        } else {
            Finding { primary: Label { span: asked, text: "named here".into() }, ..told }
        });
        return Vec::new();
    }
    let is_dotenv = std::path::Path::new(path).extension().is_some_and(|ending| ending == "env");
    let mut quiet = Findings::default();
    let values = if is_dotenv { dotenv(&source.text, file) } else { secret(file, sources, &mut quiet) };
    if let Some(first) = quiet.sorted().into_iter().next() {
        found.push(broken(asked, source, &first));
        return Vec::new();
    }
    let Some(values) = values.filter(|values| !values.is_empty()) else {
        let finding = value_invalid(asked, format!("{} is neither a Secret nor a dotenv file", source.path));
        found.push(
            finding.help("a Secret as YAML (with data or stringData), or NAME.env with NAME=VALUE lines"),
        );
        return Vec::new();
    };
    for (name, value, span) in &values {
        // sops leaves empty text as it is.
        if !value.is_empty() && !value.starts_with(ENCRYPTED) {
            found.push(
                Finding::new(&SECRET_NOT_ENCRYPTED, *span, "this value is not encrypted")
                    .secret()
                    .also(asked, "its keys are asked for here")
                    .help(format!("sops encrypt --in-place {}", source.path)),
            );
        } else if let Err(reason) = names::config_key(name) {
            let message = format!("the name of this value cannot be a Secret's key: {reason}");
            found.push(value_invalid(*span, message).secret().also(asked, "its keys are asked for here"));
        }
    }
    values.into_iter().map(|(name, ..)| name).collect()
}

/// A file that is no YAML. Words of the file are not repeated, for they may be of a secret.
fn broken(asked: Span, source: &SourceFile, first: &Finding) -> Finding {
    let line = source.line_of(first.primary.span.start);
    let why = match &first.message {
        Cow::Borrowed(own) => format!(": {own}"),
        Cow::Owned(_) => String::new(),
    };
    value_invalid(asked, format!("{} cannot be read, for its line {line}{why}", source.path))
        .note("the line is not shown: it may hold a secret")
}

/// A key, its value, and where the value stands.
type Pair = (String, String, Span);

/// The keys of a Secret's YAML; none if it is none. What is wrong with the text is not told line by line, for a line may
/// hold a secret.
fn secret(file: FileId, sources: &Sources, quiet: &mut Findings) -> Option<Vec<Pair>> {
    let documents = read(sources, file, Dialect::Manifest, quiet);
    let [document] = documents.as_slice() else { return None };
    // Without a rule for what to leave, sops encrypts this word as well.
    let is_secret = |kind: &str| kind == "Secret" || kind.starts_with(ENCRYPTED);
    if !document.text_at(&["kind"]).is_some_and(is_secret) {
        return None;
    }
    let maps = ["data", "stringData"].into_iter().filter_map(|field| document.get(field));
    let pair = |entry: &Entry| {
        let value = entry.value.written().unwrap_or_default().into_owned();
        (entry.key.text.to_string(), value, entry.value.span)
    };
    Some(maps.flat_map(Node::entries).map(pair).collect())
}

/// The keys of a dotenv file, without those that sops adds.
fn dotenv(text: &str, file: FileId) -> Option<Vec<Pair>> {
    let mut pairs = Vec::new();
    let mut start = 0_usize;
    for line in text.split_inclusive('\n') {
        let byte = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let at = start;
        start = start.saturating_add(line.len());
        let line = line.trim_end();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (name, value) = line.split_once('=')?;
        let from = at.saturating_add(name.len()).saturating_add(1);
        let span = Span { file, start: byte(from), end: byte(from.saturating_add(value.len())) };
        if !name.starts_with("sops_") {
            pairs.push((name.to_owned(), value.to_owned(), span));
        }
    }
    Some(pairs)
}

#[cfg(test)]
mod tests {
    use super::names_in;
    use crate::finding::Findings;
    use crate::source::Sources;

    /// The names, and the codes of what is wrong.
    fn read(path: &str, text: &str) -> (Vec<String>, Vec<&'static str>) {
        let (mut sources, mut found) = (Sources::default(), Findings::default());
        let asked = sources.add("stack.yaml".into(), Ok(Vec::new())).start();
        let file = sources.add(path.into(), Ok(text.into()));
        let names = names_in(file, path, asked, &sources, &mut found);
        let found = found.sorted();
        assert!(found.iter().all(|finding| !finding.message.contains("swordfish")));
        (names, found.iter().map(|finding| finding.code.name).collect())
    }

    #[test]
    fn names_are_read_and_values_are_not_kept() {
        let yaml = "kind: Secret\nmetadata: {name: web}\nstringData:\n  a: ENC[x]\n  empty: ''\ndata:\n  b: ENC[z]\n\
                    sops:\n  mac: ENC[y]\n";
        assert_eq!(read("web.sops.yaml", yaml), (["b", "a", "empty"].map(str::to_owned).to_vec(), vec![]));
        let whole = "kind: ENC[k]\ndata:\n  b: ENC[z]\nsops:\n  mac: ENC[y]\n";
        assert_eq!(read("web.sops.yaml", whole).0, ["b"]);
        let env = "# ENC[a comment]\n\nA=ENC[x]\r\nB=\nsops_version=3.10.2\n";
        assert_eq!(read("web.env", env), (["A", "B"].map(str::to_owned).to_vec(), vec![]));
    }

    #[test]
    fn readable_values_are_told_without_being_shown() {
        for (path, text, expected) in [
            (
                "web.sops.yaml",
                "kind: Secret\nstringData: \n  a: swordfish\n  b: ENC[x]\n",
                "secret-not-encrypted",
            ),
            ("web.env", "A=swordfish\n", "secret-not-encrypted"),
            ("web.env", "swordfish in A=ENC[x]\n", "value-invalid"),
            ("web.env", "swordfish\n", "value-invalid"),
            ("web.env", "", "value-invalid"),
            ("web.sops.yaml", "kind: ConfigMap\ndata: {a: swordfish}\n", "value-invalid"),
            ("web.sops.yaml", "kind: Secret\ndata: {a: 'swordfish\n", "value-invalid"),
            (
                "web.sops.yaml",
                "kind: Secret\ndata: \n  a: ENC[x]\n---\nkind: Secret\ndata: {a: swordfish}\n",
                "value-invalid",
            ),
        ] {
            assert_eq!(read(path, text).1, [expected], "{text}");
        }
    }
}
